// Checks what users pass as options, synchronously and without zod, against the plain data of `options.generated.ts`,
// and completes it with the defaults.
//   R1  An explicit `undefined` counts as not given.
//   R2  Unknown keys are errors that name the nearest known one.
//   R3  The first fault is thrown, in the order in which the user wrote the options; what is missing comes last.
import { ConfigError } from "../core/errors.ts";
import { checkValue, expectedOf, showValue } from "./check-rule.ts";
import { isPlainObject, joinPath } from "./json-value.ts";
import { nearestKey } from "./nearest-key.ts";
import { groupsIn, type OptionFacts, type OptionRule, type OptionTable } from "./option-facts.ts";
import { OPTIONS, type OptionGroup, type ResolvedOptions } from "./options.generated.ts";

/**
 * Checks options as a user wrote them; `undefined` is no options at all.
 * @param path where they stand, as messages show it: `deployment("Adder")`
 * @throws {ConfigError} with path, received, expected, and the nearest known key where one was unknown
 */
export function checkOptions(group: OptionGroup, input: unknown, path: string): void {
  if (input !== undefined) checkTable(OPTIONS[group], input, path);
}

/**
 * Checks a single value for one option; for values that come from the environment or a flag.
 * @throws {ConfigError} as `checkOptions`
 */
export function checkOption<G extends OptionGroup>(
  group: G,
  name: keyof (typeof OPTIONS)[G] & string,
  value: unknown,
  path: string,
): void {
  const table: OptionTable = OPTIONS[group];
  const facts = table[name];
  if (facts !== undefined) checkNamed(facts, value, path);
}

/** Groups that `resolveOptions` completes; a deployment's are completed by `resolveDeployment`. */
export type PlainGroup = Exclude<OptionGroup, "deployment">;

/**
 * Complete options: what was given, and the defaults for the rest. The input is neither changed nor checked; options
 * without default stay out unless given.
 */
export function resolveOptions<G extends PlainGroup>(group: G, input: object | undefined): ResolvedOptions[G] {
  return resolveTable(OPTIONS[group], input ?? {}) as unknown as ResolvedOptions[G];
}

/** `resolveOptions` for any table of options. */
export function resolveTable(table: OptionTable, input: object): Record<string, unknown> {
  const resolved: Record<string, unknown> = {};
  for (const [name, facts] of Object.entries(table)) {
    const given = (input as Record<string, unknown>)[name];
    if (given !== undefined) resolved[name] = resolveValue(facts.rule, given);
    else if ("default" in facts) resolved[name] = structuredClone(facts.default);
    else if (facts.rule.kind === "group") resolved[name] = resolveTable(facts.rule.options, {});
  }
  return resolved;
}

function resolveValue(rule: OptionRule, given: unknown): unknown {
  const inside = groupsIn(rule);
  if (given === null || given === undefined || inside === undefined) return given;
  if (inside.kind === "group") return resolveTable(inside.options, given);
  return (given as readonly unknown[]).map((item) => resolveValue(inside.items, item));
}

function checkTable(table: OptionTable, input: unknown, path: string): void {
  if (typeof input !== "object" || input === null || !isPlainObject(input)) {
    throw new ConfigError({ path, received: showValue(input), expected: "an object with options" });
  }
  for (const [name, value] of Object.entries(input)) {
    const at = joinPath(path, name);
    const facts = Object.hasOwn(table, name) ? table[name] : undefined;
    if (facts === undefined) checkAbsent(table, name, at);
    else if (value !== undefined) checkNamed(facts, value, at);
  }
  for (const [name, facts] of Object.entries(table)) {
    if (facts.required !== true || input[name] !== undefined) continue;
    throw new ConfigError({ path: joinPath(path, name), received: "nothing", expected: expectedOf(facts) });
  }
}

function checkNamed(facts: OptionFacts, value: unknown, path: string): void {
  const inside = groupsIn(facts.rule);
  if (inside !== undefined && value !== null && (inside.kind === "group" || Array.isArray(value))) {
    checkGroups(inside, value, path);
    return;
  }
  const fault = checkValue(facts, value);
  if (fault !== undefined) throw new ConfigError({ ...fault, path: path + fault.path });
}

function checkGroups(rule: OptionRule & { kind: "group" | "array" }, value: unknown, path: string): void {
  if (rule.kind === "group") checkTable(rule.options, value, path);
  else {
    const items = groupsIn(rule.items);
    for (const [index, item] of (value as unknown[]).entries()) {
      if (items !== undefined) checkGroups(items, item, `${path}[${index}]`);
    }
  }
}

function checkAbsent(table: OptionTable, name: string, path: string): void {
  const known = Object.keys(table);
  const expected = `one of ${known.join(", ")}`;
  const nearest = nearestKey(name, known);
  const received = "an unknown option";
  throw new ConfigError(nearest === undefined ? { path, received, expected } : { path, received, expected, nearest });
}
