// Server-Sent Events from anything iterable.
//   R1  Pulled, never pushed: a slow reader stops the iterable. A reader that leaves ends it by `return`.
//   R2  While the iterable keeps the reader waiting, a comment goes out every 15 s, so that nothing between the two takes
//       the connection for dead.
//   R3  A throw ends the stream with `event: error` and the message; the stack goes to the log. The request's own deadline
//       breaks the stream instead, whoever notices it first (Q4).
import { AsyncResource } from "node:async_hooks";
import { showValue } from "../config/check-rule.ts";
import type { Cancel } from "../core/clock.ts";
import { ConfigError, SerializationError } from "../core/errors.ts";
import { PIECES } from "./brands.ts";
import { currentRuntime, currentScope } from "./globals.ts";
import { logger } from "./logger.ts";
import type { Runtime } from "./runtime.ts";

/** Time between two comments, milliseconds (api.md section 1). */
const HEARTBEAT_MS = 15_000;

const encoder = new TextEncoder();

/** Fields of one event. */
export interface SseEventFields {
  /** Name for `addEventListener`; without it the browser's `message`. One line. */
  readonly event?: string;
  /** What the browser sends back as `Last-Event-ID` when it connects again. One line. */
  readonly id?: string;
  /** How long the browser waits before it connects again, whole milliseconds. */
  readonly retry?: number;
  /** A string as it is, anything else as JSON. */
  readonly data?: unknown;
}

/** Made by `sse.event`, sent by `sse`. */
export class SseEvent {
  /** The event as it goes over the wire. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * A `Response` that streams events: each string is one event's data, any other value is sent as JSON, and `sse.event`
 * gives an event a name, an id or a retry time. A response of a handle that streams can be passed as it is.
 * @throws {ConfigError} anything that cannot be iterated, a string included
 */
function stream(events: AsyncIterable<unknown> | Iterable<unknown>): Response {
  if (!isIterable(events)) {
    const expected = "an iterable or async iterable of events";
    throw new ConfigError({ path: "sse(...)", received: showValue(events), expected });
  }
  const body = streamOf(new EventPieces(events, currentRuntime()));
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
}

/**
 * One event with a name, an id or a retry time.
 * @throws {ConfigError} a name or id of more than one line, or a retry time that is not a whole number of milliseconds
 */
function event(fields: SseEventFields): SseEvent {
  if (typeof fields !== "object" || fields === null) {
    const expected = "an object with `event`, `id`, `retry` or `data`";
    throw new ConfigError({ path: "sse.event(...)", received: showValue(fields), expected });
  }
  const { event: name, id, retry, data } = fields;
  checkLine("event", name);
  checkLine("id", id);
  if (retry !== undefined && !(Number.isSafeInteger(retry) && retry >= 0)) {
    throw new ConfigError({
      path: "sse.event(...).retry",
      received: String(retry),
      expected: "a whole number of milliseconds >= 0",
    });
  }
  const head = [
    ...(name === undefined ? [] : [`event: ${name}\n`]),
    ...(id === undefined ? [] : [`id: ${id}\n`]),
    ...(retry === undefined ? [] : [`retry: ${retry}\n`]),
  ];
  return new SseEvent(`${head.join("")}${data === undefined ? "" : formatData(data)}\n`);
}

/** Server-Sent Events: `return sse(iterable)` from `fetch`, `sse.event({ event, id, retry, data })` for one with a name. */
export const sse: typeof stream & { readonly event: typeof event } = Object.assign(stream, { event });

function checkLine(field: "event" | "id", value: string | undefined): void {
  if (value === undefined || (typeof value === "string" && !/[\r\n\0]/.test(value))) return;
  throw new ConfigError({
    path: `sse.event(...).${field}`,
    received: JSON.stringify(value),
    expected: "a string of one line",
  });
}

function formatData(data: unknown): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  if (text === undefined)
    throw new SerializationError({ path: "sse", received: `a ${typeof data}` }, "send strings or JSON values");
  let lines = "";
  for (const line of text.split(/\r\n|\r|\n/)) lines += `data: ${line}\n`;
  return lines;
}

function format(item: unknown): Uint8Array {
  return encoder.encode(item instanceof SseEvent ? item.text : `${formatData(item)}\n`);
}

/** What a reader gets. A promise of it only when the stream breaks. */
type Piece = IteratorResult<Uint8Array, undefined>;

const OVER: Piece = { done: true, value: undefined };
const HEARTBEAT: Piece = { done: false, value: encoder.encode(": keep-alive\n\n") };

/** The events of an iterable as bytes, for one reader (R1). */
class EventPieces implements AsyncIterator<Uint8Array, undefined, void> {
  readonly #events: AsyncIterable<unknown> | Iterable<unknown>;
  readonly #runtime: Runtime;
  /** The iterable's code belongs to the request, whoever reads. A tenth of the memory of `AsyncLocalStorage.snapshot()`. */
  readonly #request = new AsyncResource("manta.sse", { requireManualDestroy: true });
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  #stopHeartbeat: Cancel | undefined;
  /** Answers the one who reads. */
  #answer: ((piece: Piece | Promise<never>) => void) | undefined;
  /** The iterable was asked and has not answered. */
  #asked = false;
  /** Its answer, when it came while nobody read: a comment had gone out before it. */
  #kept: Piece | Promise<never> | undefined;

  constructor(events: AsyncIterable<unknown> | Iterable<unknown>, runtime: Runtime) {
    this.#events = events;
    this.#runtime = runtime;
  }

  next(): Promise<Piece> {
    const kept = this.#kept ?? (this.#over ? OVER : undefined);
    this.#kept = undefined;
    if (kept !== undefined) return Promise.resolve(kept);
    this.#stopHeartbeat ??= this.#runtime.clock.every(HEARTBEAT_MS, () => {
      if (this.#answer !== undefined) this.#give(HEARTBEAT);
    });
    return new Promise((resolve) => {
      this.#answer = resolve;
      if (!this.#asked) void this.#request.runInAsyncScope(this.#ask, this);
    });
  }

  async return(): Promise<Piece> {
    this.#stop();
    this.#give(OVER);
    try {
      await this.#request.runInAsyncScope(() => this.#iterator?.return?.());
    } catch (reason) {
      logger.error("sse.failed", { error: reason });
    }
    return OVER;
  }

  get #over(): boolean {
    return this.#stopHeartbeat === stopped;
  }

  async #ask(): Promise<void> {
    this.#asked = true;
    try {
      this.#iterator ??= iterate(this.#events);
      const { done, value } = await this.#iterator.next();
      if (this.#over) return;
      if (done === true) this.#stop();
      this.#give(done === true ? OVER : { done: false, value: format(value) });
    } catch (reason) {
      if (!this.#over) this.#fail(reason);
    } finally {
      this.#asked = false;
    }
  }

  #fail(reason: unknown): void {
    this.#stop();
    if (endsRequest(reason)) {
      const broken = Promise.reject(reason);
      broken.catch(() => undefined); // maybe nobody reads any more
      return this.#give(broken);
    }
    logger.error("sse.failed", { error: reason });
    const message = reason instanceof Error ? reason.message : String(reason);
    this.#give({ done: false, value: format(event({ event: "error", data: { message } })) });
  }

  #give(piece: Piece | Promise<never>): void {
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer === undefined) this.#kept = piece;
    else answer(piece);
  }

  #stop(): void {
    this.#stopHeartbeat?.();
    this.#stopHeartbeat = stopped;
  }
}

/** The request's code failed because the request is over (R3). */
function endsRequest(reason: unknown): boolean {
  const scope = currentScope();
  return scope !== undefined && (scope.failure !== undefined || scope.isTimedOutBy(reason));
}

/** A web stream of pieces. Who knows the mark takes the pieces themselves: an open web stream costs 3 KB. */
function streamOf(pieces: EventPieces): ReadableStream<Uint8Array> {
  let left = false;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        Object.defineProperty(body, PIECES, { value: undefined });
        const { done, value } = await pieces.next();
        if (done !== true) controller.enqueue(value);
        else if (!left) controller.close();
      },
      async cancel() {
        left = true;
        await pieces.return();
      },
    },
    { highWaterMark: 0 },
  );
  return Object.defineProperty(body, PIECES, { value: pieces, configurable: true });
}

/** Stands where the timer was once a stream is over. */
const stopped: Cancel = () => undefined;

function isIterable(events: unknown): boolean {
  const isObject = (typeof events === "object" && events !== null) || typeof events === "function";
  return isObject && (Symbol.asyncIterator in events || Symbol.iterator in events);
}

function iterate(events: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterator<unknown> | Iterator<unknown> {
  return Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator]();
}
