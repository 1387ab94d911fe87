// The shape of config files, made of the option tables: what an option is called there, and which values it takes.
// Nothing here is a list of options. Pure.
//   R1  A file's name is Ray's, or the option's in snake_case where Ray has none.
//   R2  `resources` and `runtimeEnv` of a deployment are one object, `ray_actor_options`, the one exception of names.ts.
import { RAY_ACTOR_OPTIONS, toSnakeCase } from "./names.ts";
import type { FileForm, OptionFacts, OptionRule, OptionTable } from "./option-facts.ts";
import { OPTIONS } from "./options.generated.ts";

/** A group of options as an object of a config file. */
export interface DocumentObject {
  readonly group: string;
  /** By the name in the file. */
  readonly fields: ReadonlyMap<string, DocumentField>;
  /** What becomes of a key that is none of `fields`. */
  readonly unknownKeys: "warn" | "refuse" | "keep";
  /** Names that only code has. */
  readonly codeOnly: ReadonlySet<string>;
}

/** One field of such an object. */
export interface DocumentField {
  /** Name of the option in code; null: the field holds several options. */
  readonly option: string | null;
  /** `rule` holds what a file may say. */
  readonly facts: OptionFacts;
  readonly form: FileForm;
  /** The object, or the objects in a list, that the field holds. */
  readonly object: DocumentObject | undefined;
}

/** Objects in which Ray refuses unknown keys (reference 2.1, 2.4, 2.5). */
const REFUSING: ReadonlySet<string> = new Set([
  "backpressure",
  "logging",
  "tracing",
  "controller",
  "controllerEnv",
  "fallback",
]);
/** Objects of which Ray knows more keys than Manta; each engine sees what it can honour. */
const KEEPING: ReadonlySet<string> = new Set(["runtimeEnv"]);

const NULL: OptionRule = { kind: "exactly", value: null };
const cache = new Map<string, DocumentObject>();

/** How the options of a group look in a config file. @param group a name of `OPTIONS` */
export function documentObject(group: keyof typeof OPTIONS): DocumentObject {
  return objectOf(group, OPTIONS[group]);
}

/** `documentObject` for a table of options that is not generated yet. */
export function objectOf(group: string, table: OptionTable): DocumentObject {
  const known = cache.get(group);
  if (known !== undefined) return known;
  const inFile = Object.entries(table).filter(([, { file }]) => file?.absent !== true);
  const fields = new Map(inFile.map(([option, facts]) => [fileName(option, facts), fieldOf(option, facts)]));
  const actor = fields.get(RAY_ACTOR_OPTIONS.snake);
  const env = fields.get("runtime_env");
  if (actor?.object !== undefined && env !== undefined) {
    fields.delete("runtime_env"); // R2
    const object = { ...actor.object, fields: new Map([...actor.object.fields, ["runtime_env", env]]) };
    fields.set(RAY_ACTOR_OPTIONS.snake, { ...actor, option: null, object });
  }
  const codeOnly = new Set(
    Object.keys(table)
      .filter((option) => table[option]?.file?.absent)
      .map(toSnakeCase),
  );
  const unknownKeys = REFUSING.has(group) ? "refuse" : KEEPING.has(group) ? "keep" : "warn";
  const object: DocumentObject = { group, fields, unknownKeys, codeOnly };
  cache.set(group, object);
  return object;
}

/** R1. `ray_actor_options.runtime_env` is called `runtime_env` inside its object. */
function fileName(option: string, { rayName }: OptionFacts): string {
  return rayName?.split(".").at(-1) ?? toSnakeCase(option);
}

function fieldOf(option: string, facts: OptionFacts): DocumentField {
  const form = facts.file ?? {};
  const { required: inCode, expected: words, ...rest } = facts;
  const rule = nullable(form.rule ?? facts.rule, form.nullable);
  const required = form.required ?? inCode ?? false;
  const hasOwnWords = words !== undefined && form.rule === undefined && form.nullable === undefined;
  return {
    option,
    facts: { ...rest, rule, ...(required && { required }), ...(hasOwnWords && { expected: words }) },
    form,
    object: groupRule(rule),
  };
}

function nullable(rule: OptionRule, wanted: boolean | undefined): OptionRule {
  if (wanted === undefined) return rule;
  const rules = (rule.kind === "oneOf" ? rule.rules : [rule]).filter((one) => !isNull(one));
  if (wanted) return { kind: "oneOf", rules: [...rules, NULL] };
  const [only, ...more] = rules;
  return only !== undefined && more.length === 0 ? only : { kind: "oneOf", rules };
}

function isNull(rule: OptionRule): boolean {
  return rule.kind === "exactly" && rule.value === null;
}

function groupRule(rule: OptionRule): DocumentObject | undefined {
  if (rule.kind === "group") return objectOf(rule.group, rule.options);
  if (rule.kind === "array") return groupRule(rule.items);
  return rule.kind === "oneOf" ? rule.rules.map(groupRule).find((found) => found !== undefined) : undefined;
}
