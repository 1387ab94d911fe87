// What `manta deploy` and `manta run` send to be deployed as a config file: a file, or an import path put into one.
//   R1  It is read here as well as by the head, so that what is wrong with it is said before anything is started.
import { dirname, resolve } from "node:path";
import { documentOptions } from "../config/document-options.ts";
import type { HttpOptions, InstanceOptions, LoggingOptions } from "../config/options.generated.ts";
import { placeInFile, readConfigFile } from "../config/read-config-file.ts";
import { type JsonObject, type ParsedConfig, parseServeConfig, type ServeConfig } from "../config/serve-config.ts";
import { ConfigError, ServeError } from "../core/errors.ts";
import type { SurroundingsFlags } from "./actions.ts";
import { applicationOptions } from "./flags.ts";
import { parseArguments } from "./run-target.ts";
import { UsageError } from "./usage-error.ts";

/** A config that was read. */
export interface SentConfig {
  readonly document: unknown;
  readonly config: ServeConfig;
  /** Absolute folder that relative paths start from. */
  readonly workingDir: string;
  /** Unknown keys; a line each. */
  readonly warnings: readonly string[];
}

/**
 * Reads a config file (R1).
 * @throws {ConfigError} what is wrong with it, with its place
 * @throws {ServeError} CONFIG_INVALID: unknown keys, unless they are allowed
 */
export function readConfig(file: string, allowUnknownKeys: boolean): SentConfig {
  const document = readConfigFile(file);
  const { config, warnings } = parseIn(file, document);
  if (warnings.length > 0 && !allowUnknownKeys) {
    throw new ServeError(
      "CONFIG_INVALID",
      `${file}: ${warnings.join("; ")}; --allow-unknown-keys deploys it nevertheless`,
    );
  }
  return { document, config, workingDir: dirname(resolve(file)), warnings };
}

/** What is wrong is told with its place in the file. */
function parseIn(file: string, document: unknown): ParsedConfig {
  try {
    return parseServeConfig(document);
  } catch (error) {
    throw error instanceof ConfigError ? placeInFile(error, file) : error;
  }
}

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
  return { ...given, ...(workingDir === undefined ? {} : { working_dir: `local://${resolve(workingDir)}` }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--runtime-env-json: ${error instanceof Error ? error.message : text}`);
  }
}

/** What a config says of the instance that is started for it. It listens on all addresses where it says nothing, as Ray's. */
export function instanceOptionsOf({ config, workingDir }: Pick<SentConfig, "config" | "workingDir">): InstanceOptions {
  const { proxy_location: proxyLocation, logging_config: logging, http_options: httpOptions = {} } = config;
  const http: HttpOptions = documentOptions("http", httpOptions);
  for (const name of ["sslCertfile", "sslKeyfile", "sslCaCerts"] as const) {
    const file = http[name];
    if (file != null) http[name] = resolve(workingDir, file);
  }
  return {
    http: { host: ALL_ADDRESSES, ...http },
    ...(proxyLocation === undefined ? {} : { proxyLocation }),
    ...(logging == null ? {} : { loggingConfig: documentOptions("logging", logging) as LoggingOptions }),
  };
}

const ALL_ADDRESSES = "0.0.0.0";
