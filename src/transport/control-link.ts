// Requests both ways and notifications on one connection, for the words of protocol/control.ts.
//   R1  Every request is answered once: by the peer, or with ENGINE when the connection ends first.
//   R2  A handler that throws answers with its error; the link lives on.
//   R3  A body that cannot cross leaves no part of its frame behind: the link lives on.
import type { Cancel, Clock } from "../core/clock.ts";
import { ServeError, toServeError } from "../core/errors.ts";
import type { Notifications } from "../protocol/control.ts";
import type { ByteWriter } from "../protocol/byte-writer.ts";
import { readError, writeError } from "../protocol/error-wire.ts";
import { FRAME } from "../protocol/frame.ts";
import {
  readNotify,
  readReply,
  readRequest,
  writeNotify,
  writeReplyError,
  writeReplyValue,
  writeRequest,
} from "../protocol/messages.ts";
import type { Connection, Peer } from "./connection.ts";

type Methods<M> = { readonly [K in keyof M]: { in: unknown; out: unknown } };

interface Waiting {
  readonly method: string;
  resolve(value: unknown): void;
  reject(error: ServeError): void;
}

export class ControlLink {
  readonly peer: Peer;
  readonly closed: Promise<{ readonly reason: string }>;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  #lastCallId = 0;
  #lastHeardMs: number;
  #stopHeartbeat: Cancel | undefined;
  #attached = false;
  #onRequest: (method: string, body: unknown) => unknown = (method) => {
    throw new ServeError("PROTOCOL", `nobody answers ${method} here`);
  };
  #onNotify: (topic: string, body: unknown) => void = () => undefined;

  constructor(connection: Connection, clock: Clock) {
    this.peer = connection.peer;
    this.closed = connection.closed;
    this.#connection = connection;
    this.#clock = clock;
    this.#lastHeardMs = clock.monotonic();
    // Handlers are installed in the same turn; frames that are here already wait for them.
    queueMicrotask(() => this.#attach());
  }

  /** Monotonic time of the last frame from the peer. */
  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /**
   * Asks the peer. The answer's shape is the peer's word: both sides are of one version.
   * @param options.timeoutMs default: none
   * @throws {ServeError} the peer's error; ENGINE when the link ends first or the time runs out
   */
  request<M extends Methods<M>, K extends keyof M & string>(
    method: K,
    body: M[K]["in"],
    options: { readonly timeoutMs?: number } = {},
  ): Promise<M[K]["out"]> {
    return new Promise((resolve, reject) => {
      if (!this.#connection.isOpen) {
        reject(new ServeError("ENGINE", `${method}: the link to ${this.peer.role} ${this.peer.id} is closed`));
        return;
      }
      const callId = this.#nextCallId();
      let cancelTimer: Cancel = () => undefined;
      this.#waiting.set(callId, {
        method,
        resolve: (value) => (cancelTimer(), resolve(value)),
        reject: (error) => (cancelTimer(), reject(error)),
      });
      if (options.timeoutMs !== undefined) {
        const limit = options.timeoutMs;
        cancelTimer = this.#clock.after(limit, () => {
          this.#waiting.delete(callId);
          reject(
            new ServeError("ENGINE", `${method}: no answer from ${this.peer.role} ${this.peer.id} within ${limit} ms`),
          );
        });
      }
      try {
        this.#send(FRAME.request, callId, (writer) => writeRequest(writer, method, body));
      } catch (reason) {
        this.#waiting.get(callId)?.reject(toServeError(reason));
        this.#waiting.delete(callId);
      }
    });
  }

  /** Tells the peer; nothing comes back. Lost when the link is closed. @throws {SerializationError} the body cannot cross */
  notify<K extends keyof Notifications>(topic: K, body: Notifications[K]): void {
    if (!this.#connection.isOpen) return;
    this.#send(FRAME.notify, 0, (writer) => writeNotify(writer, topic, body));
  }

  /** Installs the one who answers requests. Install it in the turn that made the link. */
  onRequest(handler: (method: string, body: unknown) => unknown): void {
    this.#onRequest = handler;
  }

  /** Installs the receiver of notifications. Install it in the turn that made the link. */
  onNotify(handler: (topic: string, body: unknown) => void): void {
    this.#onNotify = handler;
  }

  /** Sends PING every `periodMs`; the peer answers by itself, so `lastHeardMs` moves while it lives. */
  startHeartbeat(periodMs: number): void {
    this.#stopHeartbeat?.();
    this.#stopHeartbeat = this.#clock.every(periodMs, () => this.#connection.signal(FRAME.ping, 0));
    void this.closed.then(() => this.#stopHeartbeat?.());
  }

  setKeepsAlive(alive: boolean): void {
    this.#connection.setKeepsAlive(alive);
  }

  /** Tells the peer why and ends the link. Without effect on a closed one. */
  close(reason: string): void {
    this.#connection.close("CLOSED", reason);
  }

  #attach(): void {
    if (this.#attached) return;
    this.#attached = true;
    this.#connection.attach(
      (type, callId, payload) => this.#receive(type, callId, payload),
      (reason) => this.#ended(reason),
    );
  }

  #receive(type: number, callId: number, payload: Uint8Array): void {
    this.#lastHeardMs = this.#clock.monotonic();
    if (type === FRAME.request) {
      const request = readRequest(payload, 0, payload.length);
      if (request === undefined) this.#connection.close("PROTOCOL", "malformed REQUEST");
      else void this.#answer(callId, request.method, request.body);
    } else if (type === FRAME.reply) {
      this.#resolve(callId, payload);
    } else if (type === FRAME.notify) {
      const notice = readNotify(payload, 0, payload.length);
      if (notice === undefined) this.#connection.close("PROTOCOL", "malformed NOTIFY");
      else this.#onNotify(notice.topic, notice.body);
    }
  }

  #resolve(callId: number, payload: Uint8Array): void {
    const waiting = this.#waiting.get(callId);
    this.#waiting.delete(callId);
    const reply = readReply(payload, 0, payload.length);
    if (reply === undefined) this.#connection.close("PROTOCOL", "malformed REPLY");
    else if (reply.ok) waiting?.resolve(reply.value);
    else waiting?.reject(readError(payload, reply.errorAt, payload.length));
  }

  async #answer(callId: number, method: string, body: unknown): Promise<void> {
    let failure: ServeError;
    try {
      const value = await this.#onRequest(method, body);
      if (!this.#connection.isOpen) return;
      return this.#send(FRAME.reply, callId, (writer) => writeReplyValue(writer, value ?? null));
    } catch (reason) {
      failure = toServeError(reason);
    }
    if (!this.#connection.isOpen) return;
    this.#send(FRAME.reply, callId, (writer) => writeReplyError(writer, (to) => writeError(to, failure)));
  }

  /** One frame, or none when its body cannot cross (R3). */
  #send(type: number, callId: number, write: (writer: ByteWriter) => void): void {
    const writer = this.#connection.begin(type, callId);
    try {
      write(writer);
    } catch (reason) {
      this.#connection.abandon();
      throw reason;
    }
    this.#connection.end();
  }

  #ended(reason: string): void {
    for (const { method, reject } of this.#waiting.values()) {
      reject(new ServeError("ENGINE", `${method}: ${this.peer.role} ${this.peer.id} went away: ${reason}`));
    }
    this.#waiting.clear();
  }

  #nextCallId(): number {
    do this.#lastCallId = this.#lastCallId >= 0xffff_ffff ? 1 : this.#lastCallId + 1;
    while (this.#waiting.has(this.#lastCallId));
    return this.#lastCallId;
  }
}
