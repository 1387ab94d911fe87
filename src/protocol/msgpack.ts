// The msgpack words that every layout is made of: integers, floats, text, bytes and the headers of containers.
// Must not throw. Writes each thing in its shortest form, as PyPI `msgpack` does, so that golden frames agree.
//   M1  Integers are the safe ones; what does not fit is a float (writing) or a bigint (reading).
//   M2  A count or a length is compared with the bytes that are left before anything is built from it.
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

const U32 = 0x1_0000_0000;
/** Room that `beginExt` keeps: the longest header an extension can have. */
const EXT_HEADER_BYTES = 6;

export function writeNil(writer: ByteWriter): void {
  writer.u8(0xc0);
}

export function writeBoolean(writer: ByteWriter, value: boolean): void {
  writer.u8(value ? 0xc3 : 0xc2);
}

/** Any number: safe integers as the shortest int, everything else (-0 too) as a 64-bit float. */
export function writeNumber(writer: ByteWriter, value: number): void {
  if (value >= 0 && value < 128 && (value | 0) === value && !Object.is(value, -0)) writer.u8(value);
  else if (Number.isSafeInteger(value) && !Object.is(value, -0)) writeInteger(writer, value);
  else {
    writer.u8(0xcb);
    writer.f64BE(value);
  }
}

function writeInteger(writer: ByteWriter, value: number): void {
  if (value >= 0) {
    if (value < 0x80) writer.u8(value);
    else if (value < 0x100) writer.u16BE(0xcc00 | value);
    else if (value < 0x1_0000) {
      writer.u8(0xcd);
      writer.u16BE(value);
    } else if (value < U32) {
      writer.u8(0xce);
      writer.u32BE(value);
    } else write64(writer, 0xcf, value);
  } else if (value >= -0x20) writer.u8(value);
  else if (value >= -0x80) writer.u16BE(0xd000 | (value & 0xff));
  else if (value >= -0x8000) {
    writer.u8(0xd1);
    writer.u16BE(value);
  } else if (value >= -0x8000_0000) {
    writer.u8(0xd2);
    writer.u32BE(value);
  } else write64(writer, 0xd3, value);
}

function write64(writer: ByteWriter, tag: number, value: number): void {
  writer.u8(tag);
  writer.u32BE(Math.floor(value / U32));
  writer.u32BE(value);
}

/**
 * Writes text with its header; an unpaired surrogate becomes U+FFFD.
 * @returns true when the text was ASCII, and therefore certainly well formed
 */
export function writeString(writer: ByteWriter, text: string): boolean {
  const length = text.length;
  const start = writer.position;
  writeStringHeader(writer, length);
  const body = writer.position;
  const written = writer.text(text);
  if (written === length) return true;
  // The header was made for ASCII: write it again, and move the text where the longer length needs more room.
  const wanted = start + stringHeaderBytes(written);
  if (wanted !== body) writer.move(body, wanted);
  const end = writer.position;
  writer.position = start;
  writeStringHeader(writer, written);
  writer.advance(end - wanted);
  return false;
}

function stringHeaderBytes(length: number): number {
  return length < 32 ? 1 : length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 5;
}

function writeStringHeader(writer: ByteWriter, length: number): void {
  if (length < 32) writer.u8(0xa0 | length);
  else writeHeader(writer, 0xd9, length);
}

/** Header with a length of 8, 16 or 32 bits: three tags in a row. */
function writeHeader(writer: ByteWriter, tag8: number, length: number): void {
  if (length < 0x100) {
    writer.u8(tag8);
    writer.u8(length);
  } else if (length < 0x1_0000) {
    writer.u8(tag8 + 1);
    writer.u16BE(length);
  } else {
    writer.u8(tag8 + 2);
    writer.u32BE(length);
  }
}

export function writeBinary(writer: ByteWriter, bytes: Uint8Array): void {
  writeHeader(writer, 0xc4, bytes.length);
  writer.bytes(bytes);
}

export function writeArrayHeader(writer: ByteWriter, count: number): void {
  if (count < 16) writer.u8(0x90 | count);
  else if (count < 0x1_0000) {
    writer.u8(0xdc);
    writer.u16BE(count);
  } else {
    writer.u8(0xdd);
    writer.u32BE(count);
  }
}

export function writeMapHeader(writer: ByteWriter, count: number): void {
  if (count < 16) writer.u8(0x80 | count);
  else if (count < 0x1_0000) {
    writer.u8(0xde);
    writer.u16BE(count);
  } else {
    writer.u8(0xdf);
    writer.u32BE(count);
  }
}

/** An array of strings. */
export function writeStrings(writer: ByteWriter, texts: readonly string[]): void {
  writeArrayHeader(writer, texts.length);
  for (let i = 0; i < texts.length; i++) writeString(writer, texts[i] as string);
}

/** Header of an extension whose payload length is known. */
export function writeExtHeader(writer: ByteWriter, type: number, length: number): void {
  const fixed = fixedExtTag(length);
  if (fixed !== 0) writer.u8(fixed);
  else writeHeader(writer, 0xc7, length);
  writer.u8(type);
}

function fixedExtTag(length: number): number {
  switch (length) {
    case 1:
      return 0xd4;
    case 2:
      return 0xd5;
    case 4:
      return 0xd6;
    case 8:
      return 0xd7;
    case 16:
      return 0xd8;
    default:
      return 0;
  }
}

/** Starts an extension whose payload length is not known yet. Returns the position for `endExt`. */
export function beginExt(writer: ByteWriter): number {
  const start = writer.position;
  writer.reserve(EXT_HEADER_BYTES);
  writer.advance(EXT_HEADER_BYTES);
  return start;
}

/** Ends the extension begun at `start`: writes its shortest header and moves the payload up to it. */
export function endExt(writer: ByteWriter, start: number, type: number): void {
  const payload = start + EXT_HEADER_BYTES;
  const length = writer.position - payload;
  const header = fixedExtTag(length) !== 0 ? 2 : length < 0x100 ? 3 : length < 0x1_0000 ? 4 : EXT_HEADER_BYTES;
  if (header !== EXT_HEADER_BYTES) writer.move(payload, start + header);
  writer.position = start;
  writeExtHeader(writer, type, length);
  writer.advance(length);
}

/** True or false; anything else is a fault. */
export function readBoolean(reader: ByteReader): boolean {
  const tag = reader.u8();
  if (tag !== 0xc2 && tag !== 0xc3) reader.fail("true or false was expected");
  return tag === 0xc3;
}

/** An integer that is exact as a number; anything else is a fault. */
export function readInteger(reader: ByteReader): number {
  const value = readNumberTag(reader, reader.u8());
  if (typeof value === "number" && Number.isInteger(value)) return value;
  reader.fail("an integer was expected");
  return 0;
}

/** The number behind a tag of msgpack's number formats: bigint outside the safe range, undefined for other tags. */
export function readNumberTag(reader: ByteReader, tag: number): number | bigint | undefined {
  if (tag < 0x80) return tag;
  if (tag >= 0xe0) return tag - 0x100;
  switch (tag) {
    case 0xca:
      return reader.f32BE();
    case 0xcb:
      return reader.f64BE();
    case 0xcc:
      return reader.u8();
    case 0xcd:
      return reader.u16BE();
    case 0xce:
      return reader.u32BE();
    case 0xcf:
      return read64(reader, reader.u32BE());
    case 0xd0:
      return (reader.u8() << 24) >> 24;
    case 0xd1:
      return (reader.u16BE() << 16) >> 16;
    case 0xd2:
      return reader.u32BE() | 0;
    case 0xd3:
      return read64(reader, reader.u32BE() | 0);
    default:
      return undefined;
  }
}

function read64(reader: ByteReader, high: number): number | bigint {
  const low = reader.u32BE();
  const value = high * U32 + low;
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
}

/** Text; anything else is a fault. */
export function readString(reader: ByteReader): string {
  const length = stringLength(reader, reader.u8());
  return length < 0 ? "" : reader.text(length);
}

/** Text, or undefined for nil; anything else is a fault. */
export function readOptionalString(reader: ByteReader): string | undefined {
  const tag = reader.u8();
  if (tag === 0xc0) return undefined;
  const length = stringLength(reader, tag);
  return length < 0 ? undefined : reader.text(length);
}

function stringLength(reader: ByteReader, tag: number): number {
  if (tag >= 0xa0 && tag < 0xc0) return tag & 0x1f;
  if (tag === 0xd9) return reader.u8();
  if (tag === 0xda) return reader.u16BE();
  if (tag === 0xdb) return reader.u32BE();
  reader.fail("text was expected");
  return -1;
}

/** A copy of a bin; anything else is a fault. */
export function readBinary(reader: ByteReader): Uint8Array<ArrayBuffer> {
  const tag = reader.u8();
  if (tag === 0xc4) return reader.copy(reader.u8());
  if (tag === 0xc5) return reader.copy(reader.u16BE());
  if (tag === 0xc6) return reader.copy(reader.u32BE());
  reader.fail("bytes were expected");
  return new Uint8Array(0);
}

/** The length of an array; anything else is a fault, also a count that the bytes left cannot hold (M2). */
export function readArrayHeader(reader: ByteReader): number {
  const tag = reader.u8();
  if (tag >= 0x90 && tag < 0xa0) return checkCount(reader, tag & 0x0f, 1);
  if (tag === 0xdc) return checkCount(reader, reader.u16BE(), 1);
  if (tag === 0xdd) return checkCount(reader, reader.u32BE(), 1);
  reader.fail("an array was expected");
  return 0;
}

/** The number of entries of a map; anything else is a fault, also a count that the bytes left cannot hold (M2). */
export function readMapHeader(reader: ByteReader): number {
  const tag = reader.u8();
  if (tag >= 0x80 && tag < 0x90) return checkCount(reader, tag & 0x0f, 2);
  if (tag === 0xde) return checkCount(reader, reader.u16BE(), 2);
  if (tag === 0xdf) return checkCount(reader, reader.u32BE(), 2);
  reader.fail("a map was expected");
  return 0;
}

/** `count` when that many things of at least `bytesEach` bytes can follow, else 0 and a fault. */
function checkCount(reader: ByteReader, count: number, bytesEach: number): number {
  if (count * bytesEach <= reader.left) return count;
  reader.fail("announces more than it holds");
  return 0;
}

/** An array of strings; anything else is a fault. */
export function readStrings(reader: ByteReader): string[] {
  const count = readArrayHeader(reader);
  const texts: string[] = [];
  for (let i = 0; i < count && reader.fault === undefined; i++) texts.push(readString(reader));
  return texts;
}
