// From what a builder made of an import path, and what a config file says of it, to the application that is deployed.
// Nothing is run here; of the disk only folders are looked at.
//   R1  The options of each deployment are made anew of code and file (effective-options.ts): what the file no longer says
//       is the code's again.
//   R2  Folders of the file start from the file's own, and are there.
import { applicationName, applicationPrefix } from "../config/application-config.ts";
import { effectiveOptions, loggingOf, policyOf } from "../config/effective-options.ts";
import { readPolicy } from "../config/policy-path.ts";
import { runtimeEnvOptions } from "../config/runtime-env.ts";
import { type ApplicationConfig, deploymentConfigOf } from "../config/serve-config.ts";
import type { BuildTask } from "../controller/accept-config.ts";
import { ConfigError, ServeError } from "../core/errors.ts";
import type { ApplicationSpec, DeploymentSpec } from "../model/application-spec.ts";
import type { BuilderMethods } from "../protocol/control.ts";
import { existingFolder, inFolders } from "./working-dirs.ts";

/** What a builder is asked for. @throws {ConfigError} an environment that nobody can make, a folder that is not there */
export function buildOrderOf({ config, workingDir }: BuildTask): BuilderMethods["build"]["in"] {
  const { envVars = {}, workingDir: own } = runtimeEnvOptions(config.runtime_env ?? {}, "runtime_env");
  return {
    importPath: config.import_path,
    args: config.args ?? {},
    workingDir: own == null ? workingDir : existingFolder(own, workingDir, "runtime_env.working_dir"),
    env: envVars,
    name: applicationName(config),
    routePrefix: applicationPrefix(config),
  };
}

/**
 * The application as it is deployed.
 * @throws {ServeError} CONFIG_INVALID, DEPLOY_FAILED: the file and the code do not go together
 */
export function declaredApplication(built: ApplicationSpec, { config, workingDir }: BuildTask): ApplicationSpec {
  checkOverrides(config, built);
  const { runtime_env: runtimeEnv = {}, external_scaler_enabled: externalScalerEnabled = false } = config;
  const inherited = { logging: loggingOf(config.logging_config), runtimeEnv };
  const deployments = built.deployments.map((spec): DeploymentSpec => {
    const file = deploymentConfigOf(config, spec.name) ?? null;
    const { options, origins } = effectiveOptions(spec.input, file ?? undefined, inherited);
    return { ...spec, file, origins, options };
  });
  if (externalScalerEnabled) refuseAutoscaling(deployments);
  const autoscalingPolicy = readPolicy(policyOf(config.autoscaling_policy), built.workingDir);
  const made = { ...built, deployments, source: "declarative", externalScalerEnabled, autoscalingPolicy } as const;
  return inFolders(made, workingDir); // R2
}

/** Ray Serve's words. */
function checkOverrides({ deployments = [] }: ApplicationConfig, built: ApplicationSpec): void {
  const known = built.deployments.map(({ name }) => name);
  const unknown = deployments.find(({ name }) => !known.includes(name))?.name;
  if (unknown === undefined) return;
  const available = known.map((name) => `'${name}'`).join(", ");
  const message = `Deployment '${unknown}' does not exist. Available: [${available}]`;
  throw new ServeError("DEPLOY_FAILED", message, { deployment: unknown });
}

function refuseAutoscaling(deployments: readonly DeploymentSpec[]): void {
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
