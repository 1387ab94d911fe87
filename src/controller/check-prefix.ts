// No two applications share a route prefix (RT2). Pure.
import { ConfigError } from "../core/errors.ts";
import type { TargetState } from "../model/target-state.ts";

/**
 * Checks the prefix of one application against those of all others.
 * @param path where the prefix stands, for messages
 * @throws {ConfigError} another application has it
 */
export function checkPrefix(applications: TargetState, name: string, path: string): void {
  const prefix = applications.get(name)?.routePrefix ?? null;
  if (prefix === null) return;
  for (const other of applications.values()) {
    if (other.name === name || other.deleting || other.routePrefix !== prefix) continue;
    throw new ConfigError({
      path,
      received: `${JSON.stringify(prefix)}, which application ${JSON.stringify(other.name)} has`,
      expected: "a prefix that no other application has, or null",
    });
  }
}
