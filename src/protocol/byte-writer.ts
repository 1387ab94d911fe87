// A growing run of bytes: frames and values are written into it one after the other and taken out together.
// Must not throw. It knows integers, floats, bytes and text; message layouts are in frame.ts, msgpack.ts, messages.ts.
//   W1  Memory that `take()` handed out is never written again: the base moves on in the same slab.
//   W2  Positions count from the last `take()`, so they survive a move to another slab.
//   W3  What does not fit into the slab is copied once into a new one; small writers share slabs of 64 KiB.
import { allocateBytes, textByteLength, writeText } from "./text.ts";

/** Bytes of an ordinary slab; a longer run gets a slab of its own. */
const SLAB_BYTES = 64 * 1024;
/** Above this many characters the exact length is measured rather than assuming 3 bytes for each. */
const LONG_TEXT = 4096;

/** Append-only writer with roll-back. Little endian unless the method says `BE` (msgpack is big endian). */
export class ByteWriter {
  #slab: Uint8Array = allocateBytes(SLAB_BYTES);
  #view: DataView = new DataView(this.#slab.buffer);
  #base = 0;
  #at = 0;

  /** Bytes written since the last `take()`. */
  get length(): number {
    return this.#at - this.#base;
  }

  /** Where the next byte goes, counted from the last `take()`. Setting a smaller value forgets what came after it. */
  get position(): number {
    return this.#at - this.#base;
  }

  set position(position: number) {
    this.#at = this.#base + Math.max(0, Math.min(position, this.#at - this.#base));
  }

  /** Everything written since the last call, as one view; its memory belongs to the caller from here on (W1). */
  take(): Uint8Array {
    const taken = this.#slab.subarray(this.#base, this.#at);
    this.#base = this.#at;
    return taken;
  }

  /** Makes room for `count` more bytes, so that they will be contiguous with what was written. */
  reserve(count: number): void {
    if (this.#at + count > this.#slab.length) this.#grow(count);
  }

  /** Steps over `count` bytes that were reserved and are filled in later, or that stand there already. */
  advance(count: number): void {
    this.#at += count;
  }

  u8(value: number): void {
    if (this.#at + 1 > this.#slab.length) this.#grow(1);
    this.#slab[this.#at++] = value;
  }

  u16(value: number): void {
    if (this.#at + 2 > this.#slab.length) this.#grow(2);
    const slab = this.#slab;
    slab[this.#at++] = value;
    slab[this.#at++] = value >>> 8;
  }

  u32(value: number): void {
    if (this.#at + 4 > this.#slab.length) this.#grow(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  u16BE(value: number): void {
    if (this.#at + 2 > this.#slab.length) this.#grow(2);
    const slab = this.#slab;
    slab[this.#at++] = value >>> 8;
    slab[this.#at++] = value;
  }

  u32BE(value: number): void {
    if (this.#at + 4 > this.#slab.length) this.#grow(4);
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
  }

  f64BE(value: number): void {
    if (this.#at + 8 > this.#slab.length) this.#grow(8);
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
  }

  bytes(source: Uint8Array): void {
    if (this.#at + source.length > this.#slab.length) this.#grow(source.length);
    this.#slab.set(source, this.#at);
    this.#at += source.length;
  }

  /**
   * Writes text as UTF-8 without a length; an unpaired surrogate becomes U+FFFD.
   * @returns bytes written; equal to `text.length` exactly when the text is ASCII
   */
  text(text: string): number {
    const room = text.length > LONG_TEXT ? textByteLength(text) : text.length * 3;
    if (this.#at + room > this.#slab.length) this.#grow(room);
    const written = writeText(this.#slab, text, this.#at, room);
    this.#at += written;
    return written;
  }

  /** Overwrites four bytes, little endian, at a position that was already written. */
  setU32(position: number, value: number): void {
    this.#view.setUint32(this.#base + position, value, true);
  }

  /** Moves everything from position `from` to the end so that it begins at `to`: opens or closes a gap before it. */
  move(from: number, to: number): void {
    const shift = to - from;
    if (shift > 0) this.reserve(shift);
    this.#slab.copyWithin(this.#base + to, this.#base + from, this.#at);
    this.#at += shift;
  }

  #grow(count: number): void {
    const kept = this.#slab.subarray(this.#base, this.#at);
    const needed = kept.length + count;
    // A run that outgrew a slab once is likely to go on: doubling keeps the copies linear.
    const slab = allocateBytes(needed * 2 > SLAB_BYTES ? needed * 2 : SLAB_BYTES);
    slab.set(kept);
    this.#slab = slab;
    this.#view = new DataView(slab.buffer);
    this.#base = 0;
    this.#at = kept.length;
  }
}
