// `appBuilder()`: a function that makes an application out of arguments, which are checked before it sees them.
//   R1  Any library that follows Standard Schema will do (zod, valibot, arktype); none is loaded here.
import { showValue } from "../config/check-rule.ts";
import { ConfigError } from "../core/errors.ts";
import type { Application } from "./types.ts";

/** What a schema of any library offers (standardschema.dev, version 1), as far as it is used here. */
export interface ArgsSchema<Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly validate: (value: unknown) => CheckedArgs<Output> | Promise<CheckedArgs<Output>>;
  };
}

/** A schema's verdict: the value as the schema completed it, or what is wrong. */
export type CheckedArgs<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly ArgsIssue[] };

/** One thing that is wrong, and where. */
export interface ArgsIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** An export that a config file's `args`, or `key=value` of the command, are given to. */
export type AppBuilder<T> = (args?: unknown) => Promise<Application<T>>;

/**
 * Makes an application builder whose arguments are checked: by a config file's `args`, by `manta run file.ts:build size=3`,
 * and by a call of your own.
 * @param schema of the arguments, which arrive as one object
 * @param fn gets the arguments as the schema completed them
 * @throws {ConfigError} (the builder, when called) naming the path of the wrong argument: `args.model.size`
 */
export function appBuilder<Output, T>(
  schema: ArgsSchema<Output>,
  fn: (args: Output) => Application<T> | Promise<Application<T>>,
): AppBuilder<T> {
  const standard: unknown = (schema as Partial<ArgsSchema<Output>> | null | undefined)?.["~standard"];
  if (typeof standard !== "object" || standard === null) {
    const expected = "a schema of zod or another library that follows Standard Schema";
    throw new ConfigError({ path: "appBuilder(schema, fn)", received: showValue(schema), expected });
  }
  return async (args = {}) => {
    const checked = await schema["~standard"].validate(args);
    if (checked.issues !== undefined) throw wrongArgs(args, checked.issues);
    return fn(checked.value);
  };
}

function wrongArgs(args: unknown, issues: readonly ArgsIssue[]): ConfigError {
  const [first, ...others] = issues.map(({ message, path = [] }) => {
    const keys = path.map((step) => (typeof step === "object" ? step.key : step));
    return {
      path: ["args", ...keys.map(String)].join("."),
      received: showValue(valueAt(args, keys)),
      expected: `what the schema allows: ${message}`,
    };
  });
  const more = others.map((other) => `; ${other.path}: ${other.expected}`).join("");
  const { path, received, expected } = first ?? {
    path: "args",
    received: showValue(args),
    expected: "other arguments",
  };
  return new ConfigError({ path, received, expected: `${expected}${more}` });
}

function valueAt(value: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce((at: unknown, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
}
