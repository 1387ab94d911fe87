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
  const fault = faultOf(facts.rule, value, facts.secret === true ? typeName : showValue);
  if (fault === undefined || (fault.path !== "" && !fault.isKey)) return fault;
  return facts.rule.kind === "json" ? fault : { ...fault, expected: expectedOf(facts) };
}

interface FoundFault extends Fault {
  /** True: not the value but its name is wrong. */
  readonly isKey?: boolean;
}

function faultOf(rule: OptionRule, value: unknown, show: (value: unknown) => string): FoundFault | undefined {
  switch (rule.kind) {
    case "json": {
      const found = findNonJson(value);
      if (found === undefined) return undefined;
      return { path: found.path, received: found.words ?? show(found.value), expected: describeRule(rule) };
    }
    case "array":
      if (!Array.isArray(value)) break;
      return firstFault(value.entries(), (index, item) => within(`[${index}]`, faultOf(rule.items, item, show)));
    case "record":
      if (typeof value !== "object" || value === null || !isPlainObject(value)) break;
      return firstFault(Object.entries(value), (key, item) => {
        const received = `the name ${JSON.stringify(key)}`;
        const at = joinPath("", key);
        if (!matches(rule.keys, key)) return { path: at, received, expected: describeRule(rule.keys), isKey: true };
        return within(at, faultOf(rule.values, item, show));
      });
    case "oneOf": {
      if (matches(rule, value)) return undefined;
      const inside = rule.rules.map((one) => faultOf(one, value, show)).find((fault) => fault?.path !== "");
      if (inside !== undefined) return inside;
      break;
    }
    default:
      if (matches(rule, value)) return undefined;
  }
  const isOtherText = rule.kind === "string" && typeof value === "string";
  const expected = isOtherText ? `a string that matches ${rule.pattern}` : describeRule(rule);
  return { path: "", received: show(value), expected };
}

function firstFault<K>(
  entries: Iterable<[K, unknown]>,
  check: (key: K, item: unknown) => FoundFault | undefined,
): FoundFault | undefined {
  for (const [key, item] of entries) {
    const fault = check(key, item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function within(path: string, fault: FoundFault | undefined): FoundFault | undefined {
  return fault && { ...fault, path: path + fault.path };
}

/** True when a value keeps a rule; groups never do, they are the business of `checkOptions`. */
export function matches(rule: OptionRule, value: unknown): boolean {
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
    case "array":
    case "record":
      return faultOf(rule, value, typeName) === undefined;
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
    case "array":
      return `a list, each item ${describeRule(rule.items)}`;
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
