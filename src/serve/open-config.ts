// Reads what `serve.deploy` is given, before anything starts: a config that is wrong starts no instance.
import { dirname, resolve } from "node:path";
import { instanceOptionsOf } from "../config/config-instance.ts";
import type { InstanceOptions } from "../config/options.generated.ts";
import { readConfigFile } from "../config/read-config-file.ts";
import { parseServeConfig, type ServeConfig } from "../config/serve-config.ts";

export interface OpenedConfig {
  readonly document: unknown;
  /** Absolute folder that the config's relative paths start from. */
  readonly workingDir: string;
  /** What an instance is started with that does not run yet. */
  readonly instance: InstanceOptions;
}

/** @param options above those of the config @throws {ConfigError} no such file, a wrong config */
export function openConfig(source: string | ServeConfig, options: InstanceOptions): OpenedConfig {
  const file = typeof source === "string" ? resolve(source) : undefined;
  const document = file === undefined ? source : readConfigFile(file);
  const { http, ...said } = instanceOptionsOf(parseServeConfig(document).config);
  return {
    document,
    workingDir: file === undefined ? process.cwd() : dirname(file),
    instance: { ...said, ...options, http: { ...http, ...options.http } },
  };
}
