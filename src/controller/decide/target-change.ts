// What a deploy changes for one deployment, and what that costs (D1). Pure.
//   R1  The code version covers code, init args and options of kind restart (D3): another version restarts.
//   R2  Otherwise the dearest option that changed decides, by the option table.
//   R3  A revision names one set of options for good: replicas of a version that comes back are told what changed since.
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
}

/** The new target of a deployment. */
export function decideTargetChange(
  { before, fallback, exposed }: ChangeContext,
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
  const configRevision = before.configRevision + Number(isInPlace); // R3
  const target = { spec, codeVersion, configRevision, exposed, fallback: isOther ? fallback : before.fallback };
  if (before.codeVersion !== codeVersion) {
    const reason = `code version ${before.codeVersion} -> ${codeVersion}${names === "" ? "" : `; changed: ${names}`}`;
    return { target, event: "configUpdate", reason };
  }
  if (isInPlace) return { target, event: "configUpdate", reason: `changed in place: ${names}` };
  const grown = spec.options.numReplicas - before.spec.options.numReplicas;
  if (grown !== 0) {
    const reason = `numReplicas ${before.spec.options.numReplicas} -> ${spec.options.numReplicas}`;
    return { target, event: grown > 0 ? "scaleUp" : "scaleDown", reason };
  }
  return { target, event: undefined, reason: cost === "none" ? "nothing changed" : `changed live: ${names}` };
}
