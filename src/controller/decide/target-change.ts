// What a deploy changes for one deployment, and what that costs (D1). Pure.
//   R1  The code version covers code, init args and options of kind restart (D3): another version restarts.
//   R2  Otherwise the dearest option that changed decides, by the option table.
//   R3  What scales is told by the number of replicas that a deploy leads to, not by the options: those of a deployment
//       that scales by itself are bounds.
//   R4  A revision names one set of options for good: replicas of a version that comes back are told what changed since.
import { compareOptions } from "../../config/update-cost.ts";
import type { DeploymentSpec } from "../../model/application-spec.ts";
import type { DeploymentTarget } from "../../model/target-state.ts";
import type { StatusEvent } from "./status.ts";

export interface TargetChange {
  readonly target: DeploymentTarget;
  /** What it is for the deployment's status; undefined: nothing that a replica or a status notices. */
  readonly event: Extract<StatusEvent, "configUpdate" | "scaleUp" | "scaleDown"> | undefined;
  readonly reason: string;
}

/** What a deployment was before, and what else changes. */
export interface ChangeContext {
  /** Undefined: the deployment is new. */
  readonly before: DeploymentTarget | undefined;
  /** What served before, to keep for a rollout that fails. */
  readonly fallback: DeploymentTarget | null;
  /** It is the ingress of an application that has a route. */
  readonly exposed: boolean;
  /** Target number of replicas before the deploy and after it. */
  readonly size: { readonly from: number; readonly to: number };
}

/** The new target of a deployment. */
export function decideTargetChange(
  { before, fallback, exposed, size }: ChangeContext,
  spec: DeploymentSpec,
  codeVersion: string,
): TargetChange {
  if (before === undefined) {
    const target = { spec, codeVersion, configRevision: 1, exposed, fallback: null };
    return { target, event: "configUpdate", reason: "new deployment" };
  }
  const { cost, changed } = compareOptions(before.spec.options, spec.options);
  // Replicas that run must prove that they can serve the route that they get.
  const isExposedNow = exposed && !before.exposed;
  const names = [...changed, ...(isExposedNow ? ["routePrefix"] : [])].join(", ");
  const isInPlace = cost === "reconfigure" || cost === "restart" || isExposedNow;
  const isOther = before.codeVersion !== codeVersion || isInPlace;
  const configRevision = before.configRevision + Number(isInPlace); // R4
  const target = { spec, codeVersion, configRevision, exposed, fallback: isOther ? fallback : before.fallback };
  if (before.codeVersion !== codeVersion) {
    const reason = `code version ${before.codeVersion} -> ${codeVersion}${names === "" ? "" : `; changed: ${names}`}`;
    return { target, event: "configUpdate", reason };
  }
  if (isInPlace) return { target, event: "configUpdate", reason: `changed in place: ${names}` };
  const what = cost === "none" ? "nothing changed" : `changed live: ${names}`;
  const { from, to } = size;
  if (from === to) return { target, event: undefined, reason: what };
  return { target, event: to > from ? "scaleUp" : "scaleDown", reason: `${what}; replicas ${from} -> ${to}` }; // R3
}
