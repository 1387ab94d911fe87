// Reads one value that `encodeValue`, or another language, wrote.
// Total: no input makes it throw, recurse deeper than MAX_DEPTH or take memory out of proportion to its length.
//   D1  Containers grow with what was really read; an announced count is only compared with the bytes left.
//   D2  Bytes are copied out of the input, which is a socket's memory.
//   D3  An extension's payload must be used up exactly.
//   D4  Duplicate keys: the last wins. An own `__proto__` key stays an own key.
import { describeThrown } from "../core/errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { reviveError } from "./error-value.ts";
import { EXT, MAX_DEPTH, viewConstructor } from "./ext.ts";
import {
  readArrayHeader,
  readBoolean,
  readInteger,
  readMapHeader,
  readNumberTag,
  readString,
  readStrings,
} from "./msgpack.ts";
import type { HandleRef, Revivers } from "./value-hooks.ts";

/** A decoded value and where it ended, or why there is none. */
export type Decoded =
  | { readonly ok: true; readonly value: unknown; readonly end: number }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads the value that begins at `offset`; never throws.
 * @param end index after the last byte that may be read; the value may end before it
 */
export function decodeValue(bytes: Uint8Array, offset: number, end: number, revivers: Revivers): Decoded {
  const reader = new ByteReader(bytes, offset, end);
  const value = readValue(reader, revivers);
  return reader.fault === undefined ? { ok: true, value, end: reader.at } : { ok: false, reason: reader.fault };
}

/** The value at the reader's place; what is wrong with it is the reader's fault. */
export function readValue(reader: ByteReader, revivers: Revivers): unknown {
  try {
    return readAny(reader, revivers, 0);
  } catch (reason) {
    // A reviver, or a constructor of the platform that is stricter than the format: a Request with a bad URL.
    reader.fail(describeThrown(reason));
    return undefined;
  }
}

function readAny(r: ByteReader, revivers: Revivers, depth: number): unknown {
  const tag = r.u8();
  if (tag < 0x80 || tag >= 0xe0) return tag < 0x80 ? tag : tag - 0x100;
  if (tag < 0x90) return readPlain(r, revivers, depth, tag & 0x0f);
  if (tag < 0xa0) return readArray(r, revivers, depth, tag & 0x0f);
  if (tag < 0xc0) return r.text(tag & 0x1f);
  switch (tag) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
      return r.copy(r.u8());
    case 0xc5:
      return r.copy(r.u16BE());
    case 0xc6:
      return r.copy(r.u32BE());
    case 0xc7:
      return readExt(r, revivers, depth, r.u8());
    case 0xc8:
      return readExt(r, revivers, depth, r.u16BE());
    case 0xc9:
      return readExt(r, revivers, depth, r.u32BE());
    case 0xd4:
      return readExt(r, revivers, depth, 1);
    case 0xd5:
      return readExt(r, revivers, depth, 2);
    case 0xd6:
      return readExt(r, revivers, depth, 4);
    case 0xd7:
      return readExt(r, revivers, depth, 8);
    case 0xd8:
      return readExt(r, revivers, depth, 16);
    case 0xd9:
      return r.text(r.u8());
    case 0xda:
      return r.text(r.u16BE());
    case 0xdb:
      return r.text(r.u32BE());
    case 0xdc:
      return readArray(r, revivers, depth, r.u16BE());
    case 0xdd:
      return readArray(r, revivers, depth, r.u32BE());
    case 0xde:
      return readPlain(r, revivers, depth, r.u16BE());
    case 0xdf:
      return readPlain(r, revivers, depth, r.u32BE());
    case 0xc1:
      return r.fail("byte c1 is not msgpack");
    default:
      return readNumberTag(r, tag);
  }
}

/** True when a container of `count` things of at least `bytesEach` bytes may be read here; otherwise a fault (D1). */
function mayEnter(r: ByteReader, depth: number, count: number, bytesEach: number): boolean {
  if (depth >= MAX_DEPTH) r.fail(`nested deeper than ${MAX_DEPTH} levels`);
  else if (count * bytesEach > r.left) r.fail("announces more than it holds");
  return r.fault === undefined;
}

function readArray(r: ByteReader, revivers: Revivers, depth: number, count: number): unknown[] {
  const list: unknown[] = [];
  if (!mayEnter(r, depth, count, 1)) return list;
  for (let i = 0; i < count && r.fault === undefined; i++) list.push(readAny(r, revivers, depth + 1));
  return list;
}

function readPlain(r: ByteReader, revivers: Revivers, depth: number, count: number): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  if (!mayEnter(r, depth, count, 2)) return object;
  for (let i = 0; i < count && r.fault === undefined; i++) {
    const key = readString(r);
    const value = readAny(r, revivers, depth + 1);
    if (key === "__proto__")
      Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
    else object[key] = value;
  }
  return object;
}

function readExt(r: ByteReader, revivers: Revivers, depth: number, length: number): unknown {
  const type = r.u8();
  if (length > r.left) return r.fail("announces more than it holds");
  const outerEnd = r.end;
  r.end = r.at + length;
  const value = readExtPayload(r, revivers, depth, type);
  if (r.fault === undefined && r.at !== r.end) r.fail(`extension ${type} is longer than its content`);
  r.end = outerEnd;
  if (r.fault !== undefined) r.at = outerEnd;
  return value;
}

function readExtPayload(r: ByteReader, revivers: Revivers, depth: number, type: number): unknown {
  switch (type) {
    case EXT.undefined:
      return undefined;
    case EXT.bigint:
      return readBigint(r);
    case EXT.date:
      return new Date(r.f64BE());
    case EXT.map:
      return readMap(r, revivers, depth);
    case EXT.set:
      return readSet(r, revivers, depth);
    case EXT.error:
      return readErrorValue(r, revivers, depth);
    case EXT.arrayBuffer:
      return r.copy(r.left).buffer;
    case EXT.typedArray:
      return readTypedArray(r);
    case EXT.request:
      return readRequest(r, revivers);
    case EXT.response:
      return readResponse(r, revivers);
    case EXT.handle:
      return readHandle(r, revivers, depth);
    default:
      return r.fail(`extension ${type} is unknown`);
  }
}

function readBigint(r: ByteReader): bigint {
  const sign = r.u8();
  if (sign > 1) r.fail("a bigint has a sign of 0 or 1");
  const magnitude = r.view(r.left);
  if (magnitude.length === 0) return 0n;
  const digits: string[] = new Array<string>(magnitude.length);
  for (let i = 0; i < magnitude.length; i++) digits[i] = (magnitude[i] as number).toString(16).padStart(2, "0");
  const value = BigInt(`0x${digits.join("")}`);
  return sign === 1 ? -value : value;
}

function readMap(r: ByteReader, revivers: Revivers, depth: number): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  const count = readArrayHeader(r);
  if (!mayEnter(r, depth, count, 1)) return map;
  if (count % 2 !== 0) r.fail("a Map has a key without a value");
  for (let i = 0; i < count && r.fault === undefined; i += 2) {
    const key = readAny(r, revivers, depth + 1);
    map.set(key, readAny(r, revivers, depth + 1));
  }
  return map;
}

function readSet(r: ByteReader, revivers: Revivers, depth: number): Set<unknown> {
  const set = new Set<unknown>();
  const count = readArrayHeader(r);
  if (!mayEnter(r, depth, count, 1)) return set;
  for (let i = 0; i < count && r.fault === undefined; i++) set.add(readAny(r, revivers, depth + 1));
  return set;
}

/** The header of an extension that is an array of a known number of parts. */
function expectParts(r: ByteReader, count: number): void {
  if (readArrayHeader(r) !== count) r.fail(`${count} parts were expected`);
}

function readErrorValue(r: ByteReader, revivers: Revivers, depth: number): Error | undefined {
  expectParts(r, 5);
  if (!mayEnter(r, depth, 5, 1)) return undefined;
  const name = readString(r);
  const message = readString(r);
  const hasCause = readBoolean(r);
  const cause = readAny(r, revivers, depth + 1);
  const fields = readPlain(r, revivers, depth, readMapHeader(r));
  return reviveError(hasCause ? { name, message, fields, cause } : { name, message, fields });
}

function readTypedArray(r: ByteReader): ArrayBufferView | undefined {
  const kind = r.u8();
  const type = viewConstructor(kind);
  if (type === undefined) r.fail(`typed array kind ${kind} is unknown here`);
  else if (r.left % (type.BYTES_PER_ELEMENT ?? 1) !== 0) r.fail(`${type.name} of ${r.left} bytes`);
  return type === undefined || r.fault !== undefined ? undefined : new type(r.copy(r.left).buffer);
}

function readRequest(r: ByteReader, revivers: Revivers): Request | undefined {
  expectParts(r, 4);
  const method = readString(r);
  const url = readString(r);
  const headers = readHeaders(r);
  const body = readBody(r, revivers);
  if (r.fault !== undefined) return undefined;
  // A variable, because the browser's types of RequestInit have no `duplex`.
  const streamed = { method, headers, body, duplex: "half" } as const;
  return new Request(url, body === null ? { method, headers } : streamed);
}

function readResponse(r: ByteReader, revivers: Revivers): Response | undefined {
  expectParts(r, 4);
  const status = readInteger(r);
  const statusText = readString(r);
  const headers = readHeaders(r);
  const body = readBody(r, revivers);
  return r.fault === undefined ? new Response(body, { status, statusText, headers }) : undefined;
}

function readHeaders(r: ByteReader): [string, string][] {
  const flat = readStrings(r);
  if (flat.length % 2 !== 0) r.fail("a header has no value");
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  return pairs;
}

function readBody(r: ByteReader, revivers: Revivers): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null {
  const body = readAny(r, revivers, MAX_DEPTH);
  if (body === null || body instanceof Uint8Array) return body as Uint8Array<ArrayBuffer> | null;
  if (typeof body !== "number" || !Number.isInteger(body) || body < 0)
    r.fail("a body is nil, bytes or a stream number");
  return r.fault === undefined ? revivers.body(body as number) : null;
}

function readHandle(r: ByteReader, revivers: Revivers, depth: number): unknown {
  expectParts(r, 3);
  if (!mayEnter(r, depth, 3, 1)) return undefined;
  const application = readString(r);
  const deployment = readString(r);
  const options = readAny(r, revivers, depth + 1);
  if (r.fault !== undefined) return undefined;
  const ref: HandleRef | undefined =
    options === null
      ? { application, deployment }
      : isOptions(options)
        ? { application, deployment, options }
        : undefined;
  return ref === undefined ? r.fail("handle options are a map or nil") : revivers.handle(ref);
}

function isOptions(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
