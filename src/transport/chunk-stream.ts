// One stream of chunks within a call, either direction, under credit (architecture section 3.5).
//   R1  The sender starts with a window of 256 KiB; credit counts payload bytes.
//   R2  Credit above zero allows one whole chunk of at most 64 KiB; then the sender waits for CREDIT.
//   R3  The receiver gives credit back when a quarter of the window was consumed, so that frames stay few.
//   R4  Pieces of one turn share a chunk; a value larger than a chunk goes in several, all but the last marked "continues".
import { FRAME } from "../protocol/frame.ts";
import { CHUNK_FLAG, writeCredit, writeEnd } from "../protocol/messages.ts";
import type { Connection } from "./connection.ts";

/** Window of a stream, in bytes of payload. */
export const WINDOW_BYTES = 256 * 1024;
/** Longest chunk, in bytes of payload. */
export const MAX_CHUNK_BYTES = 64 * 1024;
const GIVE_BACK_AT_BYTES = WINDOW_BYTES / 4;

interface Piece {
  readonly bytes: Uint8Array;
  readonly flags: number;
}

/** Sends one stream. What exceeds the credit waits here; a caller that heeds `writable` keeps that to one piece. */
export class ChunkSender {
  readonly #connection: Connection;
  readonly #callId: number;
  readonly #stream: number;
  readonly #onWritable: () => void;
  #credit: number;
  #waiting: Piece[] = [];
  #finish: (() => void) | undefined;

  /** @param onWritable called when `writable` turns true again; not after `end` */
  constructor(connection: Connection, callId: number, stream: number, onWritable: () => void) {
    this.#connection = connection;
    this.#callId = callId;
    this.#stream = stream;
    this.#onWritable = onWritable;
    // Over a closed connection no credit comes, and nothing that is sent takes room.
    this.#credit = connection.isOpen ? WINDOW_BYTES : Infinity;
  }

  /** False: hold back until `onWritable`. */
  get writable(): boolean {
    return this.#credit > 0 && this.#waiting.length === 0;
  }

  /** Sends bytes whose borders mean nothing. They are copied or kept, so the caller leaves them alone. Returns `writable`. */
  send(bytes: Uint8Array): boolean {
    return this.#split(bytes, 0);
  }

  /** Sends one encoded value: its end is the end of a chunk, or of a piece within one. Returns `writable`. */
  sendValue(bytes: Uint8Array): boolean {
    return this.#split(bytes, CHUNK_FLAG.continues);
  }

  /** Sends text as UTF-8. Returns `writable`. */
  sendText(text: string): boolean {
    // Three bytes a UTF-16 unit is the most that UTF-8 takes.
    const room = text.length * 3;
    if (!this.writable || room > MAX_CHUNK_BYTES) return this.send(Buffer.from(text));
    const writer = this.#connection.beginChunk(this.#callId, this.#stream, 0, MAX_CHUNK_BYTES - room);
    this.#credit -= writer.text(text);
    this.#connection.endChunk();
    return this.writable;
  }

  /**
   * Ends the stream after what waits.
   * @param onEnded called when END was written, maybe at once
   * @param trailers of an HTTP request
   */
  end(ongoing: () => number, onEnded: () => void = () => undefined, trailers?: readonly string[]): void {
    this.#finish = () => {
      writeEnd(this.#connection.begin(FRAME.end, this.#callId), ongoing(), this.#stream, trailers);
      this.#connection.end();
      onEnded();
    };
    if (this.#waiting.length === 0) this.#finish();
  }

  /** CREDIT from the peer. */
  grant(bytes: number): void {
    const wasWritable = this.writable;
    this.#credit += bytes;
    while (this.#credit > 0) {
      const piece = this.#waiting.shift();
      if (piece === undefined) break;
      this.#write(piece);
      if (this.#waiting.length === 0) this.#finish?.();
    }
    if (!wasWritable && this.#finish === undefined && this.writable) this.#onWritable();
  }

  #split(bytes: Uint8Array, flagOfParts: number): boolean {
    if (bytes.length <= MAX_CHUNK_BYTES) this.#offer({ bytes, flags: 0 });
    for (let at = 0; bytes.length > MAX_CHUNK_BYTES && at < bytes.length; at += MAX_CHUNK_BYTES) {
      const end = at + MAX_CHUNK_BYTES;
      this.#offer({ bytes: bytes.subarray(at, end), flags: end < bytes.length ? flagOfParts : 0 });
    }
    return this.writable;
  }

  #offer(piece: Piece): void {
    if (this.writable) this.#write(piece);
    else this.#waiting.push(piece);
  }

  #write({ bytes, flags }: Piece): void {
    this.#credit -= bytes.length;
    const room = flags === 0 ? MAX_CHUNK_BYTES - bytes.length : 0;
    this.#connection.beginChunk(this.#callId, this.#stream, flags, room).bytes(bytes);
    this.#connection.endChunk();
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
