// Bodies of Request and Response values that travel as chunk streams beside the value that holds them.
//   R1  Stream numbers are chosen by the side that sends: 0 is the call's own stream, bodies count from 1.
//   R2  A body's source is the code of whoever gave the value away: it runs in the surroundings of that moment.
//   R3  A body that fails takes the others of its value with it; no source is left open.
import { AsyncLocalStorage } from "node:async_hooks";
import { SerializationError } from "../core/errors.ts";
import type { EncodeHooks, HandleRef, Revivers } from "../protocol/values.ts";
import { ChunkSender, CreditKeeper } from "./chunk-stream.ts";
import type { Connection } from "./connection.ts";
import { IncomingBody } from "./incoming-body.ts";

/** A body found in a value. */
interface OpenedBody {
  readonly body: ReadableStream<unknown>;
  /** Of the Request or Response that it belongs to. */
  readonly path: string;
}

/** Sends one web stream as chunks; resolves when the last byte was handed to the connection. */
export class BodyPump {
  readonly #sender: ChunkSender;
  readonly #reader: ReadableStreamDefaultReader<unknown>;
  readonly #path: string;
  #wake: (() => void) | undefined;
  #stopped = false;

  /** @param path where its Request or Response stands in the value, for errors */
  constructor({ body, path }: OpenedBody, connection: Connection, callId: number, stream: number) {
    this.#reader = body.getReader();
    this.#path = path;
    this.#sender = new ChunkSender(connection, callId, stream, () => this.#wake?.());
  }

  /** @throws what the stream fails with; SERIALIZATION when it yields something else than bytes */
  async run(ongoing: () => number): Promise<void> {
    while (!this.#stopped) {
      const { done, value } = await this.#reader.read();
      if (this.#stopped) break;
      if (done) return new Promise((resolve) => this.#sender.end(ongoing, (this.#wake = resolve)));
      if (!(value instanceof Uint8Array)) {
        const received = `a body that yields ${typeof value === "string" ? "text" : "something else than bytes"}`;
        throw new SerializationError({ path: this.#path, received }, "enqueue Uint8Array, e.g. by a TextEncoderStream");
      }
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
  readonly #bodies: OpenedBody[] = [];
  #pumps: BodyPump[] = [];
  #inside: <R>(fn: () => R) => R = (fn) => fn();

  /** Hooks for the codec: bodies are kept here, handles are recognised by `handleRef`. */
  hooks(handleRef: (value: object) => HandleRef | undefined): EncodeHooks {
    return {
      handleRef,
      openBody: (body, path) => {
        if (this.#bodies.length === 0) this.#inside = AsyncLocalStorage.snapshot(); // R2
        return this.#bodies.push({ body, path });
      },
    };
  }

  get count(): number {
    return this.#bodies.length;
  }

  /** Sends every body; resolves when all are sent. @throws the first failure of one */
  async send(connection: Connection, callId: number, ongoing: () => number): Promise<void> {
    this.#pumps = this.#bodies.map((body, index) => new BodyPump(body, connection, callId, index + 1));
    try {
      await this.#inside(() => Promise.all(this.#pumps.map((pump) => pump.run(ongoing))));
    } catch (reason) {
      this.stop(reason);
      throw reason;
    }
  }

  /** CREDIT from the peer. */
  grant(stream: number, bytes: number): void {
    this.#pumps[stream - 1]?.grant(bytes);
  }

  /** The call ended: nobody reads any more. */
  stop(reason: unknown): void {
    this.#inside(() => {
      for (const pump of this.#pumps) pump.stop(reason);
      if (this.#pumps.length > 0) return;
      for (const { body } of this.#bodies) {
        if (!body.locked) void body.cancel(reason).catch(() => undefined);
      }
    });
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
    const body = new IncomingBody(credit, undefined, () => --this.#wanted === 0 && this.#onUnwanted());
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
    body.end();
    // Those that are left may be ones whose readers have cancelled them already.
    if (!body.cancelled && --this.#wanted === 0 && this.#bodies.size > 0) this.#onUnwanted();
  }

  /** The call broke: every open body fails. */
  fail(error: Error): void {
    for (const body of this.#bodies.values()) body.fail(error);
    this.#bodies.clear();
  }
}
