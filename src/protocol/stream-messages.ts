// Payloads of the frames of a call's streams: CHUNK, END, CREDIT. Total and open at the end, as call-messages.ts says (C2, C3).
import { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { readHeaders, readOngoing, writeOngoing } from "./call-messages.ts";
import { writeStrings } from "./msgpack.ts";

/** Bits of a chunk's flags: it is text (of a WebSocket); its last value goes on in the next chunk. */
export const CHUNK_FLAG = { text: 1, continues: 2 } as const;

/** Of END's fixed part. */
const END_BYTES = 4;

/** Bytes before a chunk's content. */
export const CHUNK_HEADER_BYTES = 3;

/** Begins CHUNK; its bytes follow. @param flags sum of `CHUNK_FLAG` bits */
export function writeChunkHeader(writer: ByteWriter, stream: number, flags: number): void {
  writer.u8(flags);
  writer.u16(stream);
}

/** Reads the bytes before a chunk's content. */
export function readChunkHeader(
  bytes: Uint8Array,
  offset: number,
  end: number,
): { readonly flags: number; readonly stream: number } | undefined {
  const stream = readOngoing(bytes, offset + 1, end);
  return stream === undefined ? undefined : { flags: bytes[offset] as number, stream };
}

/**
 * Writes END of one stream; `ongoing` is 0 from callers.
 * @param trailers of an HTTP request whose body ends, flat
 */
export function writeEnd(writer: ByteWriter, ongoing: number, stream: number, trailers: readonly string[] = []): void {
  writeOngoing(writer, ongoing);
  writer.u16(stream);
  if (trailers.length > 0) writeStrings(writer, trailers);
}

export function readEnd(
  bytes: Uint8Array,
  offset: number,
  end: number,
): { readonly ongoing: number; readonly stream: number } | undefined {
  const ongoing = readOngoing(bytes, offset, end);
  const stream = readOngoing(bytes, offset + 2, end);
  return ongoing === undefined || stream === undefined ? undefined : { ongoing, stream };
}

/** Reads the trailers behind END's fixed part; empty when there are none. */
export function readTrailers(bytes: Uint8Array, offset: number, end: number): string[] | undefined {
  if (end - offset <= END_BYTES) return [];
  const reader = new ByteReader(bytes, offset + END_BYTES, end);
  const trailers = readHeaders(reader);
  return reader.fault === undefined ? trailers : undefined;
}

/** Writes CREDIT: `bytes` more of payload may be sent on `stream`. */
export function writeCredit(writer: ByteWriter, stream: number, bytes: number): void {
  writer.u16(stream);
  writer.u32(bytes);
}

export function readCredit(
  bytes: Uint8Array,
  offset: number,
  end: number,
): { readonly stream: number; readonly bytes: number } | undefined {
  const reader = new ByteReader(bytes, offset, end);
  const stream = reader.u16();
  const credit = reader.u32();
  return reader.fault === undefined ? { stream, bytes: credit } : undefined;
}
