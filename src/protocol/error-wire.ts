// The only place that knows how a ServeError crosses: a map of code, message, retryable, details and cause.
// Must not fail on an error that holds odd things: what cannot cross is left out, what is too long is cut.
//   E1  Details and fields are kept one by one: one that cannot cross does not cost the others.
//   E2  A stack is cut at 16 KiB, a message at 64 KiB, a chain of causes after 8.
//   E3  The reader is total: bytes that are no error become a PROTOCOL error that says so.
import { describeThrown, reviveServeError, ServeError, type ErrorDetails } from "../core/errors.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { readValue } from "./decode-value.ts";
import { encodeValue, errorFields } from "./encode-value.ts";
import { reviveError } from "./error-value.ts";
import { plainHooks, plainRevivers } from "./value-hooks.ts";
import { encodeToBytes } from "./values.ts";

/** Longest stack that crosses, in characters (E2). */
const MAX_STACK = 16 * 1024;
/** Longest message that crosses, in characters (E2). */
const MAX_MESSAGE = 64 * 1024;
/** Longest single detail or field, encoded, in bytes. */
const MAX_FIELD_BYTES = 64 * 1024;
/** Longest chain of causes (E2). */
const MAX_CAUSES = 8;

type Fields = Record<string, unknown>;

/** Writes an error as one msgpack map; never throws. */
export function writeError(writer: ByteWriter, error: ServeError): void {
  try {
    encodeValue(writer, describe(error), plainHooks, "error");
  } catch (reason) {
    // The frame is open: whatever the error does when it is read, it must be completed.
    const message = `an error that cannot be read (${cut(describeThrown(reason), MAX_STACK)})`;
    encodeValue(writer, { code: "INTERNAL", message, retryable: false, details: {} }, plainHooks, "error");
  }
}

function describe(error: ServeError): Fields {
  const { code, retryable } = error;
  const wire: Fields = {
    code,
    message: cut(error.message, MAX_MESSAGE),
    retryable,
    details: keepFields(error.details, Object.keys(error.details)),
  };
  if (Object.hasOwn(error, "cause")) describeCause(wire, error.cause, MAX_CAUSES);
  return wire;
}

/** Adds `cause` (an Error) or `thrown` (any other value) to the map of the error that it caused. */
function describeCause(wire: Fields, cause: unknown, causesLeft: number): void {
  if (causesLeft === 0) return;
  if (!(cause instanceof Error)) {
    wire["thrown"] = canCross(cause) ? cause : cut(describeThrown(cause), MAX_MESSAGE);
    return;
  }
  try {
    const parts: Fields = {
      name: cut(String(cause.name), MAX_STACK),
      message: cut(String(cause.message), MAX_MESSAGE),
      stack: cut(String(cause.stack), MAX_STACK),
      fields: keepFields(cause as unknown as Fields, errorFields(cause)),
    };
    if (Object.hasOwn(cause, "cause")) describeCause(parts, cause.cause, causesLeft - 1);
    wire["cause"] = parts;
  } catch (reason) {
    wire["thrown"] = `an error that cannot be read (${cut(describeThrown(reason), MAX_STACK)})`;
  }
}

function keepFields(source: Readonly<Fields>, keys: readonly string[]): Fields {
  // Own properties only: a key of `__proto__` must not change the copy.
  const kept = Object.create(null) as Fields;
  for (const key of keys) {
    if (!key.isWellFormed()) continue;
    try {
      const value = source[key];
      if (canCross(value)) kept[key] = value;
    } catch {
      // An accessor that throws: that field has nothing to tell.
    }
  }
  return kept;
}

function canCross(value: unknown): boolean {
  try {
    return encodeToBytes(value, plainHooks, "error").length <= MAX_FIELD_BYTES;
  } catch {
    return false;
  }
}

function cut(text: string, limit: number): string {
  return (text.length > limit ? `${text.slice(0, limit)} ...` : text).toWellFormed();
}

/** Reads what `writeError`, or another language, wrote; never throws (E3). */
export function readError(bytes: Uint8Array, offset: number, end: number): ServeError {
  const reader = new ByteReader(bytes, offset, end);
  const wire = readValue(reader, plainRevivers);
  if (reader.fault !== undefined) return malformed(reader.fault);
  if (!isPlain(wire) || typeof wire["code"] !== "string" || typeof wire["message"] !== "string")
    return malformed("it has no code and message");
  const { code, message, details } = wire;
  const data = {
    code,
    message,
    retryable: wire["retryable"] === true,
    details: (isPlain(details) ? details : {}) as ErrorDetails,
  };
  return reviveServeError(hasCause(wire) ? { ...data, cause: reviveCause(wire) } : data);
}

function malformed(why: string): ServeError {
  return new ServeError("PROTOCOL", `the peer sent an error that cannot be read: ${why}`);
}

function hasCause(wire: Fields): boolean {
  return isPlain(wire["cause"]) || Object.hasOwn(wire, "thrown");
}

function reviveCause(wire: Fields): unknown {
  const parts = wire["cause"];
  if (!isPlain(parts)) return wire["thrown"];
  const text = (key: string): string => (typeof parts[key] === "string" ? parts[key] : "");
  const fields = isPlain(parts["fields"]) ? parts["fields"] : {};
  const own = { name: text("name"), message: text("message"), stack: text("stack"), fields };
  return reviveError(hasCause(parts) ? { ...own, cause: reviveCause(parts) } : own);
}

function isPlain(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
