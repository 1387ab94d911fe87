// What a change of a deployment's options costs (semantics D1). The cost of each option comes from the option table;
// there is no second list. Pure.
import { groupsIn, type OptionTable, type UpdateCost } from "./option-facts.ts";
import { OPTIONS, type ResolvedDeploymentOptions } from "./options.generated.ts";

/** The highest cost among the options that differ, and their names in the order of the option table. */
export interface OptionsChange {
  readonly cost: "none" | UpdateCost;
  readonly changed: readonly (keyof ResolvedDeploymentOptions)[];
}

const RANK = { none: 0, live: 1, reconfigure: 2, restart: 3 } as const;

/** Compares two complete sets of options of one deployment. */
export function compareOptions(before: ResolvedDeploymentOptions, after: ResolvedDeploymentOptions): OptionsChange {
  const changes = changesIn(OPTIONS.deployment, before, after);
  const cost = dearest(changes, "none");
  return { cost, changed: changes.map(({ name }) => name as keyof ResolvedDeploymentOptions) };
}

interface Change {
  readonly name: string;
  readonly cost: UpdateCost;
}

/** What differs in one table of options. A group costs what its dearest change costs; one that comes or goes, its own. */
function changesIn(table: OptionTable, before: object, after: object): Change[] {
  return Object.entries(table).flatMap(([name, { rule, update }]) => {
    const [a, b] = [before, after].map((options) => (options as Record<string, unknown>)[name]);
    if (sameData(a, b)) return [];
    const group = groupsIn(rule);
    if (group?.kind !== "group" || a == null || b == null) return [{ name, cost: update }];
    return [{ name, cost: dearest(changesIn(group.options, a, b), "live") }];
  });
}

function dearest<C extends OptionsChange["cost"]>(changes: readonly Change[], least: C): C | UpdateCost {
  return changes.reduce<C | UpdateCost>((most, { cost }) => (RANK[cost] > RANK[most] ? cost : most), least);
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
