// `runtime_env` of a config file as options. Ray knows more keys than Manta: what changes how code runs and cannot be
// honoured is refused by name, what only tunes Ray's own set-up of an environment is passed over. Pure.
import { ConfigError } from "../core/errors.ts";
import { showValue } from "./check-rule.ts";
import { documentObject } from "./document.ts";
import { documentOptions } from "./document-options.ts";
import type { RuntimeEnvOptions } from "./options.generated.ts";
import type { JsonObject } from "./config-types.ts";

/** Keys that say how Ray builds an environment, not what is in it. */
const TUNING: ReadonlySet<string> = new Set(["config", "eager_install", "excludes", "_ray_commit"]);

/**
 * Reads a `runtime_env` that `parseServeConfig` let through.
 * @param path where it stands, for messages
 * @throws {ConfigError} a key or a place that no engine of this version can honour
 */
export function runtimeEnvOptions(env: JsonObject, path: string): RuntimeEnvOptions {
  const { fields } = documentObject("runtimeEnv");
  const wanted = Object.entries(env).filter(([, value]) => value !== null && !isEmpty(value));
  const strange = wanted.find(([key]) => !fields.has(key) && !TUNING.has(key));
  if (strange !== undefined) {
    const expected = `only ${[...fields.keys()].join(", ")}: no engine of this version can honour ${strange[0]}`;
    throw new ConfigError({ path: `${path}.${strange[0]}`, received: showValue(strange[1]), expected });
  }
  const options: RuntimeEnvOptions = documentOptions("runtimeEnv", Object.fromEntries(wanted));
  if (options.workingDir != null) options.workingDir = localFolder(options.workingDir, `${path}.working_dir`);
  if (options.pip !== undefined) options.pip = requirements(options.pip, `${path}.pip`);
  return options;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function localFolder(folder: string, path: string): string {
  const local = localPath(folder);
  if (local !== undefined) return local;
  const expected = "a folder of this machine, or a local:// or file:// address of one";
  throw new ConfigError({ path, received: showValue(folder), expected });
}

/** The folder that a `working_dir` names: as a path, `local:///app` or `file:///app`. Undefined: it is none of this machine. */
export function localPath(workingDir: string): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(workingDir);
  if (scheme === null) return workingDir;
  if (scheme[1] !== "local" && scheme[1] !== "file") return undefined;
  try {
    return decodeURI(workingDir.slice(scheme[0].length));
  } catch {
    return undefined; // a `%` that begins no byte
  }
}

/** Ray takes a list, an object with `packages`, or the path of a requirements file. */
function requirements(pip: unknown, path: string): string[] {
  if (typeof pip === "string") return [`-r ${pip}`];
  const packages: unknown = Array.isArray(pip) ? pip : (pip as JsonObject)["packages"];
  if (Array.isArray(packages) && packages.every((one) => typeof one === "string")) return packages;
  const expected = "a list of packages, an object with packages, or the path of a requirements file";
  throw new ConfigError({ path, received: showValue(pip), expected });
}
