// Finds a deployment by name in the target state, or says why there is none and what exists instead. Pure.
import { ServeError } from "../core/errors.ts";
import type { TargetState } from "../model/target-state.ts";
import { noApplication, noDeployment } from "./not-found.ts";

/** `wait`: the application is being built (RT5). */
export type Located =
  | { readonly kind: "found"; readonly deployment: string }
  | { readonly kind: "wait" }
  | { readonly kind: "none"; readonly error: ServeError };

/** @param deployment null: the ingress */
export function locate(applications: TargetState, application: string, deployment: string | null): Located {
  const target = applications.get(application);
  if (target === undefined || target.deleting) {
    return { kind: "none", error: unknownApplication(applications, application) };
  }
  const wanted = deployment ?? target.ingress;
  const names = target.deployments.map(({ spec }) => spec.name);
  if (names.includes(wanted)) return { kind: "found", deployment: wanted };
  if (target.build.kind === "building") return { kind: "wait" };
  if (names.length === 0) return { kind: "none", error: neverBuilt(application, wanted) };
  return { kind: "none", error: noDeployment(application, wanted, names) };
}

/** APPLICATION_NOT_FOUND, naming what is deployed. */
export function unknownApplication(applications: TargetState, name: string): ServeError {
  const known = [...applications.values()].filter(({ deleting }) => !deleting);
  return noApplication(
    name,
    known.map((target) => target.name),
  );
}

function neverBuilt(application: string, deployment: string): ServeError {
  const reason = "failed to deploy";
  const message = `application ${application} is unavailable: it ${reason}; see manta status`;
  return new ServeError("DEPLOYMENT_UNAVAILABLE", message, { application, deployment, reason });
}
