// Rules of a config file that span several fields (reference 2.1 to 2.4), those included that Ray finds only later:
// Manta says them at once wherever the file alone shows them. Pure.
import { ConfigError } from "../core/errors.ts";
import { applicationName, applicationPrefix } from "./application-config.ts";
import { placementFault, type OptionsFault } from "./check-placement.ts";
import { showValue } from "./check-rule.ts";
import { documentOptions } from "./document-options.ts";
import { toSnakeCase } from "./names.ts";
import type { DeploymentOptions, ResolvedDeploymentOptions } from "./options.generated.ts";
import { scalingFault } from "./resolve-deployment.ts";
import type { ApplicationConfig, DeploymentConfig, JsonObject, ServeConfig } from "./config-types.ts";

/**
 * Checks a config whose fields are right each for itself.
 * @throws {ConfigError} the first contradiction
 */
export function checkConfig(config: ServeConfig): void {
  checkTls(config.http_options ?? {});
  config.applications.forEach((application, index) => checkApplication(application, `applications[${index}]`));
  checkDistinct(config.applications, "name", applicationName);
  checkDistinct(config.applications, "route_prefix", applicationPrefix);
}

/** Ray looks only when the certificate is named at all: a key alone leaves HTTPS off. */
function checkTls({ ssl_certfile: cert, ssl_keyfile: key }: JsonObject): void {
  if (cert === undefined || Boolean(cert) === Boolean(key)) return;
  const expected = "both ssl_certfile and ssl_keyfile, or neither";
  throw new ConfigError({ path: "http_options.ssl_certfile", received: showValue(cert), expected });
}

function checkDistinct(
  applications: readonly ApplicationConfig[],
  field: "name" | "route_prefix",
  valueOf: (application: ApplicationConfig) => string | null,
): void {
  const seen = new Map<string, number>();
  for (const [index, application] of applications.entries()) {
    const value = valueOf(application);
    const first = value === null ? undefined : seen.get(value);
    if (value !== null && first === undefined) seen.set(value, index);
    if (first === undefined) continue;
    const expected = `another one than applications[${first}] has`;
    throw new ConfigError({ path: `applications[${index}].${field}`, received: showValue(value), expected });
  }
}

function checkApplication(application: ApplicationConfig, path: string): void {
  const deployments = application.deployments ?? [];
  deployments.forEach((deployment, index) => checkDeploymentConfig(deployment, `${path}.deployments[${index}]`));
  if (application.external_scaler_enabled !== true) return;
  const scaled = deployments.findIndex(
    (one) => one["num_replicas"] === "auto" || (one["autoscaling_config"] ?? null) !== null,
  );
  if (scaled === -1) return;
  throw new ConfigError({
    path: `${path}.external_scaler_enabled`,
    received: `true, but deployments[${scaled}] (${String(deployments[scaled]?.name)}) scales by itself`,
    expected: "false, or no autoscaling on any deployment of the application",
  });
}

function checkDeploymentConfig(config: DeploymentConfig, path: string): void {
  const options = documentOptions("deployment", config);
  const fault =
    scalingFault(options as DeploymentOptions) ?? placementFault(options as Partial<ResolvedDeploymentOptions>);
  if (fault !== undefined) throw inWordsOfFile(fault, path);
}

/** A fault of options, in the words of a file. */
function inWordsOfFile({ path, received, expected }: OptionsFault, parent: string): ConfigError {
  const words = (text: string): string => text.replaceAll(/\b[a-z]+(?:[A-Z][a-z]*)+\b/g, toSnakeCase);
  return new ConfigError({ path: `${parent}.${words(path)}`, received, expected: words(expected) });
}
