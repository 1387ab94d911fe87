// Reads numbers, bytes and text out of a range of bytes that a stranger wrote.
// Total: nothing here throws and nothing is read or allocated outside of the range.
//   R1  The first thing wrong is kept in `fault`; from then on the reader is at its end and every read gives 0 or "".
//   R2  A length is compared with what is left before anything of that length is made.
import { readText } from "./text.ts";

const EMPTY = new Uint8Array(0);
const scratch = new DataView(new ArrayBuffer(8));

/** Four bytes, little endian. The caller knows that they are there. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

/** Cursor over `bytes[at, end)`. Little endian unless the method says `BE` (msgpack is big endian). */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** Index of the next byte in `bytes`. */
  at: number;
  /** Index after the last byte that may be read. */
  end: number;
  /** What was wrong first; undefined while all is well. */
  fault: string | undefined = undefined;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.end = Math.max(0, Math.min(end, bytes.length));
    this.at = Math.max(0, Math.min(start, this.end));
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.end - this.at;
  }

  /** Records the first fault and moves to the end (R1). */
  fail(reason: string): void {
    this.fault ??= reason;
    this.at = this.end;
  }

  u8(): number {
    if (this.at < this.end) return this.bytes[this.at++] as number;
    this.fail("ends early");
    return 0;
  }

  u16(): number {
    if (!this.#has(2)) return 0;
    const { bytes, at } = this;
    this.at += 2;
    return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  }

  u32(): number {
    if (!this.#has(4)) return 0;
    this.at += 4;
    return readU32(this.bytes, this.at - 4);
  }

  u16BE(): number {
    if (!this.#has(2)) return 0;
    const { bytes, at } = this;
    this.at += 2;
    return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  }

  u32BE(): number {
    if (!this.#has(4)) return 0;
    const { bytes, at } = this;
    this.at += 4;
    return (
      (((bytes[at] as number) << 24) |
        ((bytes[at + 1] as number) << 16) |
        ((bytes[at + 2] as number) << 8) |
        (bytes[at + 3] as number)) >>>
      0
    );
  }

  f32BE(): number {
    scratch.setUint32(0, this.u32BE());
    return scratch.getFloat32(0);
  }

  f64BE(): number {
    scratch.setUint32(0, this.u32BE());
    scratch.setUint32(4, this.u32BE());
    return scratch.getFloat64(0);
  }

  /** A view of the next `count` bytes; it shares memory with the input. */
  view(count: number): Uint8Array {
    if (!this.#has(count)) return EMPTY;
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  /** A copy of the next `count` bytes in memory of its own. */
  copy(count: number): Uint8Array<ArrayBuffer> {
    // `slice` of a Buffer would be a view into the socket's memory.
    const source = this.view(count);
    const copy = new Uint8Array(source.length);
    copy.set(source);
    return copy;
  }

  /** The next `count` bytes as UTF-8 text; bytes that are not UTF-8 are a fault. */
  text(count: number): string {
    if (!this.#has(count)) return "";
    this.at += count;
    const text = readText(this.bytes, this.at - count, this.at);
    if (text !== undefined) return text;
    this.fail("text is not valid UTF-8");
    return "";
  }

  #has(count: number): boolean {
    if (count <= this.end - this.at) return true;
    this.fail("ends early");
    return false;
  }
}
