// The time of a connection before its peer has proved itself: one channel, few bytes, a limit, one outcome.
// What is said in it is in handshake.ts.
//   R1  At most 4 KiB are read and 5 s pass before the outcome.
//   R2  Frames that follow the last word of the handshake in the same read belong to the connection.
import type { Cancel, Clock } from "../core/clock.ts";
import { ByteWriter } from "../protocol/byte-writer.ts";
import { beginFrame, endFrame, FRAME, FrameParser } from "../protocol/frame.ts";
import { readClose, writeClose } from "../protocol/messages.ts";
import type { ByteChannel } from "./byte-channel.ts";
import { Connection, type Peer } from "./connection.ts";

const LIMIT_BYTES = 4096;
const LIMIT_MS = 5000;

/**
 * How it ended without a connection. PROTOCOL: somebody refused, and will again. ENGINE: nobody said anything (it died,
 * or hangs); a later try may succeed.
 */
export interface HandshakeFailure {
  readonly code: "PROTOCOL" | "ENGINE";
  readonly reason: string;
}

/** Gets the frames of the peer until the outcome. */
export type StageListener = (type: number, payload: Uint8Array) => void;

export class HandshakeStage {
  /** Resolves once. */
  readonly outcome: Promise<Connection | HandshakeFailure>;
  readonly #channel: ByteChannel;
  readonly #listener: StageListener;
  readonly #parser = new FrameParser();
  readonly #resolve: (outcome: Connection | HandshakeFailure) => void;
  readonly #cancelLimit: Cancel;
  #received = 0;
  #over = false;
  #connection: Connection | undefined;

  constructor(channel: ByteChannel, listener: (stage: HandshakeStage) => StageListener, clock: Clock) {
    const { promise, resolve } = Promise.withResolvers<Connection | HandshakeFailure>();
    this.outcome = promise;
    this.#resolve = resolve;
    this.#channel = channel;
    this.#cancelLimit = clock.after(LIMIT_MS, () => {
      channel.destroy("handshake timed out");
      this.#fail({ code: "ENGINE", reason: `no answer within ${LIMIT_MS} ms` });
    });
    this.#listener = listener(this);
    channel.open({
      onData: (bytes) => this.#receive(bytes),
      onClose: (reason) => {
        if (this.#connection === undefined) this.#fail({ code: "ENGINE", reason });
        else this.#connection.channelClosed(reason);
      },
    });
  }

  send(type: number, write: (writer: ByteWriter) => void): void {
    const writer = new ByteWriter();
    const start = beginFrame(writer, type, 0);
    write(writer);
    endFrame(writer, start);
    this.#channel.write(writer.takePieces());
  }

  /** Tells the peer why, and ends the channel. */
  refuse(reason: string): void {
    this.send(FRAME.close, (writer) => writeClose(writer, "PROTOCOL", reason));
    this.#channel.end();
    this.#fail({ code: "PROTOCOL", reason });
  }

  /** The peer has proved itself: the channel belongs to a connection from here on. */
  succeed(peer: Peer): void {
    this.#over = true;
    this.#cancelLimit();
    this.#connection = new Connection(this.#channel, peer, this.#parser);
    this.#resolve(this.#connection);
  }

  #receive(bytes: Uint8Array): void {
    if (this.#connection !== undefined) return this.#connection.receive(bytes);
    if (this.#over) return;
    this.#received += bytes.length;
    const fault = this.#parser.push(bytes, this.#onFrame);
    if (this.#isOver()) return;
    if (fault !== undefined) this.refuse(fault.message);
    else if (this.#received > LIMIT_BYTES) this.refuse("too much data before HELLO"); // R1
  }

  readonly #onFrame = (type: number, callId: number, payload: Uint8Array): void => {
    if (this.#connection !== undefined) return this.#connection.receiveFrame(type, callId, payload); // R2
    if (this.#over) return;
    if (type !== FRAME.close) return this.#listener(type, payload);
    this.#channel.destroy("refused");
    this.#fail({
      code: "PROTOCOL",
      reason: readClose(payload, 0, payload.length)?.message ?? "refused without a reason",
    });
  };

  #isOver(): boolean {
    return this.#over;
  }

  #fail(failure: HandshakeFailure): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelLimit();
    this.#resolve(failure);
  }
}
