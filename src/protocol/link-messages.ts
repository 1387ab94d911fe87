// Payloads of the frames around calls: CHALLENGE, HELLO, CLOSE, and REQUEST, REPLY, NOTIFY of control links.
// Writers append to a frame that is open in the writer; readers are total: undefined means malformed.
//   L1  Each is one msgpack array with fixed positions; readers ignore positions of a later version at the end.
//   L2  Bodies are plain values: no handles, no streams.
import { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { readValue } from "./decode-value.ts";
import { encodeValue } from "./encode-value.ts";
import {
  readArrayHeader,
  readBinary,
  readBoolean,
  readInteger,
  readString,
  readStrings,
  writeArrayHeader,
  writeBinary,
  writeBoolean,
  writeNumber,
  writeString,
  writeStrings,
} from "./msgpack.ts";
import { plainHooks, plainRevivers } from "./value-hooks.ts";

/** Version that this code speaks. A peer with a higher one may send frame types that are ignored. */
export const PROTOCOL_VERSION = 1;

/** First word of the acceptor. */
export interface Challenge {
  readonly version: number;
  /** Random bytes that the dialer's proof covers. */
  readonly nonce: Uint8Array;
}

/** Who a peer is, with the proof that it knows the token. Both directions have this layout. */
export interface Hello {
  readonly version: number;
  /** What kind of program: one of `Role` in control.ts. */
  readonly role: string;
  readonly id: string;
  /** Start number of that id; a higher one replaces a lower one. */
  readonly epoch: number;
  readonly capabilities: readonly string[];
  /** The dialer's random bytes; empty in the acceptor's HELLO. */
  readonly nonce: Uint8Array;
  /** HMAC-SHA256 keyed with the token; what it covers is in docs/reference/protocol.md. */
  readonly mac: Uint8Array;
}

export function writeChallenge(writer: ByteWriter, version: number, nonce: Uint8Array): void {
  writeArrayHeader(writer, 2);
  writeNumber(writer, version);
  writeBinary(writer, nonce);
}

export function readChallenge(bytes: Uint8Array, offset: number, end: number): Challenge | undefined {
  const reader = openArray(bytes, offset, end, 2);
  const version = readInteger(reader);
  const nonce = readBinary(reader);
  return reader.fault === undefined ? { version, nonce } : undefined;
}

export function writeHello(writer: ByteWriter, hello: Hello): void {
  writeArrayHeader(writer, 7);
  writeNumber(writer, hello.version);
  writeString(writer, hello.role);
  writeString(writer, hello.id);
  writeNumber(writer, hello.epoch);
  writeStrings(writer, hello.capabilities);
  writeBinary(writer, hello.nonce);
  writeBinary(writer, hello.mac);
}

export function readHello(bytes: Uint8Array, offset: number, end: number): Hello | undefined {
  const reader = openArray(bytes, offset, end, 7);
  const version = readInteger(reader);
  const role = readString(reader);
  const id = readString(reader);
  const epoch = readInteger(reader);
  const capabilities = readStrings(reader);
  const nonce = readBinary(reader);
  const mac = readBinary(reader);
  return reader.fault === undefined ? { version, role, id, epoch, capabilities, nonce, mac } : undefined;
}

/** Why a connection ends. */
export interface Close {
  /** A code of errors, or CLOSED for an ordinary end. */
  readonly code: string;
  readonly message: string;
}

export function writeClose(writer: ByteWriter, code: string, message: string): void {
  writeArrayHeader(writer, 2);
  writeString(writer, code);
  writeString(writer, message);
}

export function readClose(bytes: Uint8Array, offset: number, end: number): Close | undefined {
  const reader = openArray(bytes, offset, end, 2);
  const code = readString(reader);
  const message = readString(reader);
  return reader.fault === undefined ? { code, message } : undefined;
}

/** @throws {SerializationError} the body cannot cross; give the frame up */
export function writeRequest(writer: ByteWriter, method: string, body: unknown): void {
  writeArrayHeader(writer, 2);
  writeString(writer, method);
  encodeValue(writer, body, plainHooks, method);
}

export function readRequest(
  bytes: Uint8Array,
  offset: number,
  end: number,
): { readonly method: string; readonly body: unknown } | undefined {
  const reader = openArray(bytes, offset, end, 2);
  const method = readString(reader);
  const body = readValue(reader, plainRevivers);
  return reader.fault === undefined ? { method, body } : undefined;
}

/** @throws {SerializationError} the value cannot cross; give the frame up */
export function writeReplyValue(writer: ByteWriter, value: unknown): void {
  writeArrayHeader(writer, 2);
  writeBoolean(writer, true);
  encodeValue(writer, value, plainHooks, "reply");
}

/** REPLY of a request that failed; `write` appends the error (error-wire.ts). */
export function writeReplyError(writer: ByteWriter, write: (writer: ByteWriter) => void): void {
  writeArrayHeader(writer, 2);
  writeBoolean(writer, false);
  write(writer);
}

/** An answer, or where in the bytes the error begins that `readError` reads. */
export type Reply = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly errorAt: number };

export function readReply(bytes: Uint8Array, offset: number, end: number): Reply | undefined {
  const reader = openArray(bytes, offset, end, 2);
  const ok = readBoolean(reader);
  if (!ok) return reader.fault === undefined ? { ok, errorAt: reader.at } : undefined;
  const value = readValue(reader, plainRevivers);
  return reader.fault === undefined ? { ok, value } : undefined;
}

/** @throws {SerializationError} the body cannot cross; give the frame up */
export function writeNotify(writer: ByteWriter, topic: string, body: unknown): void {
  writeArrayHeader(writer, 2);
  writeString(writer, topic);
  encodeValue(writer, body, plainHooks, topic);
}

export function readNotify(
  bytes: Uint8Array,
  offset: number,
  end: number,
): { readonly topic: string; readonly body: unknown } | undefined {
  const reader = openArray(bytes, offset, end, 2);
  const topic = readString(reader);
  const body = readValue(reader, plainRevivers);
  return reader.fault === undefined ? { topic, body } : undefined;
}

/** A reader behind the header of an array of at least `positions`. */
function openArray(bytes: Uint8Array, offset: number, end: number, positions: number): ByteReader {
  const reader = new ByteReader(bytes, offset, end);
  if (readArrayHeader(reader) < positions) reader.fail(`${positions} positions were expected`);
  return reader;
}
