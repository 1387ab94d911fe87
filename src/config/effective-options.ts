// What the options of a deployment are in the end, from everybody who has a say, and who said it. Pure.
//   R1  The config file wins over code, code over the application, the application over defaults (reference 2.4).
//   R2  Everything is made anew each time: an override that leaves the file leaves the options.
//   R3  `ray_actor_options` of the file replaces what code says of resources and environment as a whole; a null is a
//       value, which code's does not outlast.
//   R4  The application's environment lies below the deployment's: the deployment's keys win, `env_vars` name by name.
import { documentOptions } from "./document-options.ts";
import {
  OPTIONS,
  type AutoscalingPolicyOptions,
  type DeploymentOptions,
  type LoggingOptions,
  type ResolvedDeploymentOptions,
  type ResolvedLoggingOptions,
  type RuntimeEnvOptions,
} from "./options.generated.ts";
import { resolveOptions } from "./check-options.ts";
import { rayPolicy } from "./ray-names.ts";
import { mergeOptions, resolveDeployment } from "./resolve-deployment.ts";
import { runtimeEnvOptions } from "./runtime-env.ts";
import type { DeploymentConfig, JsonObject, OptionOrigin } from "./config-types.ts";

/** The options of a deployment, complete, and where each comes from. */
export interface EffectiveOptions {
  readonly options: ResolvedDeploymentOptions;
  /** By the names of `ResolvedDeploymentOptions`. */
  readonly origins: Readonly<Record<string, OptionOrigin>>;
}

/** What a deployment gets from its application where nobody else says anything. */
export interface InheritedOptions {
  readonly logging: ResolvedLoggingOptions | null;
  /** `runtime_env` of the application, as in the file. */
  readonly runtimeEnv?: JsonObject;
}

/**
 * The options of one deployment.
 * @param code what the code says, checked
 * @param file what the file says of it, as `parseServeConfig` gave it
 * @throws {ConfigError} together they make no sense, or they ask for an environment that no engine has
 */
export function effectiveOptions(
  code: DeploymentOptions,
  file: DeploymentConfig | undefined,
  inherited: InheritedOptions,
): EffectiveOptions {
  const fromFile = fileOptions(file ?? { name: "" }, code);
  const shared = runtimeEnvOptions(inherited.runtimeEnv ?? {}, "runtime_env");
  const merged = mergeOptions(code, fromFile);
  const own = merged.runtimeEnv ?? {};
  const env: RuntimeEnvOptions = { ...shared, ...own, envVars: { ...shared.envVars, ...own.envVars } };
  const path = file === undefined ? "deployment" : `deployment ${JSON.stringify(file.name)}`;
  const resolved = resolveDeployment({ ...merged, runtimeEnv: env }, path);
  const options = { ...resolved, loggingConfig: resolved.loggingConfig ?? inherited.logging };
  return { options, origins: originsOf(code, fromFile, merged, inherited) };
}

/** The options that a file's entry sets, with the defaults that its nulls stand for. */
function fileOptions(file: DeploymentConfig, code: DeploymentOptions): DeploymentOptions {
  const { name: _name, ray_actor_options: actor, ...rest } = file;
  const options = documentOptions("deployment", rest) as DeploymentOptions;
  // Null replicas are the default number, and leave a deployment that scales by load to its autoscaling.
  if (rest["num_replicas"] === null && typeof code.numReplicas === "number" && options.autoscalingConfig == null) {
    options.numReplicas = OPTIONS.deployment.numReplicas.default;
  }
  if (options.autoscalingConfig?.policy !== undefined) {
    options.autoscalingConfig.policy = customPolicy(options.autoscalingConfig.policy);
  }
  if (actor === undefined) return options;
  const { runtime_env: env = {}, ...resources } = actor as JsonObject;
  return {
    ...options,
    resources: documentOptions("resources", resources),
    runtimeEnv: runtimeEnvOptions(env as JsonObject, "ray_actor_options.runtime_env"),
  }; // R3
}

/** The policy that a file names; null: the built-in one. */
function customPolicy(policy: Partial<AutoscalingPolicyOptions> | null): AutoscalingPolicyOptions | null {
  const policyFunction = rayPolicy(policy?.policyFunction);
  return policyFunction === null ? null : { ...policy, policyFunction };
}

function originsOf(
  code: DeploymentOptions,
  file: DeploymentOptions,
  merged: DeploymentOptions,
  inherited: InheritedOptions,
): Record<string, OptionOrigin> {
  const isSet = (options: DeploymentOptions, name: string): boolean =>
    options[name as keyof DeploymentOptions] !== undefined;
  const scaling = ["numReplicas", "autoscalingConfig"];
  const fileScales = scaling.some((name) => isSet(file, name));
  const fromApplication = new Set([
    ...(inherited.logging === null ? [] : ["loggingConfig"]),
    ...(Object.keys(inherited.runtimeEnv ?? {}).length === 0 ? [] : ["runtimeEnv"]),
  ]);
  const originOf = (name: string): OptionOrigin => {
    if (isSet(file, name) || (fileScales && scaling.includes(name) && isSet(code, name) && !isSet(merged, name)))
      return "file";
    if (isSet(code, name) && (name !== "loggingConfig" || code.loggingConfig !== null)) return "code";
    return fromApplication.has(name) ? "application" : "default";
  };
  return Object.fromEntries(Object.keys(OPTIONS.deployment).map((name) => [name, originOf(name)]));
}

/** `logging_config` of an application or of a whole file, complete; null where there is none. */
export function loggingOf(config: JsonObject | null | undefined): ResolvedLoggingOptions | null {
  if (config == null) return null;
  return resolveOptions("logging", documentOptions("logging", config) as LoggingOptions);
}

/** `autoscaling_policy` of an application; null: each deployment has its own. */
export function policyOf(config: JsonObject | null | undefined): AutoscalingPolicyOptions | null {
  return config == null ? null : customPolicy(documentOptions("autoscalingPolicy", config));
}
