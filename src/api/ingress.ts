// `ingress(app)`: serves an application of a Node framework (Express, Koa, Fastify, a bare `http.Server`) as the `fetch` of
// an ingress. Requests go to the framework's own server over a connection in memory, so that all of HTTP is there:
// streams both ways, trailers, `Expect`, upgrades.
//   R1  The framework sees the whole URL and every header that the proxy passes on.
//   R2  A request that is cancelled destroys its connection: the framework sees its client leave.
//   R3  One server an application, however often it is adapted.
import type { IncomingMessage, RequestListener, Server } from "node:http";
import { Duplex, Readable } from "node:stream";
import { showValue } from "../config/check-rule.ts";
import { ConfigError } from "../core/errors.ts";

/** A framework that is made ready and brings its own server: Fastify. */
interface ServerApp {
  ready(): PromiseLike<unknown>;
  readonly server: Server;
}

/** What can be served: a listener (Express's app, Koa's `app.callback()`), a server, or Fastify's app. */
export type NodeApp = RequestListener | Server | ServerApp;

/** Statuses whose responses have no body (Fetch standard). */
const BODILESS = new Set([101, 103, 204, 205, 304]);

/**
 * The `fetch` of an ingress that is served by a Node framework.
 * @throws {ConfigError} something that is no application
 */
export function ingress(app: NodeApp): (request: Request) => Promise<Response> {
  const door = doorOf(app);
  return async (request) => (await door).fetch(request);
}

/**
 * The `websocket` of the same ingress, for frameworks that take upgrades on their server.
 * @throws {ConfigError} something that is no application
 */
ingress.upgrade = function upgrade(app: NodeApp): (socket: WebSocket, request: Request) => Promise<void> {
  const door = doorOf(app);
  return async (socket, request) => (await door).upgrade(socket, request);
};

const doors = new WeakMap<object, Promise<NodeDoor>>();

/** R3 */
function doorOf(app: NodeApp): Promise<NodeDoor> {
  const isApp = typeof app === "function" || (typeof app === "object" && app !== null && ("ready" in app || "emit" in app));
  if (!isApp) {
    const expected = "a listener such as Express's app or Koa's app.callback(), an http.Server, or Fastify's app";
    throw new ConfigError({ path: "ingress(app)", received: showValue(app), expected });
  }
  let door = doors.get(app);
  if (door === undefined) doors.set(app, (door = openDoor(app)));
  return door;
}

async function openDoor(app: NodeApp): Promise<NodeDoor> {
  if (typeof app === "function") {
    const { createServer } = await import("node:http");
    return new NodeDoor(createServer(app));
  }
  if (!("ready" in app)) return new NodeDoor(app);
  await app.ready();
  return new NodeDoor(app.server);
}

/** A Node server, reached without a port. */
class NodeDoor {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    // A connection in memory is idle between requests for as long as it likes.
    server.keepAliveTimeout = 0;
  }

  async fetch(request: Request): Promise<Response> {
    const { request: send } = await import("node:http");
    const { signal, method, body } = request;
    const { pathname, search } = new URL(request.url);
    return new Promise((resolve, reject) => {
      const createConnection = (): Duplex => this.#connect();
      const headers = [...request.headers].flat();
      const outgoing = send({ createConnection, method, path: pathname + search, headers, signal });
      outgoing.on("response", (response) => resolve(toResponse(response)));
      outgoing.on("error", reject);
      if (body === null) outgoing.end();
      else Readable.fromWeb(body as never).pipe(outgoing);
    });
  }

  /** Joins a client's socket to one that the framework accepts. Resolves when both are closed. */
  async upgrade(socket: WebSocket, request: Request): Promise<void> {
    const { WebSocket: Client } = await import("ws");
    const { pathname, search } = new URL(request.url);
    const headers = Object.fromEntries([...request.headers].filter(([name]) => !/^(sec-websocket|connection|upgrade)/.test(name)));
    const protocols = socket.protocol === "" ? [] : [socket.protocol];
    const options = { headers, createConnection: () => this.#connect() as never };
    const inner = new Client(`ws://framework${pathname}${search}`, protocols, options);
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.binaryType = "arraybuffer";
    inner.on("open", () => {
      socket.addEventListener("message", ({ data }) => inner.send(data as string | ArrayBuffer));
    });
    inner.on("message", (data: Buffer, isBinary) => socket.send(isBinary ? new Uint8Array(data) : data.toString()));
    inner.on("error", () => undefined); // "close" follows
    inner.on("close", (code, reason) => {
      socket.close(code >= 3000 ? code : 1000, reason.toString());
      resolve();
    });
    socket.addEventListener("close", ({ code, reason }) => inner.close(code >= 3000 ? code : 1000, reason));
    return promise;
  }

  /** The client's end of a connection whose other end the server has. */
  #connect(): Duplex {
    const [ours, theirs] = connectionPair();
    this.#server.emit("connection", theirs);
    return ours;
  }
}

/** Two ends of a connection in memory: what one writes the other reads, no faster than it reads. */
function connectionPair(): readonly [Duplex, Duplex] {
  const one = new ConnectionEnd();
  const two = new ConnectionEnd();
  one.other = two;
  two.other = one;
  return [one, two];
}

class ConnectionEnd extends Duplex {
  other: ConnectionEnd | undefined;
  /** The other end's write that waits until this one reads on. */
  #held: (() => void) | undefined;

  override _read(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.other?.take(chunk, done);
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }

  /** A reset: whoever is at the other end sees it close. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { other } = this;
    queueMicrotask(() => other?.destroy());
    done(error);
  }

  take(chunk: Buffer, done: () => void): void {
    if (this.push(chunk)) done();
    else this.#held = done;
  }

  // What node:http asks of a socket; a connection in memory has no options.
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

function toResponse(response: IncomingMessage): Response {
  const headers = new Headers();
  const { rawHeaders } = response;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (!/^(connection|keep-alive|transfer-encoding)$/i.test(name)) headers.append(name, rawHeaders[i + 1] as string);
  }
  const { statusCode: status = 200, statusMessage: statusText = "" } = response;
  if (BODILESS.has(status)) response.resume();
  const body = BODILESS.has(status) ? null : (Readable.toWeb(response) as ReadableStream<Uint8Array>);
  return new Response(body, { status, statusText, headers });
}
