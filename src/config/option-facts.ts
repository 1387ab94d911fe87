// What is known of an option at run time, as plain data: the shape of `options.generated.ts`. Written from the schemas,
// read by everything that may not load zod.

/**
 * What it costs to change an option of a running deployment (semantics D1): `live` touches no replica, `reconfigure`
 * tells the replicas in place, `restart` replaces them.
 */
export type UpdateCost = "live" | "reconfigure" | "restart";

/** Which values an option takes. */
export type OptionRule =
  | { readonly kind: "boolean" }
  /** JSON data of any depth. */
  | { readonly kind: "json" }
  | { readonly kind: "signal" }
  | { readonly kind: "string"; readonly pattern?: string }
  /** Finite; integers are safe ones. `above` is an exclusive lower bound. */
  | {
      readonly kind: "number";
      readonly integer: boolean;
      readonly min?: number;
      readonly above?: number;
      readonly max?: number;
    }
  | { readonly kind: "exactly"; readonly value: string | number | null }
  | { readonly kind: "array"; readonly items: OptionRule }
  | { readonly kind: "oneOf"; readonly rules: readonly OptionRule[] }
  | { readonly kind: "record"; readonly keys: OptionRule; readonly values: OptionRule }
  | { readonly kind: "group"; readonly group: string; readonly options: OptionTable };

/** How an option differs where a config file holds it. Without one the file has it as the code does, in snake_case. */
export interface FileForm {
  /** Code only. */
  readonly absent?: true;
  /** Whether the file takes null, where that is not as in code. */
  readonly nullable?: boolean;
  /** Whether the file must have it, where that is not as in code. */
  readonly required?: boolean;
  /** The default of the file, where that is another. */
  readonly default?: string;
  /** A number is a number, not a text or a boolean that looks like one. */
  readonly strict?: true;
  /** What the file's value goes through before it is checked. */
  readonly convert?: "levelName" | "lowerCase" | "distinct";
  /** Other values, as the file's. */
  readonly rule?: OptionRule;
}

/** One option: its values, its default, and what a reader needs to know. */
export interface OptionFacts {
  readonly rule: OptionRule;
  /** Absent: an option without default stays out of the resolved values. */
  readonly default?: unknown;
  /** The option must be given wherever its group is. */
  readonly required?: true;
  readonly text: string;
  /** `s`, `bytes`; null where a unit makes no sense. */
  readonly unit: string | null;
  readonly update: UpdateCost;
  /** Ray Serve's name for it; null where Ray has none. */
  readonly rayName: string | null;
  /** Version that brought it. */
  readonly since: string;
  /** In place of the words made from `rule`, where those would show a pattern. */
  readonly expected?: string;
  /** The value never appears in a message. */
  readonly secret?: true;
  /** TypeScript type of the resolved value, where `resolve.ts` makes another one of it. */
  readonly resolved?: string;
  readonly file?: FileForm;
}

/** Options by name. */
export type OptionTable = Readonly<Record<string, OptionFacts>>;

/** The rule of the group, or of the list of groups, that an option takes, null beside it or not. */
export function groupsIn(rule: OptionRule): (OptionRule & { kind: "group" | "array" }) | undefined {
  if (rule.kind === "oneOf") return rule.rules.map(groupsIn).find((found) => found !== undefined);
  if (rule.kind === "group") return rule;
  return rule.kind === "array" && groupsIn(rule.items) !== undefined ? rule : undefined;
}
