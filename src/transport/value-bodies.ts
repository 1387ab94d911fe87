// Bodies of Request and Response values that travel as chunk streams beside the value that holds them.
//   R1  Stream numbers are chosen by the side that sends: 0 is the call's own stream, bodies count from 1.
import type { EncodeHooks, HandleRef, Revivers } from "../protocol/values.ts";
import { ChunkSender, CreditKeeper } from "./chunk-stream.ts";
import type { Connection } from "./connection.ts";
import { IncomingBody } from "./incoming-body.ts";

/** Sends one web stream as chunks; resolves when the last byte was handed to the connection. */
export class BodyPump {
  readonly #sender: ChunkSender;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #wake: (() => void) | undefined;
  #stopped = false;

  constructor(body: ReadableStream<Uint8Array>, connection: Connection, callId: number, stream: number) {
    this.#reader = body.getReader();
    this.#sender = new ChunkSender(connection, callId, stream, () => this.#wake?.());
  }

  /** @throws what the stream fails with */
  async run(ongoing: () => number): Promise<void> {
    while (!this.#stopped) {
      const { done, value } = await this.#reader.read();
      if (this.#stopped) break;
      if (done) return new Promise((resolve) => this.#sender.end(ongoing, (this.#wake = resolve)));
      if (!this.#sender.send(value)) await new Promise<void>((resolve) => void (this.#wake = resolve));
    }
  }

  grant(bytes: number): void {
    this.#sender.grant(bytes);
  }

  /** Nobody reads any more: the source is cancelled. */
  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    void this.#reader.cancel(reason).catch(() => undefined);
    this.#wake?.();
  }
}

/** Bodies found while a value was encoded, and their pumps once the value is on its way. */
export class OutgoingBodies {
  readonly #bodies: ReadableStream<Uint8Array>[] = [];
  #pumps: BodyPump[] = [];

  /** Hooks for the codec: bodies are kept here, handles are recognised by `handleRef`. */
  hooks(handleRef: (value: object) => HandleRef | undefined): EncodeHooks {
    return { handleRef, openBody: (body) => this.#bodies.push(body) };
  }

  get count(): number {
    return this.#bodies.length;
  }

  /** Sends every body; resolves when all are sent. @throws the first failure of one */
  async send(connection: Connection, callId: number, ongoing: () => number): Promise<void> {
    this.#pumps = this.#bodies.map((body, index) => new BodyPump(body, connection, callId, index + 1));
    await Promise.all(this.#pumps.map((pump) => pump.run(ongoing)));
  }

  /** CREDIT from the peer. */
  grant(stream: number, bytes: number): void {
    this.#pumps[stream - 1]?.grant(bytes);
  }

  /** The call ended: nobody reads any more. */
  stop(reason: unknown): void {
    for (const pump of this.#pumps) pump.stop(reason);
    if (this.#pumps.length > 0) return;
    for (const body of this.#bodies) {
      if (!body.locked) void body.cancel(reason).catch(() => undefined);
    }
  }
}

/** Bodies of a received value: streams fed by the CHUNK frames of their number. */
export class IncomingBodies {
  readonly #connection: Connection;
  readonly #callId: number;
  readonly #bodies = new Map<number, IncomingBody>();
  readonly #onUnwanted: () => void;
  #wanted = 0;

  /** @param onUnwanted every open body was cancelled by its reader */
  constructor(connection: Connection, callId: number, onUnwanted: () => void = () => undefined) {
    this.#connection = connection;
    this.#callId = callId;
    this.#onUnwanted = onUnwanted;
  }

  /** Revivers for the codec; `handle` makes a live handle of a reference. */
  revivers(handle: (ref: HandleRef) => unknown): Revivers {
    return { handle, body: (stream) => this.open(stream).stream };
  }

  /** Opens a stream before its first chunk. */
  open(stream: number): IncomingBody {
    this.#wanted++;
    const credit = new CreditKeeper(this.#connection, this.#callId, stream);
    const body = new IncomingBody(credit, 0, () => --this.#wanted === 0 && this.#onUnwanted());
    this.#bodies.set(stream, body);
    return body;
  }

  chunk(stream: number, bytes: Uint8Array): void {
    // The frame's memory is shared with its neighbours; a reader may keep its piece for long.
    this.#bodies.get(stream)?.push(bytes.slice());
  }

  end(stream: number): void {
    const body = this.#bodies.get(stream);
    if (body === undefined) return;
    this.#bodies.delete(stream);
    if (!body.cancelled) this.#wanted--;
    body.end();
  }

  /** The call broke: every open body fails. */
  fail(error: Error): void {
    for (const body of this.#bodies.values()) body.fail(error);
    this.#bodies.clear();
  }
}
