// One stream of chunks within a call, either direction, under credit (architecture section 3.5).
//   R1  The sender starts with a window of 256 KiB; credit counts payload bytes.
//   R2  Credit above zero allows one whole chunk of at most 64 KiB; then the sender waits for CREDIT.
//   R3  The receiver gives credit back when a quarter of the window was consumed, so that frames stay few.
import { FRAME } from "../protocol/frame.ts";
import { writeCredit, writeEnd } from "../protocol/messages.ts";
import type { Connection } from "./connection.ts";

/** Window of a stream, in bytes of payload. */
export const WINDOW_BYTES = 256 * 1024;
/** Longest chunk, in bytes of payload. */
export const MAX_CHUNK_BYTES = 64 * 1024;
const GIVE_BACK_AT_BYTES = WINDOW_BYTES / 4;

/** Sends one stream. Bytes beyond the credit wait here; a caller that heeds `writable` keeps that to one piece. */
export class ChunkSender {
  readonly #connection: Connection;
  readonly #callId: number;
  readonly #stream: number;
  readonly #onWritable: () => void;
  #credit = WINDOW_BYTES;
  #waiting: Uint8Array[] = [];
  #ended = false;
  #ongoing = 0;

  constructor(connection: Connection, callId: number, stream: number, onWritable: () => void) {
    this.#connection = connection;
    this.#callId = callId;
    this.#stream = stream;
    this.#onWritable = onWritable;
  }

  /** False: hold back until `onWritable`. */
  get writable(): boolean {
    return this.#credit > 0 && this.#waiting.length === 0;
  }

  /** Takes the bytes; they are copied or kept, so the caller leaves them alone. Returns `writable`. */
  send(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length; at += MAX_CHUNK_BYTES) {
      const piece = bytes.length <= MAX_CHUNK_BYTES ? bytes : bytes.subarray(at, at + MAX_CHUNK_BYTES);
      if (this.writable) this.#write(piece);
      else this.#waiting.push(piece);
    }
    return this.writable;
  }

  /** Text as UTF-8. Short text goes straight into the frame. */
  sendText(text: string): boolean {
    // Three bytes a UTF-16 unit is the most that UTF-8 takes.
    if (!this.writable || text.length * 3 > MAX_CHUNK_BYTES) return this.send(Buffer.from(text));
    const writer = this.#connection.beginChunk(this.#callId, this.#stream, MAX_CHUNK_BYTES - text.length * 3);
    this.#credit -= writer.text(text);
    this.#connection.endChunk();
    return this.writable;
  }

  /** Ends the stream after what waits. `ongoing` is the replica's count to report, 0 from callers. */
  end(ongoing: number): void {
    this.#ended = true;
    this.#ongoing = ongoing;
    if (this.#waiting.length === 0) this.#writeEnd();
  }

  /** CREDIT from the peer. */
  grant(bytes: number): void {
    const wasWritable = this.writable;
    this.#credit += bytes;
    while (this.#credit > 0) {
      const piece = this.#waiting.shift();
      if (piece === undefined) break;
      this.#write(piece);
      if (this.#ended && this.#waiting.length === 0) this.#writeEnd();
    }
    if (!wasWritable && !this.#ended && this.writable) this.#onWritable();
  }

  #write(piece: Uint8Array): void {
    this.#credit -= piece.length;
    this.#connection.beginChunk(this.#callId, this.#stream, MAX_CHUNK_BYTES - piece.length).bytes(piece);
    this.#connection.endChunk();
  }

  #writeEnd(): void {
    writeEnd(this.#connection.begin(FRAME.end, this.#callId), this.#ongoing, this.#stream);
    this.#connection.end();
  }
}

/** The receiving side's bookkeeping of one stream: turns consumed bytes into CREDIT. */
export class CreditKeeper {
  readonly #connection: Connection;
  readonly #callId: number;
  readonly #stream: number;
  #owed = 0;

  constructor(connection: Connection, callId: number, stream: number) {
    this.#connection = connection;
    this.#callId = callId;
    this.#stream = stream;
  }

  /** `bytes` of payload were passed on and no longer take memory. */
  consumed(bytes: number): void {
    this.#owed += bytes;
    if (this.#owed < GIVE_BACK_AT_BYTES || !this.#connection.isOpen) return;
    writeCredit(this.#connection.begin(FRAME.credit, this.#callId), this.#stream, this.#owed);
    this.#connection.end();
    this.#owed = 0;
  }
}
