// Server-Sent Events from anything iterable.
//   R1  Pulled, never pushed: a slow reader stops the iterable. A reader that leaves ends it by `return`.
//   R2  While the iterable keeps the reader waiting, a comment goes out every 15 s, so that nothing between the two takes
//       the connection for dead.
//   R3  A throw ends the stream with `event: error` and the message; the stack goes to the log. The request's own deadline
//       breaks the stream instead, whoever notices it first (Q4).
import { AsyncLocalStorage } from "node:async_hooks";
import type { UnderlyingSource } from "node:stream/web";
import { showValue } from "../config/check-rule.ts";
import type { Cancel } from "../core/clock.ts";
import { ConfigError, SerializationError } from "../core/errors.ts";
import { currentRuntime, currentScope } from "./globals.ts";
import { logger } from "./logger.ts";
import type { Runtime } from "./runtime.ts";

/** Time between two comments, milliseconds (api.md section 1). */
const HEARTBEAT_MS = 15_000;

const encoder = new TextEncoder();
const HEARTBEAT = encoder.encode(": keep-alive\n\n");

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
  const source = new EventSource(events, currentRuntime());
  const body = new ReadableStream<Uint8Array>(source, { highWaterMark: 0 });
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

/** Feeds a `ReadableStream` from an iterable (R1). */
class EventSource implements UnderlyingSource<Uint8Array> {
  readonly #events: AsyncIterable<unknown> | Iterable<unknown>;
  readonly #runtime: Runtime;
  /** The iterable's code belongs to the request, whoever pulls. */
  readonly #inRequest = AsyncLocalStorage.snapshot();
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  #stopHeartbeat: Cancel | undefined;
  #waiting = false;

  constructor(events: AsyncIterable<unknown> | Iterable<unknown>, runtime: Runtime) {
    this.#events = events;
    this.#runtime = runtime;
  }

  pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#stopHeartbeat ??= this.#runtime.clock.every(HEARTBEAT_MS, () => {
      const isRead = (controller.desiredSize ?? -1) >= 0;
      if (this.#waiting && isRead) controller.enqueue(HEARTBEAT);
    });
    return this.#inRequest(() => this.#next(controller));
  }

  async cancel(): Promise<void> {
    this.#stop();
    try {
      await this.#inRequest(() => this.#iterator?.return?.());
    } catch (reason) {
      logger.error("sse.failed", { error: reason });
    }
  }

  async #next(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#waiting = true;
    try {
      this.#iterator ??= iterate(this.#events);
      const { done, value } = await this.#iterator.next();
      if (this.#stopHeartbeat === stopped) return;
      if (done !== true) controller.enqueue(format(value));
      else this.#close(controller);
    } catch (reason) {
      if (this.#stopHeartbeat === stopped) return;
      if (this.#endsRequest(reason)) return this.#break(controller, reason);
      logger.error("sse.failed", { error: reason });
      const message = reason instanceof Error ? reason.message : String(reason);
      controller.enqueue(format(event({ event: "error", data: { message } })));
      this.#close(controller);
    } finally {
      this.#waiting = false;
    }
  }

  #endsRequest(reason: unknown): boolean {
    const scope = currentScope();
    return scope !== undefined && (scope.failure !== undefined || scope.isTimedOutBy(reason));
  }

  #break(controller: ReadableStreamDefaultController<Uint8Array>, reason: unknown): void {
    this.#stop();
    controller.error(reason);
  }

  #close(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#stop();
    controller.close();
  }

  #stop(): void {
    this.#stopHeartbeat?.();
    this.#stopHeartbeat = stopped;
  }
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
