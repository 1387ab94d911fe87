// What should be: the applications that were accepted, as values. Pure data; what follows from it is decided in
// controller/decide/. The checkpoint keeps exactly these values.
import type { ApplicationConfig } from "../config/config-types.ts";
import type { ApplicationSpec, DeploymentSpec } from "./application-spec.ts";

/** An application as a deploy hands it to the controller. */
export interface VersionedApplication {
  readonly spec: ApplicationSpec;
  /** Code version by deployment name: the hash of semantics D3, which covers code, init args and options of kind restart. */
  readonly codeVersions: Readonly<Record<string, string>>;
}

/** One deployment of an accepted application. */
export interface DeploymentTarget {
  readonly spec: DeploymentSpec;
  /** A replica of another version is replaced. */
  readonly codeVersion: string;
  /** Grows with every change of an option of kind `reconfigure`; a replica behind it is told in place. */
  readonly configRevision: number;
  /** It is the ingress of an application that has a route, so its replicas must be able to serve HTTP. */
  readonly exposed: boolean;
  /** What was healthy before this target, kept until this one is; null: nothing was, or this one is (D6). */
  readonly fallback: DeploymentTarget | null;
}

/**
 * What is under way to make an application out of its import path. The deployments are those of the last build that
 * succeeded; a higher generation makes the answer to a lower one void.
 */
export type BuildState =
  | { readonly kind: "none" }
  | { readonly kind: "building"; readonly generation: number; readonly sinceMs: number }
  | { readonly kind: "failed"; readonly generation: number; readonly message: string };

/** One accepted application. */
export interface ApplicationTarget extends Pick<
  ApplicationSpec,
  "source" | "externalScalerEnabled" | "autoscalingPolicy" | "docsPath"
> {
  readonly name: string;
  readonly routePrefix: string | null;
  /** Empty while it was never built. */
  readonly ingress: string;
  /** What a config file says of it, as it was sent; null: no config file names it. */
  readonly declared: ApplicationConfig | null;
  readonly build: BuildState;
  /** Where the route leads now: the ingress of an earlier deploy until one of this deploy's has come up (D6). */
  readonly entrance: string;
  /** Working directory of the replicas, absolute. */
  readonly workingDir: string;
  /** Children before those that call them, as the graph was bound. */
  readonly deployments: readonly DeploymentTarget[];
  /** Taken out of the graph by a later deploy, and kept while replicas of the earlier graph may still call them (D6). */
  readonly retired: readonly DeploymentTarget[];
  /** Unix milliseconds. */
  readonly lastDeployedMs: number;
  /** True from the moment the delete is accepted until the last replica is gone. */
  readonly deleting: boolean;
}

/** The applications by name, in the order of their first deploy. */
export type TargetState = ReadonlyMap<string, ApplicationTarget>;

/** The deployment of that name, also one that is kept for an earlier graph's sake. */
export function findDeployment(target: ApplicationTarget | undefined, name: string): DeploymentTarget | undefined {
  const named = (deployment: DeploymentTarget): boolean => deployment.spec.name === name;
  return target?.deployments.find(named) ?? target?.retired.find(named);
}
