// What pydantic's lax mode makes of a value before it is checked: Ray takes `"8000"` for a number and `"yes"` for true.
// Nothing is refused here: a value that cannot be converted comes back as it is. Pure.
import { matches } from "./check-rule.ts";
import { isPlainObject } from "./json-value.ts";
import type { FileForm, OptionRule } from "./option-facts.ts";

/** The value as its rule wants it, if it can be read as such. */
export function coerce(rule: OptionRule, value: unknown): unknown {
  switch (rule.kind) {
    case "number":
      return toNumber(value, rule.integer);
    case "boolean":
      return toBoolean(value);
    case "array":
      return Array.isArray(value) ? value.map((item) => coerce(rule.items, item)) : value;
    case "record":
      if (typeof value !== "object" || value === null || !isPlainObject(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, coerce(rule.values, item)]));
    case "oneOf":
      if (matches(rule, value)) return value;
      return rule.rules.map((one) => coerce(one, value)).find((one) => matches(rule, one)) ?? value;
    default:
      return value;
  }
}

const INTEGER = /^[+-]?\d+(?:_\d+)*(?:\.0+)?$/;
const NUMBER = /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+)?$/i;

function toNumber(value: unknown, integer: boolean): unknown {
  if (typeof value === "boolean") return Number(value);
  if (typeof value !== "string") return value;
  const text = value.trim();
  return (integer ? INTEGER : NUMBER).test(text) ? Number(text.replaceAll("_", "")) : value;
}

const TRUE = new Set(["1", "on", "t", "true", "y", "yes"]);
const FALSE = new Set(["0", "off", "f", "false", "n", "no"]);

function toBoolean(value: unknown): unknown {
  if (value === 1 || value === 0) return value === 1;
  if (typeof value !== "string") return value;
  const text = value.toLowerCase();
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : value;
}

/** Python's levels by number, which Ray turns into their names. */
const LEVEL_NAMES: ReadonlyMap<unknown, string> = new Map([
  [50, "CRITICAL"],
  [40, "ERROR"],
  [30, "WARNING"],
  [20, "INFO"],
  [10, "DEBUG"],
  [0, "NOTSET"],
]);

/** What Ray's own validators make of a value, beyond its type. */
export function convert(kind: FileForm["convert"], value: unknown): unknown {
  switch (kind) {
    case "levelName":
      return LEVEL_NAMES.get(value) ?? value;
    case "lowerCase":
      return typeof value === "string" ? value.toLowerCase() : value;
    case "distinct":
      return Array.isArray(value) ? [...new Set<unknown>(value)] : value;
    case undefined:
      return value;
  }
}
