// The outermost layer of the wire: `u32 length | u8 type | u32 call id | payload`, little endian.
// Pure and total: no input makes the parser throw. What a payload means is in messages.ts and link-messages.ts.
//   F1  `length` counts what follows it: 5 + payload. Below 5, or above the limit, is a fault found before buffering.
//   F2  A frame that lies whole in a chunk is handed out as a view of it; only a partial frame is copied.
//   F3  The memory for a partial frame grows with what arrived, never with what was announced.
//   F4  After a fault the stream has no frame borders any more: the parser stays faulty.
import { readU32 } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

/** Numbers of the frame types; docs/reference/protocol.md holds the same table (tested). */
export const FRAME = {
  challenge: 1,
  hello: 2,
  call: 3,
  accept: 4,
  reject: 5,
  result: 6,
  head: 7,
  chunk: 8,
  end: 9,
  error: 10,
  cancel: 11,
  credit: 12,
  free: 13,
  drain: 14,
  drained: 15,
  request: 16,
  reply: 17,
  notify: 18,
  ping: 19,
  pong: 20,
  close: 21,
} as const;

/** Name of a frame type. */
export type FrameName = keyof typeof FRAME;

/** Bytes before the payload: length, type, call id. */
export const FRAME_HEADER_BYTES = 9;

/** Default for the longest `length` that is accepted: 64 MiB (architecture.md section 4). Larger values are chunked. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024;

const LENGTH_BYTES = 4;
const MIN_LENGTH = FRAME_HEADER_BYTES - LENGTH_BYTES;
const EMPTY = new Uint8Array(0);

/**
 * Starts a frame; the payload is written after it.
 * @returns the position to hand to `endFrame`, and to set as `writer.position` to give the frame up
 */
export function beginFrame(writer: ByteWriter, type: number, callId: number): number {
  writer.mark();
  const start = writer.position;
  writer.u32(0);
  writer.u8(type);
  writer.u32(callId);
  return start;
}

/** Ends the frame begun at `start`: fills in its length. @param following bytes of it that are attached after this */
export function endFrame(writer: ByteWriter, start: number, following = 0): void {
  writer.setU32(start, writer.position + following - start - LENGTH_BYTES);
}

/** The byte stream is not a sequence of frames. */
export interface FrameFault {
  /** The announced length. */
  readonly length: number;
  /** One line for the log and the CLOSE frame. */
  readonly message: string;
}

/** Receives one whole frame. `payload` may share memory with the chunk it came in. */
export type OnFrame = (type: number, callId: number, payload: Uint8Array) => void;

/** Cuts a byte stream into frames. One per connection and direction. */
export class FrameParser {
  readonly #limit: number;
  #fault: FrameFault | undefined;
  /** The beginning of a frame whose rest has not arrived: `#held[0, #heldLength)`. */
  #held: Uint8Array = EMPTY;
  #heldLength = 0;

  /** @param limitBytes longest accepted `length`; 64 MiB by default */
  constructor(limitBytes = MAX_FRAME_BYTES) {
    this.#limit = limitBytes;
  }

  /**
   * Takes the next bytes of the stream and hands out each frame that is complete with them, in order.
   * What `onFrame` throws passes through; the rest of that chunk is then lost and the parser must be dropped.
   * @returns the fault, now and at every later call, when the stream is broken
   */
  push(bytes: Uint8Array, onFrame: OnFrame): FrameFault | undefined {
    if (this.#fault !== undefined) return this.#fault;
    // Sockets give Buffers, whose `slice` does not copy. Readers of payloads get one class with standard methods.
    const chunk =
      bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = this.#heldLength === 0 ? 0 : this.#complete(chunk, onFrame);
    const end = chunk.length;
    while (this.#fault === undefined && end - at >= LENGTH_BYTES) {
      const length = readU32(chunk, at);
      if (!this.#accepts(length)) break;
      const next = at + LENGTH_BYTES + length;
      if (next > end) break;
      onFrame(chunk[at + 4] as number, readU32(chunk, at + 5), chunk.subarray(at + FRAME_HEADER_BYTES, next));
      at = next;
    }
    if (this.#fault === undefined && at < end) this.#hold(chunk, at, end);
    return this.#fault;
  }

  /** Adds to the held frame; hands it out when it is whole. Returns how much of the chunk was used. */
  #complete(chunk: Uint8Array, onFrame: OnFrame): number {
    let used = 0;
    if (this.#heldLength < LENGTH_BYTES) {
      used = Math.min(LENGTH_BYTES - this.#heldLength, chunk.length);
      this.#hold(chunk, 0, used);
      if (this.#heldLength < LENGTH_BYTES) return used;
    }
    const length = readU32(this.#held, 0);
    if (!this.#accepts(length)) return used;
    const missing = LENGTH_BYTES + length - this.#heldLength;
    const upTo = Math.min(used + missing, chunk.length);
    this.#hold(chunk, used, upTo);
    if (upTo - used < missing) return upTo;
    const frame = this.#held;
    const frameEnd = this.#heldLength;
    this.#held = EMPTY;
    this.#heldLength = 0;
    onFrame(frame[4] as number, readU32(frame, 5), frame.subarray(FRAME_HEADER_BYTES, frameEnd));
    return upTo;
  }

  #hold(chunk: Uint8Array, from: number, to: number): void {
    const needed = this.#heldLength + to - from;
    if (needed > this.#held.length) {
      const grown = new Uint8Array(Math.max(64, Math.min(needed * 2, this.#wholeFrame(chunk, from, to))));
      grown.set(this.#held.subarray(0, this.#heldLength));
      this.#held = grown;
    }
    this.#held.set(chunk.subarray(from, to), this.#heldLength);
    this.#heldLength = needed;
  }

  /** Bytes of the whole frame that is being held, as far as its length is known: no more memory will be needed. */
  #wholeFrame(chunk: Uint8Array, from: number, to: number): number {
    if (this.#heldLength >= LENGTH_BYTES) return LENGTH_BYTES + readU32(this.#held, 0);
    return this.#heldLength === 0 && to - from >= LENGTH_BYTES ? LENGTH_BYTES + readU32(chunk, from) : Infinity;
  }

  #accepts(length: number): boolean {
    if (length >= MIN_LENGTH && length <= this.#limit) return true;
    const message =
      length < MIN_LENGTH
        ? `frame length ${length} is below ${MIN_LENGTH}`
        : `frame length ${length} is above the limit of ${this.#limit}`;
    this.#fault = { length, message };
    this.#held = EMPTY;
    this.#heldLength = 0;
    return false;
  }
}
