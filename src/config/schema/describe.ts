// Turns schemas and their docs into the plain data of `options.generated.ts`. Runs in scripts/docs-gen.ts and in tests.
//   R1  Every option has an entry in the registry.
//   R2  A schema that `OptionRule` cannot tell is refused, so that no bound gets lost on the way.
import { strict as assert } from "node:assert";
import { z } from "zod";
import type { OptionFacts, OptionRule, OptionTable } from "../option-facts.ts";
import { optionGroups } from "./groups.ts";
import { optionDocs } from "./option-docs.ts";

/** The options of one group as plain data. */
export function describeGroup(schema: z.ZodObject): OptionTable {
  return Object.fromEntries(Object.entries(schema.shape).map(([name, option]) => [name, describeOption(name, option)]));
}

function describeOption(name: string, option: z.core.$ZodType): OptionFacts {
  const doc = optionDocs.get(option);
  assert(doc !== undefined, `option ${name} is not registered (R1)`);
  const { schema, ...rest } = unwrap(option);
  return { rule: describeRule(schema), ...rest, ...doc };
}

/** The schema below `.default()`, `.prefault()` and `.optional()`, and the default; groups have none of their own. */
function unwrap(option: z.core.$ZodType): { schema: z.core.$ZodType; default?: unknown; required?: true } {
  if (option instanceof z.ZodDefault) return { schema: option.unwrap(), default: option.def.defaultValue };
  if (option instanceof z.ZodPrefault) return { schema: option.unwrap() };
  if (option instanceof z.ZodOptional) return { schema: option.unwrap() };
  return { schema: option, required: true };
}

function describeRule(schema: z.core.$ZodType): OptionRule {
  if (schema instanceof z.ZodObject) {
    const group = optionGroups.find((one) => one.schema === schema);
    assert(group !== undefined, "an option's object schema is a group of groups.ts (R2)");
    return { kind: "group", group: group.name, options: describeGroup(schema) };
  }
  if (schema instanceof z.ZodBoolean) return { kind: "boolean" };
  if (schema instanceof z.ZodUnknown) return { kind: "json" };
  if (schema instanceof z.ZodCustom) return { kind: "signal" };
  if (schema instanceof z.ZodString) return describeString(schema);
  if (schema instanceof z.ZodNumber) return describeNumber(schema);
  if (schema instanceof z.ZodNullable) {
    return { kind: "oneOf", rules: [describeRule(schema.unwrap()), { kind: "exactly", value: null }] };
  }
  if (schema instanceof z.ZodArray) return { kind: "array", items: describeRule(schema.element) };
  if (schema instanceof z.ZodUnion) return { kind: "oneOf", rules: schema.options.map(describeRule) };
  if (schema instanceof z.ZodEnum) {
    return { kind: "oneOf", rules: schema.options.map((value) => ({ kind: "exactly", value })) };
  }
  if (schema instanceof z.ZodLiteral) {
    return { kind: "exactly", value: z.union([z.string(), z.number()]).parse(schema.value) };
  }
  if (schema instanceof z.ZodRecord) {
    return { kind: "record", keys: describeRule(schema.keyType), values: describeRule(schema.valueType) };
  }
  assert.fail(`a ${schema._zod.def.type} has no OptionRule (R2)`);
}

function describeString(schema: z.ZodString): OptionRule {
  const { type: _type, $schema: _schema, pattern, minLength, ...unknown } = z.toJSONSchema(schema);
  assert(Object.keys(unknown).length === 0, `a string rule cannot tell ${Object.keys(unknown).join()} (R2)`);
  assert(pattern === undefined || minLength === undefined, "a string rule tells a pattern or a length (R2)");
  if (minLength !== undefined) return { kind: "string", pattern: `^[^]{${minLength},}$` };
  return pattern === undefined ? { kind: "string" } : { kind: "string", pattern };
}

function describeNumber(schema: z.ZodNumber): OptionRule {
  const {
    type,
    $schema: _schema,
    minimum: min,
    exclusiveMinimum: above,
    maximum: max,
    ...unknown
  } = z.toJSONSchema(schema);
  assert(Object.keys(unknown).length === 0, `a number rule cannot tell ${Object.keys(unknown).join()} (R2)`);
  return {
    kind: "number",
    integer: type === "integer",
    ...(min === undefined || min === Number.MIN_SAFE_INTEGER ? {} : { min }),
    ...(typeof above === "number" ? { above } : {}),
    ...(max === undefined || max === Number.MAX_SAFE_INTEGER ? {} : { max }),
  };
}
