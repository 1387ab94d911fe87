// From flags to the options of an instance that may be started.
import { readEnv } from "../config/env.ts";
import type { InstanceOptions } from "../config/options.generated.ts";
import { type ResolvedInstance, resolveInstance } from "../config/resolve.ts";
import { toServeError } from "../core/errors.ts";
import { type FlagValues, instanceOptions } from "./flags.ts";
import { UsageError } from "./usage-error.ts";

/**
 * What the flags ask for, and the same complete. @param file what a config file says where no flag does
 * @throws {UsageError} a wrong value, or an admin server that others could reach without a token
 */
export function resolveFlags(
  flags: FlagValues,
  file: InstanceOptions = {},
): {
  readonly given: InstanceOptions;
  readonly resolved: ResolvedInstance;
} {
  const given = instanceOptions(flags);
  const both = { ...file, ...given, http: { ...file.http, ...given.http } };
  try {
    return { given, resolved: resolveInstance(both, readEnv(), "manta") };
  } catch (error) {
    throw new UsageError(toServeError(error).message);
  }
}

/** The namespace that a command means. @throws {UsageError} a name that cannot be one */
export function namespaceOf(flags: FlagValues): string {
  return instanceOptions(flags).namespace ?? readEnv().namespace;
}
