// Turns an object of a config file into the options that code would have written. Pure.
//   R1  A null where the option itself takes none means its default: it is left out.
import { documentObject, type DocumentObject } from "./document.ts";
import type { OptionRule, OptionTable } from "./option-facts.ts";
import { OPTIONS } from "./options.generated.ts";
import type { JsonObject } from "./config-types.ts";

/** Python's levels, and ours below or equal to them. */
const LEVELS: Readonly<Record<string, string>> = {
  CRITICAL: "ERROR",
  FATAL: "ERROR",
  WARN: "WARNING",
  NOTSET: "DEBUG",
};

/** The options of a group as a config file has them, already read by `readObject`. */
export function documentOptions(group: keyof typeof OPTIONS, read: JsonObject): Record<string, unknown> {
  return optionsOf(documentObject(group), OPTIONS[group], read);
}

function optionsOf(object: DocumentObject, table: OptionTable, read: JsonObject): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(read)) {
    const field = object.fields.get(key);
    if (field === undefined || field.option === null) continue;
    const rule = table[field.option]?.rule;
    if (rule === undefined || (value === null && !takesNull(rule))) continue; // R1
    options[field.option] = valueOf(field.object, rule, value, field.form.convert === "levelName");
  }
  return options;
}

function valueOf(object: DocumentObject | undefined, rule: OptionRule, value: unknown, isLevel: boolean): unknown {
  if (isLevel) return LEVELS[value as string] ?? value;
  const table = object === undefined ? undefined : tableIn(rule);
  if (object === undefined || table === undefined || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => optionsOf(object, table, item as JsonObject));
  return optionsOf(object, table, value as JsonObject);
}

function tableIn(rule: OptionRule): OptionTable | undefined {
  if (rule.kind === "group") return rule.options;
  if (rule.kind === "array") return tableIn(rule.items);
  return rule.kind === "oneOf" ? rule.rules.map(tableIn).find((found) => found !== undefined) : undefined;
}

function takesNull(rule: OptionRule): boolean {
  if (rule.kind === "json") return true;
  return rule.kind === "oneOf" ? rule.rules.some(takesNull) : rule.kind === "exactly" && rule.value === null;
}
