// Payloads of the frames of a call: CALL, ACCEPT, REJECT, RESULT, HEAD, ERROR, CANCEL, FREE. Those of its streams are in
// stream-messages.ts. Writers append to a frame that is open in the writer; readers are total: undefined means malformed.
//   C1  Metadata is a msgpack array with fixed positions. Later versions append positions; readers ignore what they
//       do not know at the end.
//   C2  A fixed part may be followed by bytes of a later version; readers ignore them where no body follows.
//   C3  Body bytes are never looked at here: they are `payload.subarray(at)` of the caller.
import { PRIORITIES, type Priority } from "../config/priorities.ts";
import type { CancelReason } from "../model/call.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import {
  readArrayHeader,
  readBoolean,
  readInteger,
  readOptionalString,
  readString,
  readStrings,
  writeArrayHeader,
  writeBoolean,
  writeNil,
  writeNumber,
  writeString,
  writeStrings,
} from "./msgpack.ts";
import { readValue } from "./decode-value.ts";
import { plainRevivers } from "./value-hooks.ts";

/** What a call carries: values (arguments in, values out) or an HTTP request. 2 is kept for WebSocket. */
export const CALL_KIND = { values: 0, http: 1 } as const;

/** Bit of `HttpCallMeta.flags`: the request runs on when the client leaves. */
export const HTTP_FLAG_KEEP_RUNNING = 1;
/** Bit of `flags`: the client asks for a WebSocket. Both bodies are socket messages. */
export const HTTP_FLAG_WEBSOCKET = 2;

/** Why a call was refused. */
export const REJECT_REASON = { full: 0, draining: 1 } as const;

/** Numbers of the reasons in CANCEL. */
export const CANCEL_REASON = { "caller cancelled": 0, "client left": 1, deadline: 2 } as const satisfies Record<
  CancelReason,
  number
>;

const CANCEL_REASONS: readonly CancelReason[] = ["caller cancelled", "client left", "deadline"];
const CALL_POSITIONS = 11;
const HTTP_POSITIONS = 5;

/** The request line and headers of an HTTP call. */
export interface HttpCallMeta {
  readonly verb: string;
  /** Absolute URL as the application sees it. */
  readonly url: string;
  /** Flat: name, value, name, value; in order, duplicates kept. A replica empties them once the request is made. */
  readonly headers: string[];
  /** Sum of `HTTP_FLAG_...` bits. */
  readonly flags: number;
  /** Who sent it, as `formatClient` says it; "" when that is not known. */
  readonly client: string;
}

/** Metadata of CALL. A text of "" means that there is none. */
export interface CallMeta {
  /** One of `CALL_KIND`; a reader may meet kinds of a later version. */
  readonly kind: number;
  readonly method: string;
  readonly requestId: string;
  /** Milliseconds left until the deadline; 0 means no deadline. Rounded up to whole ones when written. */
  readonly timeoutMs: number;
  readonly route: string;
  readonly multiplexedModelId: string;
  readonly sessionId: string;
  readonly priority: Priority;
  /** Bodies of Request and Response values that follow as streams 1, 2, ...; not counting stream 0. */
  readonly streams: number;
  /** True when the body goes on in CHUNKs of stream 0 after ACCEPT. */
  readonly continues: boolean;
  /** For `CALL_KIND.http`, undefined otherwise. */
  readonly http: HttpCallMeta | undefined;
}

/** Writes the metadata of CALL with its length; the body follows as raw bytes or as one value. */
export function writeCallMeta(writer: ByteWriter, meta: CallMeta): void {
  const start = writer.position;
  writer.u32(0);
  writeArrayHeader(writer, CALL_POSITIONS);
  writeNumber(writer, meta.kind);
  writeString(writer, meta.method);
  writeString(writer, meta.requestId);
  writeNumber(writer, Math.ceil(meta.timeoutMs));
  writeFilled(writer, meta.route);
  writeFilled(writer, meta.multiplexedModelId);
  writeFilled(writer, meta.sessionId);
  if (meta.priority === "normal") writeNil(writer);
  else writeNumber(writer, PRIORITIES.indexOf(meta.priority));
  writeNumber(writer, meta.streams);
  writeBoolean(writer, meta.continues);
  const http = meta.http;
  if (http === undefined) writeNil(writer);
  else {
    writeArrayHeader(writer, HTTP_POSITIONS);
    writeString(writer, http.verb);
    writeString(writer, http.url);
    writeStrings(writer, http.headers);
    writeNumber(writer, http.flags);
    writeFilled(writer, http.client);
  }
  writer.setU32(start, writer.position - start - 4);
}

function writeFilled(writer: ByteWriter, text: string): void {
  if (text === "") writeNil(writer);
  else writeString(writer, text);
}

/** A CALL as the replica finds it. */
export interface IncomingCall {
  readonly meta: CallMeta;
  /** Where the body begins in the bytes that were read. */
  readonly bodyAt: number;
}

/** Reads CALL; undefined when it is malformed. */
export function readCall(bytes: Uint8Array, offset: number, end: number): IncomingCall | undefined {
  const reader = new ByteReader(bytes, offset, end);
  const length = reader.u32();
  if (length > reader.left) return undefined;
  const bodyAt = reader.at + length;
  reader.end = bodyAt;
  const positions = readArrayHeader(reader);
  const kind = readCount(reader);
  const method = readString(reader);
  const requestId = readString(reader);
  const timeoutMs = readCount(reader);
  const route = readOptionalString(reader) ?? "";
  const multiplexedModelId = readOptionalString(reader) ?? "";
  const sessionId = readOptionalString(reader) ?? "";
  const priority = priorityOf(readValue(reader, plainRevivers));
  const streams = readCount(reader);
  const continues = readBoolean(reader);
  const http = readHttpCallMeta(reader);
  if (reader.fault !== undefined || positions < CALL_POSITIONS || (kind === CALL_KIND.http) !== (http !== undefined))
    return undefined;
  return {
    meta: {
      kind,
      method,
      requestId,
      timeoutMs,
      route,
      multiplexedModelId,
      sessionId,
      priority,
      streams,
      continues,
      http,
    },
    bodyAt,
  };
}

/** Nil is normal, and so is what a later version may send. */
function priorityOf(value: unknown): Priority {
  return (typeof value === "number" ? PRIORITIES[value] : undefined) ?? "normal";
}

function readHttpCallMeta(reader: ByteReader): HttpCallMeta | undefined {
  if (reader.left > 0 && reader.bytes[reader.at] === 0xc0) {
    reader.at++;
    return undefined;
  }
  if (readArrayHeader(reader) !== HTTP_POSITIONS) reader.fail(`${HTTP_POSITIONS} parts were expected`);
  const verb = readString(reader);
  const url = readString(reader);
  const headers = readHeaders(reader);
  const flags = readCount(reader);
  return { verb, url, headers, flags, client: readOptionalString(reader) ?? "" };
}

/** A flat list of headers. */
export function readHeaders(reader: ByteReader): string[] {
  const headers = readStrings(reader);
  if (headers.length % 2 !== 0) reader.fail("a header has no value");
  return headers;
}

function readCount(reader: ByteReader): number {
  const value = readInteger(reader);
  if (value < 0) reader.fail("a count is negative");
  return value;
}

/** Writes ACCEPT or FREE: how many calls the replica runs. */
export function writeOngoing(writer: ByteWriter, ongoing: number): void {
  writer.u16(Math.min(ongoing, 0xffff));
}

/** The replica's count at the beginning of ACCEPT, REJECT, RESULT, HEAD, END, ERROR and FREE. */
export function readOngoing(bytes: Uint8Array, offset: number, end: number): number | undefined {
  if (end - offset < 2 || end > bytes.length) return undefined;
  return (bytes[offset] as number) | ((bytes[offset + 1] as number) << 8);
}

/** @param reason one of `REJECT_REASON` */
export function writeReject(writer: ByteWriter, ongoing: number, reason: number): void {
  writeOngoing(writer, ongoing);
  writer.u8(reason);
}

export function readReject(
  bytes: Uint8Array,
  offset: number,
  end: number,
): { readonly ongoing: number; readonly reason: number } | undefined {
  const ongoing = readOngoing(bytes, offset, end - 1);
  return ongoing === undefined ? undefined : { ongoing, reason: bytes[offset + 2] as number };
}

/**
 * Begins RESULT of a value call; one encoded value follows.
 * @returns the position for `setResultStreams`, for a value whose bodies are found while it is encoded
 */
export function writeValueResult(writer: ByteWriter, ongoing: number, streams: number): number {
  writeOngoing(writer, ongoing);
  const at = writer.position;
  writer.u16(streams);
  writer.u32(0);
  return at;
}

/** Fills in how many body streams follow a RESULT, at the position that `writeValueResult` returned. */
export function setResultStreams(writer: ByteWriter, at: number, streams: number): void {
  writer.setU16(at, streams);
}

/** Begins RESULT of an HTTP call; the whole body follows as raw bytes. */
export function writeHttpResult(
  writer: ByteWriter,
  ongoing: number,
  status: number,
  statusText: string,
  headers: readonly string[],
): void {
  writeOngoing(writer, ongoing);
  writer.u16(0);
  writeHttpMeta(writer, status, statusText, headers);
}

/** Writes HEAD of an HTTP call; the body follows in CHUNKs of stream 0. */
export function writeHttpHead(
  writer: ByteWriter,
  ongoing: number,
  status: number,
  statusText: string,
  headers: readonly string[],
): void {
  writeOngoing(writer, ongoing);
  writeHttpMeta(writer, status, statusText, headers);
}

function writeHttpMeta(writer: ByteWriter, status: number, statusText: string, headers: readonly string[]): void {
  const start = writer.position;
  writer.u32(0);
  writeArrayHeader(writer, 3);
  writeNumber(writer, status);
  writeString(writer, statusText);
  writeStrings(writer, headers);
  writer.setU32(start, writer.position - start - 4);
}

/**
 * Writes HEAD of a value call; CHUNKs of stream 0 follow.
 * @param pieces undefined: every chunk holds whole values of a stream. A number: the chunks together are one value
 *   that was too large for a frame, and that many body streams follow it.
 */
export function writeValueHead(writer: ByteWriter, ongoing: number, pieces: number | undefined): void {
  writeOngoing(writer, ongoing);
  const start = writer.position;
  writer.u32(0);
  writeArrayHeader(writer, pieces === undefined ? 0 : 1);
  if (pieces !== undefined) writeNumber(writer, pieces);
  writer.setU32(start, writer.position - start - 4);
}

/** Reads the fixed part of RESULT. `metaAt` is where the metadata's length stands; 4 bytes later the value of a value call begins. */
export function readResultHeader(
  bytes: Uint8Array,
  offset: number,
  end: number,
): { readonly ongoing: number; readonly streams: number; readonly metaAt: number } | undefined {
  const ongoing = readOngoing(bytes, offset, end);
  const streams = readOngoing(bytes, offset + 2, end - 4);
  return ongoing === undefined || streams === undefined ? undefined : { ongoing, streams, metaAt: offset + 4 };
}

/** Status line and headers of an HTTP answer, and where its body begins. */
export interface HttpHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: string[];
  /** Index after the metadata in the bytes that were read. */
  readonly end: number;
}

/** Reads the metadata of an HTTP answer whose length stands at `metaAt`: 4 in RESULT, 2 in HEAD. */
export function readHttpHead(bytes: Uint8Array, metaAt: number, end: number): HttpHead | undefined {
  const reader = openMeta(bytes, metaAt, end);
  const positions = readArrayHeader(reader);
  const metaEnd = reader.end;
  const status = readCount(reader);
  const statusText = readString(reader);
  const headers = readHeaders(reader);
  return reader.fault !== undefined || positions < 3 ? undefined : { status, statusText, headers, end: metaEnd };
}

/** Reads HEAD of a value call: whether it announces a single value, and how many body streams follow that. */
export function readValueHead(
  bytes: Uint8Array,
  metaAt: number,
  end: number,
): { readonly single: boolean; readonly streams: number } | undefined {
  const reader = openMeta(bytes, metaAt, end);
  const single = readArrayHeader(reader) > 0;
  const streams = single ? readCount(reader) : 0;
  return reader.fault === undefined ? { single, streams } : undefined;
}

/** A reader of exactly the metadata whose length stands at `metaAt`. */
function openMeta(bytes: Uint8Array, metaAt: number, end: number): ByteReader {
  const reader = new ByteReader(bytes, metaAt, end);
  const length = reader.u32();
  if (length > reader.left) reader.fail("announces more than it holds");
  reader.end = reader.at + Math.min(length, reader.left);
  return reader;
}

/** @param reason one of `CANCEL_REASON` */
export function writeCancel(writer: ByteWriter, reason: number): void {
  writer.u8(reason);
}

/** Why the call is cancelled; a reason of a later version counts as the caller's wish. */
export function readCancel(bytes: Uint8Array, offset: number, end: number): CancelReason | undefined {
  if (end - offset < 1 || end > bytes.length) return undefined;
  return CANCEL_REASONS[bytes[offset] as number] ?? "caller cancelled";
}
