// Ray's `logging_config` of a config file as complete options. Pure.
import { resolveOptions } from "./check-options.ts";
import { toCamelCase } from "./names.ts";
import type { ResolvedLoggingOptions } from "./options.generated.ts";
import type { JsonObject } from "./serve-config.ts";

/** @param config as it was accepted: checked already, with Ray's names */
export function resolveLogging(config: JsonObject): ResolvedLoggingOptions {
  const input = Object.fromEntries(Object.entries(config).map(([name, value]) => [toCamelCase(name), value]));
  return resolveOptions("logging", input);
}
