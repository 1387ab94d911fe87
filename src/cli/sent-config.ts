// What `manta deploy` and `manta run` send to be deployed as a config file: a file, or an import path put into one.
//   R1  It is read here as well as by the head, so that what is wrong with it is said before anything is started.
import { resolve } from "node:path";
import { applicationName } from "../config/application-config.ts";
import { type ConfigFile, openConfigFile } from "../config/open-config-file.ts";
import { readConfigFile } from "../config/read-config-file.ts";
import { type JsonObject, parseServeConfig, type ServeConfig } from "../config/serve-config.ts";
import { ServeError } from "../core/errors.ts";
import type { SurroundingsFlags } from "./actions.ts";
import { applicationOptions } from "./flags.ts";
import { parseArguments } from "./run-target.ts";
import { UsageError } from "./usage-error.ts";

/** A config that was read. */
export type SentConfig = ConfigFile;

/**
 * Reads a config file (R1).
 * @throws {ConfigError} what is wrong with it, with its place
 * @throws {ServeError} CONFIG_INVALID: unknown keys, unless they are allowed
 */
export function readConfig(file: string, allowUnknownKeys: boolean): SentConfig {
  const opened = openConfigFile(file);
  const { warnings } = opened;
  if (warnings.length > 0 && !allowUnknownKeys) {
    throw new ServeError(
      "CONFIG_INVALID",
      `${file}: ${warnings.join("; ")}; --allow-unknown-keys deploys it nevertheless`,
    );
  }
  return opened;
}

/** Names of its applications. */
export function namesOf({ applications }: ServeConfig): string[] {
  return applications.map(applicationName);
}

/** Flags that speak of one application, where a config file speaks of all; undefined: none was given. */
export function ignoredFlags(flags: SurroundingsFlags): string | undefined {
  const given = APPLICATION_FLAGS.filter((name) => flags[name] !== undefined);
  const words = given.map((name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  return words.length === 0 ? undefined : `ignored: ${words.join(", ")}; the config file says what holds`;
}

const APPLICATION_FLAGS = ["name", "routePrefix", "workingDir", "runtimeEnv", "runtimeEnvJson"] as const;

/** An import path as a config of one application. @throws {UsageError} flags that make no sense */
export function configOfImportPath(importPath: string, args: readonly string[], flags: SurroundingsFlags): SentConfig {
  const { name, routePrefix } = applicationOptions(flags);
  const application = {
    ...(name === undefined ? {} : { name }),
    ...(routePrefix === undefined ? {} : { route_prefix: routePrefix }),
    import_path: importPath,
    runtime_env: runtimeEnvOf(flags),
    args: parseArguments(args),
  };
  const document = { applications: [application] };
  return { document, ...parseServeConfig(document), workingDir: process.cwd() };
}

function runtimeEnvOf({ runtimeEnv, runtimeEnvJson, workingDir }: SurroundingsFlags): JsonObject {
  if (runtimeEnv !== undefined && runtimeEnvJson !== undefined) {
    throw new UsageError("--runtime-env and --runtime-env-json: expected one of them");
  }
  const given = runtimeEnv === undefined ? parseJson(runtimeEnvJson ?? "{}") : readConfigFile(runtimeEnv);
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new UsageError('the runtime environment: expected an object such as {"env_vars": {"A": "1"}}');
  }
  return {
    ...given,
    ...(workingDir === undefined ? {} : { working_dir: `local://${encodeURI(resolve(workingDir))}` }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--runtime-env-json: ${error instanceof Error ? error.message : text}`);
  }
}
