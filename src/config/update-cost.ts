// What a change of a deployment's options costs (semantics D1). The cost of each option comes from the option table;
// there is no second list. Pure.
import type { UpdateCost } from "./option-facts.ts";
import { OPTIONS, type ResolvedDeploymentOptions } from "./options.generated.ts";

/** The highest cost among the options that differ, and their names in the order of the option table. */
export interface OptionsChange {
  readonly cost: "none" | UpdateCost;
  readonly changed: readonly (keyof ResolvedDeploymentOptions)[];
}

const RANK = { none: 0, live: 1, reconfigure: 2, restart: 3 } as const;

/** Compares two complete sets of options of one deployment. */
export function compareOptions(before: ResolvedDeploymentOptions, after: ResolvedDeploymentOptions): OptionsChange {
  const names = Object.keys(OPTIONS.deployment) as (keyof typeof OPTIONS.deployment)[];
  const changed = names.filter((name) => !sameData(before[name], after[name]));
  let cost: OptionsChange["cost"] = "none";
  for (const name of changed) {
    const { update } = OPTIONS.deployment[name];
    if (RANK[update] > RANK[cost]) cost = update;
  }
  return { cost, changed };
}

/** Deep equality of JSON data; the order of keys means nothing, a key with `undefined` is as none. */
export function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => sameData(left[key], right[key]));
}
