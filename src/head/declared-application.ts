// From what a builder made of an import path, and what a config file says of it, to the application that is deployed.
// Nothing is run here; of the disk only folders are looked at.
//   R1  A deployment's options are those of the file above those of the code (effective-options.ts), and what neither says
//       is the application's: logs and environment (reference 2.6).
//   R2  What the engine cannot do is an error that names the field and the engine.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { effectiveOptions } from "../config/effective-options.ts";
import type { ResolvedDeploymentOptions, ResolvedRuntimeEnvOptions } from "../config/options.generated.ts";
import { readPolicyPath } from "../config/policy-path.ts";
import { inheritOptions } from "../config/resolve-deployment.ts";
import { resolveLogging } from "../config/resolve-logging.ts";
import type { ApplicationConfig, DeploymentConfig, JsonObject } from "../config/serve-config.ts";
import type { BuildTask } from "../controller/accept-config.ts";
import { ConfigError, ServeError } from "../core/errors.ts";
import type { ApplicationSpec, DeploymentSpec, PolicyRef } from "../model/application-spec.ts";
import type { BuilderMethods } from "../protocol/control.ts";

/** What a builder is asked for. @throws {ConfigError} an environment that the engine cannot make (R2) */
export function buildOrderOf({ config, workingDir }: BuildTask, engine: string): BuilderMethods["build"]["in"] {
  const env = environmentOf(config, workingDir, engine);
  return {
    importPath: config.import_path,
    args: config.args ?? {},
    workingDir: env.workingDir ?? workingDir,
    env: env.envVars,
    name: config.name ?? "default",
    routePrefix: config.route_prefix === undefined ? "/" : config.route_prefix,
  };
}

/**
 * The application as it is deployed.
 * @throws {ServeError} CONFIG_INVALID, DEPLOY_FAILED: the file and the code do not go together
 */
export function declaredApplication(built: ApplicationSpec, task: BuildTask, engine: string): ApplicationSpec {
  const { config, workingDir } = task;
  const overrides = overridesByName(config.deployments ?? [], built);
  const logging = config.logging_config ?? null;
  const application = {
    loggingConfig: logging === null ? null : resolveLogging(logging),
    runtimeEnv: environmentOf(config, workingDir, engine),
  };
  const deployments = built.deployments.map((spec): DeploymentSpec => {
    const file = overrides.get(spec.name) ?? null;
    const { options } = effectiveOptions(spec.input, file ?? undefined, { logging: application.loggingConfig });
    const path = `deployments[${JSON.stringify(spec.name)}].ray_actor_options.runtime_env.working_dir`;
    const own = options.runtimeEnv.workingDir;
    const runtimeEnv = {
      ...options.runtimeEnv,
      workingDir: own === null ? null : folder(own, workingDir, path, engine),
    };
    return { ...spec, file, options: inheritOptions({ ...options, runtimeEnv }, application) };
  });
  if (config.external_scaler_enabled === true) refuseAutoscaling(deployments);
  return {
    ...built,
    deployments,
    source: "declarative",
    externalScalerEnabled: config.external_scaler_enabled ?? false,
    autoscalingPolicy: policyOf(config, built.workingDir),
  };
}

/** The environment of all replicas of an application. */
function environmentOf(config: ApplicationConfig, workingDir: string, engine: string): ResolvedRuntimeEnvOptions {
  const { env_vars: envVars, working_dir: dir, node_options: nodeOptions, ...others } = config.runtime_env ?? {};
  const [field] = Object.keys(others);
  if (field !== undefined) {
    throw new ConfigError({
      path: `runtime_env.${field}`,
      received: "a field that the engine does not have",
      expected: `env_vars, working_dir or node_options: the ${engine} engine makes no other environments`,
    });
  }
  return {
    envVars: (envVars ?? {}) as Record<string, string>,
    workingDir: typeof dir === "string" ? folder(dir, workingDir, "runtime_env.working_dir", engine) : null,
    nodeOptions: (nodeOptions ?? []) as readonly string[],
    pip: null,
  };
}

/** The absolute path of a local folder: `dir`, `/dir`, `local://dir`. */
function folder(text: string, from: string, path: string, engine: string): string {
  const local = text.replace(/^local:\/\//, "");
  const received = JSON.stringify(text);
  if (/^\w+:\/\//.test(local)) {
    throw new ConfigError({ path, received, expected: `a local folder: the ${engine} engine fetches nothing` });
  }
  const found = resolve(from, local);
  if (statSync(found, { throwIfNoEntry: false })?.isDirectory() === true) return found;
  throw new ConfigError({ path, received: `${received} (no folder ${found})`, expected: "an existing folder" });
}

/** What the file says of each deployment; of several entries for one the later fields hold, as in Ray Serve. */
function overridesByName(
  entries: readonly DeploymentConfig[],
  { deployments }: ApplicationSpec,
): ReadonlyMap<string, DeploymentConfig> {
  const known = deployments.map(({ name }) => name);
  const overrides = new Map<string, DeploymentConfig>();
  for (const entry of entries) {
    if (!known.includes(entry.name)) {
      const names = known.map((name) => `'${name}'`).join(", ");
      throw new ServeError("DEPLOY_FAILED", `Deployment '${entry.name}' does not exist. Available: [${names}]`, {
        deployment: entry.name,
      });
    }
    overrides.set(entry.name, { ...overrides.get(entry.name), ...entry });
  }
  return overrides;
}

function refuseAutoscaling(
  deployments: readonly { readonly name: string; readonly options: ResolvedDeploymentOptions }[],
): void {
  const scaling = deployments
    .filter(({ options }) => options.autoscalingConfig !== null)
    .map(({ name }) => `"${name}"`);
  if (scaling.length === 0) return;
  throw new ConfigError({
    path: "external_scaler_enabled",
    received: `true, but the following deployment(s) have autoscaling configured: ${scaling.join(", ")}`,
    expected: "a fixed number of replicas for each deployment, or external_scaler_enabled: false",
  });
}

function policyOf({ autoscaling_policy: policy }: ApplicationConfig, workingDir: string): PolicyRef | null {
  if (policy === null || policy === undefined) return null;
  const { policy_function: path, policy_kwargs: kwargs = {} } = policy;
  const found = typeof path === "string" ? readPolicyPath(path, workingDir) : null;
  return found === null ? null : { ...found, kwargs: kwargs as JsonObject };
}
