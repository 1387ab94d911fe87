// An HTTP server of the proxy in this process, with a fake in place of the router, and clients that speak raw bytes.
import { connect, type Socket } from "node:net";
import { resolveOptions } from "../../src/config/check-options.ts";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { createLogger, type LogRecord } from "../../src/core/logger.ts";
import { seededRandom } from "../../src/core/random.ts";
import type { CancelReason, HttpCall, HttpObserver, OutgoingHttpCall } from "../../src/model/call.ts";
import { DEFAULT_LIMITS, type HttpLimits } from "../../src/proxy/door.ts";
import { RequestRecorder } from "../../src/proxy/request-recorder.ts";
import { HttpServer } from "../../src/proxy/server.ts";
import type { HttpListen } from "../../src/protocol/control.ts";
import type { AccessEntry } from "../../src/telemetry/log-format.ts";
import { MetricRegistry } from "../../src/telemetry/metrics.ts";

const TEXT = ["content-type", "text/plain"];
export const EMPTY = new Uint8Array(0);

/** A call as the fake router got it, with all that the proxy did to it. */
export class FakeCall implements OutgoingHttpCall {
  readonly call: HttpCall;
  readonly observer: HttpObserver;
  readonly pieces: Uint8Array[] = [];
  ended = false;
  trailers: readonly string[] = [];
  failure: string | undefined;
  cancelled: CancelReason | undefined;
  consumedBytes = 0;
  /** What `writeBody` answers. */
  writable = true;

  constructor(call: HttpCall, observer: HttpObserver) {
    this.call = call;
    this.observer = observer;
    if (call.body.length > 0) this.pieces.push(call.body);
  }

  get receivedBytes(): number {
    return this.pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString();
  }

  header(name: string): string[] {
    return this.call.headers.filter((_, i, all) => i % 2 === 1 && all[i - 1]?.toLowerCase() === name);
  }

  answer(body: string | Uint8Array, status = 200, headers: readonly string[] = TEXT, statusText = ""): void {
    this.observer.onResponse(status, statusText, headers, Buffer.from(body), true);
  }

  head(headers: readonly string[] = TEXT, status = 200): void {
    this.observer.onResponse(status, "", headers, EMPTY, false);
  }

  writeBody(bytes: Uint8Array): boolean {
    this.pieces.push(bytes);
    return this.writable;
  }

  endBody(trailers: readonly string[] = []): void {
    this.ended = true;
    this.trailers = trailers;
  }

  failBody(message: string): void {
    this.failure = message;
  }

  consumed(bytes: number): void {
    this.consumedBytes += bytes;
  }

  cancel(reason: CancelReason): void {
    this.cancelled ??= reason;
  }
}

export interface DoorOptions extends Partial<HttpListen> {
  readonly limits?: Partial<HttpLimits>;
  readonly routes?: Readonly<Record<string, string>> | null;
  /** Runs a turn after each call; without it calls wait for the test. */
  readonly handler?: (call: FakeCall) => void;
  readonly clock?: Clock;
}

/** Resolves when `condition` holds, looked at in every turn of the loop; rejects with what was seen after 10 s. */
export async function waitUntil(condition: () => boolean, seen: () => unknown = () => ""): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`gave up waiting; saw ${JSON.stringify(seen())}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export class Door implements AsyncDisposable {
  readonly server: HttpServer;
  readonly calls: FakeCall[] = [];
  readonly access: AccessEntry[] = [];
  readonly logs: LogRecord[] = [];
  readonly registry = new MetricRegistry();
  readonly clients: RawClient[] = [];
  port = 0;

  constructor(options: DoorOptions) {
    const { limits, routes: _routes, handler, clock = systemClock, ...listen } = options;
    const recorder = new RequestRecorder(this.registry, { nodeId: "n", nodeIp: "127.0.0.1" }, (entry) => {
      this.access.push(entry);
    });
    const startHttp = (call: HttpCall, observer: HttpObserver): OutgoingHttpCall => {
      const fake = new FakeCall(call, observer);
      this.calls.push(fake);
      if (handler !== undefined) setImmediate(() => handler(fake));
      return fake;
    };
    this.server = new HttpServer(
      { ...resolveOptions("http", { port: 0 }), ...listen },
      {
        calls: { startHttp },
        recorder,
        logger: createLogger((record) => this.logs.push(record)),
        development: false,
        limits: { ...DEFAULT_LIMITS, sweepMs: 20, ...limits },
      },
      clock,
      seededRandom(1),
    );
  }

  /** Text that is sent as it stands. */
  send(raw: string): RawClient {
    const client = new RawClient(this.port);
    this.clients.push(client);
    client.write(raw);
    return client;
  }

  /** Sends a whole request and waits for the connection's end. Says `connection: close` itself. */
  async ask(requestLine: string, headers: readonly string[] = [], body = ""): Promise<Answer> {
    const lines = [`${requestLine} HTTP/1.1`, "host: h", "connection: close", ...headers];
    const client = this.send(`${lines.join("\r\n")}\r\n\r\n${body}`);
    await client.closed;
    return parseAnswer(client.text);
  }

  async call(index = 0): Promise<FakeCall> {
    await waitUntil(
      () => this.calls.length > index,
      () => this.clients.map((client) => client.text),
    );
    return this.calls[index] as FakeCall;
  }

  setRoutes(routes: Readonly<Record<string, string>>): void {
    const entries = Object.entries(routes);
    this.server.setRoutes({
      routes: entries.map(([prefix, application]) => ({ prefix, application, deployment: "Ingress" })),
    });
  }

  /** Value of a counter or gauge; NaN when there is no such series. */
  metric(name: string, labels: Readonly<Record<string, string>>): number {
    const family = this.registry.snapshot().find(({ definition }) => definition.name === name);
    const wanted = Object.entries(labels);
    const series = family?.series.find((one) => wanted.every(([key, value]) => one.labels[key] === value));
    return series !== undefined && "value" in series ? series.value : Number.NaN;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client.socket.destroy();
    await this.server.drain(0);
  }
}

/** Starts a server; by default `/` is served by the application `default`. */
export async function openDoor(options: DoorOptions = {}): Promise<Door> {
  const door = new Door(options);
  if (options.routes !== null) door.setRoutes(options.routes ?? { "/": "default" });
  door.port = (await door.server.listen()).port;
  return door;
}

/** A connection that shows every byte. */
export class RawClient {
  readonly socket: Socket;
  text = "";
  isClosed = false;
  readonly closed: Promise<void>;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1" });
    this.socket.setEncoding("latin1");
    this.socket.on("data", (text: string) => (this.text += text));
    this.socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on("close", () => {
        this.isClosed = true;
        resolve();
      });
    });
  }

  write(raw: string | Uint8Array): void {
    if (typeof raw === "string") this.socket.write(raw, "latin1");
    else this.socket.write(raw);
  }

  /** Waits until the text has come. */
  async sees(text: string): Promise<void> {
    await waitUntil(
      () => this.text.includes(text),
      () => this.text,
    );
  }
}

/** One response. */
export interface Answer {
  readonly statusLine: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  header(name: string): string | undefined;
}

/** Splits the first response of a connection. The body is as sent, chunk sizes included. */
export function parseAnswer(raw: string): Answer {
  const end = raw.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = raw.slice(0, end).split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const header = (name: string): string | undefined => headers.find(([key]) => key === name)?.[1];
  return { statusLine, headers, body: raw.slice(end + 4), header };
}
