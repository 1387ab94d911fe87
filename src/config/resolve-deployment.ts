// Rules that span several options of a deployment, and what its options are in the end. Pure.
//   R1  A fixed number of replicas and autoscaling exclude each other; of two layers the later one decides.
//   R2  Resolved, `autoscalingConfig` says alone whether the deployment scales; `numReplicas` is then where it starts.
import { ConfigError } from "../core/errors.ts";
import { checkOptions, resolveOptions, resolveTable } from "./check-options.ts";
import { checkPlacement } from "./check-placement.ts";
import { showValue } from "./check-rule.ts";
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
  if (over.numReplicas !== undefined || over.autoscalingConfig === undefined) return merged;
  const isFixed = typeof merged.numReplicas === "number";
  if (isFixed === (over.autoscalingConfig !== null)) delete merged.numReplicas;
  return merged;
}

/**
 * The complete options of a deployment, from options that are right each for itself.
 * @throws {ConfigError} when they do not go together
 */
export function resolveDeployment(input: DeploymentOptions, path: string): ResolvedDeploymentOptions {
  const { numReplicas, autoscalingConfig } = input;
  if (typeof numReplicas === "number" && (autoscalingConfig ?? null) !== null) {
    throw new ConfigError({
      path: `${path}.numReplicas`,
      received: `${showValue(numReplicas)} beside autoscalingConfig`,
      expected: 'no number, or "auto", where autoscalingConfig is given',
    });
  }
  const autoscaling = resolveAutoscaling(input);
  if (autoscaling !== null) checkReplicaBounds(autoscaling, `${path}.autoscalingConfig`);
  const options = {
    ...resolveTable(OPTIONS.deployment, input),
    autoscalingConfig: autoscaling,
    numReplicas: autoscaling === null ? (numReplicas ?? 1) : (autoscaling.initialReplicas ?? autoscaling.minReplicas),
  } as unknown as ResolvedDeploymentOptions;
  checkPlacement(options, path);
  return options;
}

function resolveAutoscaling({ numReplicas, autoscalingConfig }: DeploymentOptions): ResolvedAutoscalingOptions | null {
  if (numReplicas !== "auto")
    return autoscalingConfig == null ? null : resolveOptions("autoscaling", autoscalingConfig);
  return resolveOptions("autoscaling", {
    ...autoscalingConfig,
    maxReplicas: autoscalingConfig?.maxReplicas ?? AUTO_MAX_REPLICAS,
  });
}

function checkReplicaBounds(config: ResolvedAutoscalingOptions, path: string): void {
  const { minReplicas, initialReplicas, maxReplicas } = config;
  const fail = (name: "maxReplicas" | "initialReplicas", expected: string): never => {
    throw new ConfigError({ path: `${path}.${name}`, received: showValue(config[name]), expected });
  };
  if (maxReplicas < minReplicas) fail("maxReplicas", `an integer >= minReplicas (${minReplicas})`);
  if (initialReplicas === null) return;
  if (initialReplicas < minReplicas) fail("initialReplicas", `an integer >= minReplicas (${minReplicas})`);
  if (initialReplicas > maxReplicas) fail("initialReplicas", `an integer <= maxReplicas (${maxReplicas})`);
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
