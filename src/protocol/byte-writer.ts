// A growing run of bytes: frames and values are written into it one after the other and taken out together.
// Must not throw. It knows integers, floats, bytes and text; message layouts are in frame.ts, msgpack.ts, messages.ts.
//   W1  Memory that `take()` handed out is not written again, unless its holder says by `reuse()` that it let go of it.
//   W2  Positions count from the last `take()`, so they survive a move to another slab.
//   W3  What does not fit into the slab goes on in a new one. Only what follows the last `mark()` is copied there: what
//       came before is complete, stays where it is and is handed out as a piece of its own.
//   W4  A slab of more than 1 MiB is not kept: one large value must not hold its memory for as long as the writer lives.
import { allocateBytes, textByteLength, writeText } from "./text.ts";

/** Bytes of an ordinary slab; a longer run gets a slab of its own. */
const SLAB_BYTES = 64 * 1024;
/** Largest slab that is used again (W4). */
const KEPT_BYTES = 1024 * 1024;
const EMPTY = new Uint8Array(0);
/** Above this many characters the exact length is measured rather than assuming 3 bytes for each. */
const LONG_TEXT = 4096;

/** Append-only writer with roll-back. Little endian unless the method says `BE` (msgpack is big endian). */
export class ByteWriter {
  #slab: Uint8Array = allocateBytes(SLAB_BYTES);
  #view: DataView = new DataView(this.#slab.buffer);
  #base = 0;
  #at = 0;
  #mark = 0;
  /** Complete pieces in earlier slabs, and how many bytes they are. */
  #sealed: Uint8Array[] = [];
  #sealedBytes = 0;

  /** Bytes written since the last `take()`. */
  get length(): number {
    return this.#sealedBytes + this.#at - this.#base;
  }

  /** Where the next byte goes, counted from the last `take()`. Setting a smaller value forgets what came after it. */
  get position(): number {
    return this.#sealedBytes + this.#at - this.#base;
  }

  set position(position: number) {
    const local = position - this.#sealedBytes;
    this.#at = this.#base + Math.max(0, Math.min(local, this.#at - this.#base));
  }

  /** Nobody holds what was taken any more: its slab is written again from the beginning. Only when nothing is untaken. */
  reuse(): void {
    if (this.length > 0) return;
    this.#base = 0;
    this.#at = 0;
    this.#mark = 0;
  }

  /** What was written before is complete: positions before this one are not used any more (W3). */
  mark(): void {
    this.#mark = this.#at;
  }

  /** A copy of what was written from `position` on; `position` is not before the last mark. */
  since(position: number): Uint8Array {
    return this.#slab.slice(this.#base + position - this.#sealedBytes, this.#at);
  }

  /** Goes on after `bytes`, which are handed out as they are: nobody may change them any more. Marks what was written. */
  attach(bytes: Uint8Array): void {
    this.#sealed.push(this.#slab.subarray(this.#base, this.#at), bytes);
    this.#sealedBytes += this.#at - this.#base + bytes.length;
    this.#base = this.#at;
    this.#mark = this.#at;
  }

  /** Everything written since the last call, as one view; its memory belongs to the caller from here on (W1). */
  take(): Uint8Array {
    const pieces = this.takePieces();
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : joined(pieces);
  }

  /** Everything written since the last call, in order, in as few pieces as the marks allow; at least one (W1). */
  takePieces(): Uint8Array[] {
    const pieces = this.#sealed;
    pieces.push(this.#slab.subarray(this.#base, this.#at));
    this.#sealed = [];
    this.#sealedBytes = 0;
    this.#base = this.#at;
    if (this.#slab.length > KEPT_BYTES) this.#use(EMPTY, 0); // W4
    return pieces;
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

  /** Overwrites two bytes, little endian, at a position that was already written. */
  setU16(position: number, value: number): void {
    this.#view.setUint16(this.#base + position - this.#sealedBytes, value, true);
  }

  /** Overwrites four bytes, little endian, at a position that was already written. */
  setU32(position: number, value: number): void {
    this.#view.setUint32(this.#base + position - this.#sealedBytes, value, true);
  }

  /** Moves everything from position `from` to the end so that it begins at `to`: opens or closes a gap before it. */
  move(from: number, to: number): void {
    const shift = to - from;
    if (shift > 0) this.reserve(shift);
    const offset = this.#base - this.#sealedBytes;
    this.#slab.copyWithin(offset + to, offset + from, this.#at);
    this.#at += shift;
  }

  #grow(count: number): void {
    if (this.#mark > this.#base) {
      this.#sealed.push(this.#slab.subarray(this.#base, this.#mark));
      this.#sealedBytes += this.#mark - this.#base;
      this.#base = this.#mark;
    }
    const kept = this.#slab.subarray(this.#base, this.#at);
    const needed = kept.length + count;
    // A run that outgrew a slab once is likely to go on: doubling keeps the copies linear.
    const slab = allocateBytes(needed * 2 > SLAB_BYTES ? needed * 2 : SLAB_BYTES);
    slab.set(kept);
    this.#use(slab, kept.length);
  }

  /** Goes on in `slab`, of which `used` bytes are written. */
  #use(slab: Uint8Array, used: number): void {
    this.#slab = slab;
    this.#view = new DataView(slab.buffer);
    this.#base = 0;
    this.#mark = 0;
    this.#at = used;
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = allocateBytes(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
