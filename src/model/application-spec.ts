// What a driver or a builder hands to the head: an application as data. No class, no function, nothing to run.
import type { DeploymentOptions, ResolvedDeploymentOptions } from "../config/options.generated.ts";
import type { DeploymentConfig, OptionOrigin } from "../config/config-types.ts";

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

/** Where a policy process finds a user's autoscaling policy: a module, and an export of it or a name registered there. */
export interface PolicyRef {
  /** Absolute path of the module. */
  readonly file: string;
  readonly name: string;
  /** Arguments of a policy that is a class. */
  readonly kwargs: Readonly<Record<string, unknown>>;
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
  /** Names of the deployments whose handles it was bound with, in the order of its arguments. */
  readonly calls: readonly string[];
  /** What the code says, unresolved: the record of what was set. */
  readonly input: DeploymentOptions;
  /** What a config file says beside it, as it was sent; null: nothing. */
  readonly file: DeploymentConfig | null;
  /** Made of both and the defaults. */
  readonly options: ResolvedDeploymentOptions;
  /** Where each option comes from; absent where no config file has a say: from the code, or by default. */
  readonly origins?: Readonly<Record<string, OptionOrigin>>;
}

/** One application, as data. */
export interface ApplicationSpec {
  readonly name: string;
  /** Null: not exposed over HTTP. */
  readonly routePrefix: string | null;
  /** Graph name of the ingress deployment. */
  readonly ingress: string;
  readonly deployments: readonly DeploymentSpec[];
  /** `declarative`: a config file names it, and the next one that does not ends it. */
  readonly source: "imperative" | "declarative";
  /** True: its replicas are counted by whoever asks REST to scale. */
  readonly externalScalerEnabled: boolean;
  /** One policy for all its deployments; null: each has its own. */
  readonly autoscalingPolicy: PolicyRef | null;
  /** Path of the ingress's own API description below the route; null: it has none. */
  readonly docsPath: string | null;
  /** Working directory of the replicas, absolute. */
  readonly workingDir: string;
}

/** What an application has that no config file names. */
export const IMPERATIVE = {
  source: "imperative",
  externalScalerEnabled: false,
  autoscalingPolicy: null,
  docsPath: null,
} as const satisfies Partial<ApplicationSpec>;
