// Reads one object of a config file by its shape: converts values as pydantic's lax mode does, checks them, and names
// unknown keys. Pure.
//   R1  The first fault is thrown, in the order of writing; what is missing comes last.
//   R2  The result holds what was set and is known, in the file's names; the document itself is not changed.
//   R3  An unknown key is a warning with the nearest known key, or an error where Ray refuses it.
import { ConfigError } from "../core/errors.ts";
import { checkValue, expectedOf, showValue } from "./check-rule.ts";
import { coerce, convert } from "./coerce.ts";
import type { DocumentField, DocumentObject } from "./document.ts";
import { findNonJson, isPlainObject, joinPath } from "./json-value.ts";
import { toCamelCase } from "./names.ts";
import { nearestKey } from "./nearest-key.ts";

/**
 * Reads an object.
 * @param path where it stands: `applications[0]`; "" is the document itself
 * @param warnings gets a sentence for each unknown key
 * @throws {ConfigError}
 */
export function readObject(
  object: DocumentObject,
  value: unknown,
  path: string,
  warnings: string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || !isPlainObject(value)) {
    throw new ConfigError({ path: path || "config", received: showValue(value), expected: "an object" });
  }
  const read: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    const at = fieldPath(path, key);
    const field = object.fields.get(key);
    if (field !== undefined) read.push([key, readField(field, item, at, warnings)]);
    else if (object.unknownKeys === "keep") read.push([key, readFree(item, at)]);
    else noteUnknown(object, key, at, warnings);
  }
  for (const [key, { facts }] of object.fields) {
    if (facts.required !== true || Object.hasOwn(value, key)) continue;
    throw new ConfigError({ path: fieldPath(path, key), received: "nothing", expected: wordsOf(facts) });
  }
  return Object.fromEntries(read);
}

function readField(field: DocumentField, value: unknown, path: string, warnings: string[]): unknown {
  const { facts, form, object } = field;
  if (object !== undefined && value !== null) {
    if (!takesList(field)) return readObject(object, value, path, warnings);
    if (Array.isArray(value)) {
      return value.map((item, index) => readObject(object, item, `${path}[${index}]`, warnings));
    }
  }
  const lax = form.strict === true ? value : coerce(facts.rule, value);
  const read = convert(form.convert, lax);
  const fault = checkValue(facts, read);
  if (fault === undefined) return read;
  const received = fault.path === "" && facts.secret !== true ? showValue(value) : fault.received;
  throw new ConfigError({
    path: path + fault.path,
    received,
    expected: fault.path === "" ? wordsOf(facts) : fault.expected,
  });
}

function takesList({ facts: { rule } }: DocumentField): boolean {
  return rule.kind === "array" || (rule.kind === "oneOf" && rule.rules.some(({ kind }) => kind === "array"));
}

function readFree(value: unknown, path: string): unknown {
  const found = findNonJson(value);
  if (found === undefined) return value;
  throw new ConfigError({
    path: path + found.path,
    received: found.words ?? showValue(found.value),
    expected: "JSON data",
  });
}

/** Objects of a file have no options in it, but fields. */
function wordsOf(facts: DocumentField["facts"]): string {
  return expectedOf(facts).replaceAll("an object with options", "an object");
}

function noteUnknown(
  { fields, unknownKeys, codeOnly }: DocumentObject,
  key: string,
  path: string,
  warnings: string[],
): void {
  const known = [...fields.keys()];
  const nearest = known.find((name) => toCamelCase(name) === nearestKey(key, known.map(toCamelCase)));
  if (unknownKeys === "refuse") {
    const fault = { path, received: "an unknown key", expected: `one of ${known.join(", ")}` };
    throw new ConfigError(nearest === undefined ? fault : { ...fault, nearest });
  }
  if (codeOnly.has(key)) warnings.push(`${path}: ignored, because only code can set it`);
  else warnings.push(`${path}: unknown key${nearest === undefined ? "" : `; did you mean ${nearest}?`}`);
}

function fieldPath(path: string, key: string): string {
  const at = joinPath(path, key);
  return path === "" && at.startsWith(".") ? at.slice(1) : at;
}
