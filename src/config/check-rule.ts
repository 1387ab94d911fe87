// Checks one value against the rule of an option, without zod, and puts into words what was wrong. Agrees with the
// schemas on every value (a property test says so).
import { findNonJson, isPlainObject, joinPath } from "./json-value.ts";
import type { OptionFacts, OptionRule } from "./option-facts.ts";

/** A value that breaks its rule. `path` leads from the option to the place: "" or beginning with `.` or `[`. */
export interface Fault {
  readonly path: string;
  readonly received: string;
  readonly expected: string;
}

/** The first fault of a value given for an option; groups are the business of `checkOptions`. */
export function checkValue(facts: OptionFacts, value: unknown): Fault | undefined {
  const show = facts.secret === true ? typeName : showValue;
  const { rule } = facts;
  if (rule.kind === "json") {
    const found = findNonJson(value);
    if (found === undefined) return undefined;
    const received = found.cycle ? "a value that contains itself" : show(found.value);
    return { path: found.path, received, expected: describeRule(rule) };
  }
  if (rule.kind === "record" && typeof value === "object" && value !== null && isPlainObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (matches(rule.keys, key) && matches(rule.values, item)) continue;
      const keyIsWrong = !matches(rule.keys, key);
      const received = keyIsWrong ? `the name ${JSON.stringify(key)}` : show(item);
      const expected = keyIsWrong ? expectedOf(facts) : describeRule(rule.values);
      return { path: joinPath("", key), received, expected };
    }
    return undefined;
  }
  return matches(rule, value) ? undefined : { path: "", received: show(value), expected: expectedOf(facts) };
}

function matches(rule: OptionRule, value: unknown): boolean {
  switch (rule.kind) {
    case "boolean":
      return typeof value === "boolean";
    case "json":
      return findNonJson(value) === undefined;
    case "signal":
      return value instanceof AbortSignal;
    case "string":
      return typeof value === "string" && (rule.pattern === undefined || new RegExp(rule.pattern).test(value));
    case "number":
      return typeof value === "number" && isInRange(rule, value);
    case "exactly":
      return value === rule.value;
    case "oneOf":
      return rule.rules.some((one) => matches(one, value));
    case "record":
    case "group":
      return false;
  }
}

function isInRange(rule: OptionRule & { kind: "number" }, value: number): boolean {
  if (rule.integer ? !Number.isSafeInteger(value) : !Number.isFinite(value)) return false;
  if (rule.min !== undefined && value < rule.min) return false;
  if (rule.above !== undefined && value <= rule.above) return false;
  return rule.max === undefined || value <= rule.max;
}

/** What an option takes, in words: `an integer >= 1`. */
export function expectedOf(facts: OptionFacts): string {
  return facts.expected ?? describeRule(facts.rule);
}

function describeRule(rule: OptionRule): string {
  switch (rule.kind) {
    case "boolean":
      return "true or false";
    case "json":
      return "JSON data: null, booleans, finite numbers, strings, arrays and plain objects";
    case "signal":
      return "an AbortSignal";
    case "string":
      return "a string";
    case "number":
      return describeNumber(rule);
    case "exactly":
      return JSON.stringify(rule.value);
    case "oneOf":
      return rule.rules.map(describeRule).join(" or ");
    case "record":
      return `an object whose values are ${describeRule(rule.values)}`;
    case "group":
      return "an object with options";
  }
}

function describeNumber({ integer, min, above, max }: OptionRule & { kind: "number" }): string {
  const noun = integer ? "an integer" : "a number";
  if (min !== undefined && max !== undefined) return `${noun} from ${min} to ${max}`;
  const bounds = [
    ...(min === undefined ? [] : [`>= ${min}`]),
    ...(above === undefined ? [] : [`> ${above}`]),
    ...(max === undefined ? [] : [`<= ${max}`]),
  ];
  return bounds.length === 0 ? noun : `${noun} ${bounds.join(" and ")}`;
}

/** Longest text of a value in a message, characters. */
const MAX_SHOWN = 80;

/** A value as a message shows it: `"two" (string)`, `3.5 (number)`, `an array`. */
export function showValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return `${shorten(JSON.stringify(value))} (string)`;
    case "number":
    case "boolean":
    case "bigint":
      return `${shorten(String(value))} (${typeof value})`;
    default:
      return typeName(value);
  }
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** The kind of a value without its content: `a string`, `an array`, `an instance of Map`. */
function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return `a ${typeof value}`;
  return isPlainObject(value) ? "an object" : `an instance of ${className(value)}`;
}

function className(value: object): string {
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "a class without a name";
}
