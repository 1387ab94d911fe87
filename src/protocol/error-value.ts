// Makes an Error again from its parts. Used for errors that are values and for causes of errors on the wire.
// Must not run anything from the sender; a known name picks the language's own class, any other is only a name.

const NATIVE: ReadonlyMap<string, ErrorConstructor> = new Map<string, ErrorConstructor>(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [
    type.name,
    type as ErrorConstructor,
  ]),
);

/** What an Error is made of on the wire. */
export interface ErrorParts {
  readonly name: string;
  readonly message: string;
  /** The sender's stack; without it the stack is `name: message`, because no frame of the reader is meaningful. */
  readonly stack?: string | undefined;
  /** Own data fields. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Present (also as undefined) when the error had a cause. */
  readonly cause?: unknown;
}

/** An Error with that name, message, stack, cause and own fields; never throws. */
export function reviveError(parts: ErrorParts): Error {
  const type = NATIVE.get(parts.name);
  const error = new (type ?? Error)(parts.message, "cause" in parts ? { cause: parts.cause } : undefined);
  if (type === undefined) define(error, "name", parts.name, false);
  define(error, "stack", parts.stack ?? `${parts.name}: ${parts.message}`, false);
  for (const key of Object.keys(parts.fields)) define(error, key, parts.fields[key], true);
  return error;
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
}
