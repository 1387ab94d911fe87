// What a driver or a builder hands to the head: an application as data. No class, no function, nothing to run.
import type { DeploymentOptions, ResolvedDeploymentOptions } from "../config/options.generated.ts";

/**
 * Where a replica finds the code of a deployment: a module, the export that holds the application (or builds it), and
 * the builder's arguments. `exportName` is null when the code comes from a driver script's registry.
 */
export interface CodeEntry {
  /** Absolute path of the module. */
  readonly file: string;
  readonly exportName: string | null;
  /** Arguments of an application builder; null when the export is no builder. */
  readonly args: Readonly<Record<string, unknown>> | null;
}

/** One deployment of an application, as data. */
export interface DeploymentSpec {
  /** Name in the application's graph: `Adder`, `Adder_1`. */
  readonly name: string;
  /** Name under which `deployment()` registered the code in its module. */
  readonly registeredName: string;
  readonly kind: "class" | "function";
  readonly entry: CodeEntry;
  /** Constructor arguments as one encoded value (an array); bound applications are handle references. */
  readonly initArgs: Uint8Array;
  /** What the user wrote, unresolved: the record of what was set. */
  readonly input: DeploymentOptions;
  readonly options: ResolvedDeploymentOptions;
}

/** One application, as data. */
export interface ApplicationSpec {
  readonly name: string;
  /** Null: not exposed over HTTP. */
  readonly routePrefix: string | null;
  /** Graph name of the ingress deployment. */
  readonly ingress: string;
  readonly deployments: readonly DeploymentSpec[];
  /** Working directory of the replicas, absolute. */
  readonly workingDir: string;
}
