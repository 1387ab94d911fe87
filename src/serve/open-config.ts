// Reads what `serve.deploy` is given, before anything starts: a config that is wrong starts no instance.
import { instanceOptionsOf } from "../config/config-instance.ts";
import { openConfigFile } from "../config/open-config-file.ts";
import type { InstanceOptions } from "../config/options.generated.ts";
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
  const { document, config, workingDir } = typeof source === "string" ? openConfigFile(source) : openObject(source);
  const { http, ...said } = instanceOptionsOf(config, workingDir);
  return { document, workingDir, instance: { ...said, ...options, http: { ...http, ...options.http } } };
}

function openObject(document: ServeConfig): Omit<ReturnType<typeof openConfigFile>, "warnings"> {
  return { document, config: parseServeConfig(document).config, workingDir: process.cwd() };
}
