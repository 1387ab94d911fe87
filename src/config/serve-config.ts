// Reads a config file's document. Pure.
//   R1  What is known of a field stands in the option tables; document.ts makes the shape of a file of them.
import { ConfigError } from "../core/errors.ts";
import { checkConfig } from "./check-config.ts";
import { showValue } from "./check-rule.ts";
import { documentObject } from "./document.ts";
import { readObject } from "./read-document.ts";
import type { ApplicationConfig, DeploymentConfig, JsonObject, ServeConfig } from "./config-types.ts";

export type { ApplicationConfig, DeploymentConfig, JsonObject, ServeConfig } from "./config-types.ts";

/** What a config file says, and what in it nobody knows. */
export interface ParsedConfig {
  readonly config: ServeConfig;
  /** One for each unknown key, with its path and the nearest known one. */
  readonly warnings: readonly string[];
}

/**
 * Reads a config file's document: the set fields, in their types.
 * @throws {ConfigError} what Ray refuses, early or late, as far as the file alone shows it
 */
export function parseServeConfig(document: unknown): ParsedConfig {
  const warnings: string[] = [];
  refuseNestedPorts(document);
  const config = readObject(documentObject("configFile"), document, "", warnings) as ServeConfig;
  checkConfig(config);
  return { config, warnings };
}

/** `host` and `port` of an application, which Ray Serve once had, are refused by name (reference 2.3). */
function refuseNestedPorts(document: unknown): void {
  const applications = (document as { applications?: unknown } | null | undefined)?.applications;
  if (!Array.isArray(applications)) return;
  for (const [index, application] of (applications as (JsonObject | null | undefined)[]).entries()) {
    const name = ["host", "port"].find((key) => application?.[key] !== undefined);
    if (name === undefined) continue;
    throw new ConfigError({
      path: `applications[${index}].${name}`,
      received: showValue(application?.[name]),
      expected: `nothing: ${name} belongs to http_options, for all applications together`,
    });
  }
}

/** What a file says of one deployment; of several entries with its name, each field's last. */
export function deploymentConfigOf(application: ApplicationConfig, name: string): DeploymentConfig | undefined {
  const entries = (application.deployments ?? []).filter((one) => one.name === name);
  return entries.length === 0 ? undefined : (Object.assign({}, ...entries) as DeploymentConfig);
}
