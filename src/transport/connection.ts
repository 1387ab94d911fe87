// One framed, authenticated connection: frames in, frames out, nothing about calls.
//   R1  Frames written in one turn of the event loop share writes: what is there leaves after 8 frames, after 64 KiB, and
//       at the end of the turn.
//   R2  A frame fault or an unknown frame type from a peer of our version closes the connection with code PROTOCOL.
//   R3  `closed` resolves once, after the last frame was handed on.
import { ByteWriter } from "../protocol/byte-writer.ts";
import { beginFrame, endFrame, FRAME, FrameParser } from "../protocol/frame.ts";
import { PROTOCOL_VERSION, writeChunkHeader, writeClose } from "../protocol/messages.ts";
import type { Role } from "../protocol/control.ts";
import type { ByteChannel } from "./byte-channel.ts";

/** Who is at the other end, as its HELLO proved. */
export interface Peer {
  readonly role: Role;
  readonly id: string;
  readonly epoch: number;
  /** Protocol version the peer speaks. */
  readonly version: number;
}

export type FrameHandler = (type: number, callId: number, payload: Uint8Array) => void;

/** Written bytes that leave at once instead of at the end of the turn (R1). */
const FLUSH_AT_BYTES = 64 * 1024;
/**
 * Unsent frames that leave at once (R1). One write a turn is the cheapest, but then the peer has nothing to do until a
 * long turn is over: with 64 calls under way both ends worked in turns instead of side by side (measured: 25 % less).
 */
const FLUSH_AT_FRAMES = 8;

/** From here on a piece of its own in the write costs less than a copy. */
const ATTACH_AT_BYTES = 4096;

export class Connection {
  readonly peer: Peer;
  readonly closed: Promise<{ readonly reason: string }>;
  /** Frames are built here, between `begin` and `end`. */
  readonly writer: ByteWriter;
  // Frames that came before `attach`; there are few, for the peer waits for its first answer.
  #early: Parameters<FrameHandler>[] | undefined = [];
  #onFrame: FrameHandler = (...frame) => void this.#early?.push(frame);
  #onClose: (reason: string) => void = () => undefined;
  readonly #channel: ByteChannel;
  readonly #parser: FrameParser;
  readonly #resolveClosed: (value: { readonly reason: string }) => void;
  #flushPlanned = false;
  #unsentFrames = 0;
  #open = true;
  #closeReason = "";
  #frameStart = 0;
  // The chunk frame that ends the unsent bytes, so that the next piece of the same stream may join it.
  #chunkStart = -1;
  #chunkCallId = 0;
  #chunkStream = 0;

  /** Made by the handshake, which owns the channel's events and passes them on by `receive` and `channelClosed`. */
  constructor(channel: ByteChannel, peer: Peer, parser: FrameParser) {
    this.peer = peer;
    this.writer = new ByteWriter();
    this.#channel = channel;
    this.#parser = parser;
    const { promise, resolve } = Promise.withResolvers<{ readonly reason: string }>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Installs the receiver of frames and the one to tell when the connection ends (before `closed` resolves). */
  attach(onFrame: FrameHandler, onClose: (reason: string) => void): void {
    this.#onFrame = onFrame;
    this.#onClose = onClose;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const frame of early) this.receiveFrame(...frame);
    if (!this.#open) onClose(this.#closeReason);
  }

  /** Begins a frame; write its payload into `writer`, then call `end`. No `await` in between. */
  begin(type: number, callId: number): ByteWriter {
    this.#chunkStart = -1;
    this.#frameStart = beginFrame(this.writer, type, callId);
    return this.writer;
  }

  /** Completes the frame that `begin` opened. */
  end(): void {
    endFrame(this.writer, this.#frameStart);
    this.#unsentFrames++;
    this.#planFlush();
  }

  /** Completes the frame that `begin` opened with bytes that nobody will change; large ones are not copied. */
  endWith(bytes: Uint8Array): void {
    if (bytes.length < ATTACH_AT_BYTES) {
      this.writer.bytes(bytes);
      endFrame(this.writer, this.#frameStart);
    } else {
      endFrame(this.writer, this.#frameStart, bytes.length);
      this.writer.attach(bytes);
    }
    this.#unsentFrames++;
    this.#planFlush();
  }

  /** Drops the frame that `begin` opened. */
  abandon(): void {
    this.writer.position = this.#frameStart;
  }

  /** A frame without payload. */
  signal(type: number, callId: number): void {
    this.begin(type, callId);
    this.end();
  }

  /**
   * Begins a piece of a chunk stream, or goes on with the unsent chunk frame of the same stream: many small pieces
   * of one turn become one frame. Complete it by `endChunk`.
   * @param room bytes the chunk may have already for this piece to join it; 0 always begins a new one
   */
  beginChunk(callId: number, stream: number, flags: number, room: number): ByteWriter {
    const writer = this.writer;
    const joins = this.#chunkStart >= 0 && this.#chunkCallId === callId && this.#chunkStream === stream;
    if (joins && writer.position - this.#chunkStart < room) return writer;
    this.#frameStart = beginFrame(writer, FRAME.chunk, callId);
    this.#chunkStart = flags === 0 ? this.#frameStart : -1;
    this.#chunkCallId = callId;
    this.#chunkStream = stream;
    writeChunkHeader(writer, stream, flags);
    return writer;
  }

  /** Completes the chunk; later pieces of this turn may still join it. */
  endChunk(): void {
    endFrame(this.writer, this.#frameStart);
    this.#planFlush();
  }

  /** Sends what was written so far without waiting for the end of the turn. */
  flush(): void {
    this.#chunkStart = -1;
    this.#unsentFrames = 0;
    if (this.writer.length === 0) return;
    const pieces = this.writer.takePieces(); // also when it is closed, or what is still written would pile up
    if (this.#open && this.#channel.write(pieces)) this.writer.reuse();
  }

  setKeepsAlive(alive: boolean): void {
    this.#channel.setKeepsAlive(alive);
  }

  /** Tells the peer why, then ends the connection. */
  close(code: string, message: string): void {
    if (!this.#open) return;
    writeClose(this.begin(FRAME.close, 0), code, message);
    this.end();
    this.flush();
    this.#channel.end();
    this.channelClosed(message);
  }

  /** Ends the connection at once, without a word. */
  destroy(reason: string): void {
    this.#channel.destroy(reason);
    this.channelClosed(reason);
  }

  /** Bytes from the channel. */
  receive(bytes: Uint8Array): void {
    if (!this.#open) return;
    const fault = this.#parser.push(bytes, this.receiveFrame);
    if (fault !== undefined) this.close("PROTOCOL", fault.message);
  }

  /** The channel ended. */
  channelClosed(reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#closeReason = reason;
    this.#onClose(reason);
    this.#resolveClosed({ reason });
  }

  /** One frame, whole. */
  readonly receiveFrame: FrameHandler = (type, callId, payload) => {
    if (!this.#open) return;
    if (type === FRAME.close) {
      this.destroy("closed by the peer");
    } else if (type === FRAME.ping) {
      this.signal(FRAME.pong, callId);
    } else if (type < 1 || type > FRAME.close) {
      // A newer peer may know more frames than we do; one of our own version may not (R2).
      if (this.peer.version <= PROTOCOL_VERSION) this.close("PROTOCOL", `unknown frame type ${type}`);
    } else {
      this.#onFrame(type, callId, payload);
    }
  };

  #planFlush(): void {
    if (this.#unsentFrames >= FLUSH_AT_FRAMES || this.writer.length >= FLUSH_AT_BYTES) {
      this.flush();
    } else if (!this.#flushPlanned) {
      this.#flushPlanned = true;
      this.#channel.atTurnEnd(this.#flushAtTurnEnd);
    }
  }

  readonly #flushAtTurnEnd = (): void => {
    this.#flushPlanned = false;
    this.flush();
  };
}
