// Rules that span several options of a deployment, and what its options are in the end. Pure.
//   R1  A fixed number of replicas and autoscaling exclude each other; of two layers the later one decides.
//   R2  Resolved, `autoscalingConfig` says alone whether the deployment scales; `numReplicas` is then where it starts.
import { ConfigError } from "../core/errors.ts";
import { checkOptions, resolveOptions, resolveTable } from "./check-options.ts";
import { hashRingFault } from "./check-hash-ring.ts";
import { placementFault, type OptionsFault } from "./check-placement.ts";
import { showValue } from "./check-rule.ts";
import { rayRouter } from "./ray-names.ts";
import {
  OPTIONS,
  type DeploymentOptions,
  type ResolvedApplicationOptions,
  type ResolvedAutoscalingOptions,
  type ResolvedDeploymentOptions,
} from "./options.generated.ts";

/** Most replicas of `numReplicas: "auto"` (reference 2.5). */
const AUTO_MAX_REPLICAS = 100;

/**
 * Checks the options of a deployment as a user wrote them, each for itself and together.
 * @param path where they stand, as messages show it: `deployment("Adder")`
 * @throws {ConfigError}
 */
export function checkDeployment(input: DeploymentOptions | undefined, path: string): void {
  checkOptions("deployment", input, path);
  resolveDeployment(input ?? {}, path);
}

/** Options of two layers: those of `over` hold, and a fixed number and autoscaling replace each other (R1). */
export function mergeOptions(base: DeploymentOptions, over: DeploymentOptions): DeploymentOptions {
  const given = Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined));
  const merged: DeploymentOptions = { ...base, ...given };
  if (typeof over.numReplicas === "number" && over.autoscalingConfig === undefined) delete merged.autoscalingConfig;
  const isReplaced = over.autoscalingConfig !== null || merged.numReplicas === "auto";
  if (over.numReplicas === undefined && over.autoscalingConfig !== undefined && isReplaced) delete merged.numReplicas;
  return merged;
}

/**
 * The complete options of a deployment, from options that are right each for itself.
 * @throws {ConfigError} when they do not go together
 */
export function resolveDeployment(input: DeploymentOptions, path: string): ResolvedDeploymentOptions {
  const autoscaling = resolveAutoscaling(input);
  const numReplicas = typeof input.numReplicas === "number" ? input.numReplicas : 1;
  const table = resolveTable(OPTIONS.deployment, input) as unknown as ResolvedDeploymentOptions;
  const router = table.requestRouterConfig;
  const options: ResolvedDeploymentOptions = {
    ...table,
    requestRouterConfig: { ...router, requestRouterClass: rayRouter(router.requestRouterClass) },
    autoscalingConfig: autoscaling,
    numReplicas: autoscaling === null ? numReplicas : (autoscaling.initialReplicas ?? autoscaling.minReplicas),
  };
  const fault = scalingFault(input) ?? placementFault(options) ?? hashRingFault(options.requestRouterConfig);
  if (fault !== undefined) throw new ConfigError({ ...fault, path: `${path}.${fault.path}` });
  return options;
}

/** What is wrong with the numbers of replicas of a deployment, as far as these options say. */
export function scalingFault(input: DeploymentOptions): OptionsFault | undefined {
  const { numReplicas, autoscalingConfig } = input;
  if (typeof numReplicas === "number" && autoscalingConfig != null) {
    const expected = 'no number, or "auto", beside autoscalingConfig';
    return { path: "numReplicas", received: showValue(numReplicas), expected };
  }
  const autoscaling = resolveAutoscaling(input);
  return autoscaling === null ? undefined : boundsFault(autoscaling);
}

function resolveAutoscaling({ numReplicas, autoscalingConfig }: DeploymentOptions): ResolvedAutoscalingOptions | null {
  if (numReplicas !== "auto")
    return autoscalingConfig == null ? null : resolveOptions("autoscaling", autoscalingConfig);
  return resolveOptions("autoscaling", {
    ...autoscalingConfig,
    maxReplicas: autoscalingConfig?.maxReplicas ?? AUTO_MAX_REPLICAS,
  });
}

function boundsFault(config: ResolvedAutoscalingOptions): OptionsFault | undefined {
  const { minReplicas, initialReplicas, maxReplicas } = config;
  const fault = (name: "maxReplicas" | "initialReplicas", expected: string): OptionsFault => {
    return { path: `autoscalingConfig.${name}`, received: showValue(config[name]), expected };
  };
  if (maxReplicas < minReplicas) return fault("maxReplicas", `an integer >= minReplicas (${minReplicas})`);
  if (initialReplicas === null) return undefined;
  if (initialReplicas < minReplicas) return fault("initialReplicas", `an integer >= minReplicas (${minReplicas})`);
  if (initialReplicas > maxReplicas) return fault("initialReplicas", `an integer <= maxReplicas (${maxReplicas})`);
  return undefined;
}

/** What a deployment takes over from its application where it says nothing itself: logs and environment. */
export function inheritOptions(
  options: ResolvedDeploymentOptions,
  application: Pick<ResolvedApplicationOptions, "loggingConfig" | "runtimeEnv">,
): ResolvedDeploymentOptions {
  const own = options.runtimeEnv;
  const shared = application.runtimeEnv;
  return {
    ...options,
    loggingConfig: options.loggingConfig ?? application.loggingConfig,
    runtimeEnv: {
      envVars: { ...shared.envVars, ...own.envVars },
      workingDir: own.workingDir ?? shared.workingDir,
      nodeOptions: own.nodeOptions.length > 0 ? own.nodeOptions : shared.nodeOptions,
      pip: own.pip ?? shared.pip,
    },
  };
}
