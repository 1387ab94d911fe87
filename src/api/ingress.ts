// `ingress(app)`: serves an application of a Node framework (Express, Koa, Fastify, a bare `http.Server`) as the `fetch` of
// an ingress. Requests go to the framework's own server over a connection in memory, so that it is HTTP all the way:
// streams both ways, uploads, upgrades, the framework's own errors. No port is opened.
//   R1  The framework sees the target as it was sent, every header and trailer that the proxy passes on, and the client's
//       address at the proxy.
//   R2  A request that is cancelled, or whose answer nobody reads on, closes its connection: the framework sees its client
//       leave. An application that drops the connection fails the request, once.
//   R3  One server an application, however often it is adapted; a connection a request.
//   R4  The framework's code runs in the request's context.
import type { ClientRequest, IncomingMessage, Server, ServerResponse } from "node:http";
import { type Duplex, duplexPair, Readable } from "node:stream";
import { showValue } from "../config/check-rule.ts";
import { ConfigError } from "../core/errors.ts";
import { parseClient } from "../protocol/client-address.ts";
import { currentScope } from "./globals.ts";
import { joinSockets } from "./join-sockets.ts";
import { RECEIVED, receivedWith, targetOf } from "./received.ts";

/** A framework that is made ready and brings its own server: Fastify. */
export interface NodeServerApp {
  ready(): PromiseLike<unknown>;
  readonly server: Server;
}

/** What answers requests: Express's app, Koa's `app.callback()`. */
type Listener = (req: IncomingMessage, res: ServerResponse) => unknown;

/** What can be served: a listener (Express's app, Koa's `app.callback()`), a server, or Fastify's app. */
export type NodeApp = Listener | Server | NodeServerApp;

/** Statuses whose responses have no body (Fetch standard). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);
/** Of one message, both ways, bytes: above the proxy's 16 KiB, so that it is the proxy that refuses. */
const MAX_HEADER_BYTES = 65_536;
const HOP_BY_HOP = /^(?:connection|keep-alive|transfer-encoding|trailer)$/i;

/**
 * The `fetch` of an ingress that is served by a Node framework. Fastify's app is made ready by the first request.
 * @throws {ConfigError} something that is no application
 */
function fetchFrom(app: NodeApp): (request: Request) => Promise<Response> {
  const server = serverOf(app, "ingress(app)");
  return async (request) => exchange(await server(), request);
}

/**
 * The `websocket` of the same ingress, for frameworks that take upgrades on their server: what it accepts is joined to
 * the client's socket. An upgrade that it refuses with a status closes the socket with 4000 + that status.
 * @throws {ConfigError} something that has no server; a bare listener takes no upgrades
 */
function upgrade(app: Server | NodeServerApp): (socket: WebSocket, request: Request) => Promise<void> {
  if (typeof app === "function") throw notAnApp("ingress.upgrade(app)", app);
  const server = serverOf(app, "ingress.upgrade(app)");
  return async (socket, request) => {
    const accepting = await server();
    await joinSockets(socket, request, () => connect(accepting, request));
  };
}

/** Adapter for Node frameworks: `fetch = ingress(app)`, `websocket = ingress.upgrade(app)`. */
export const ingress: typeof fetchFrom & { readonly upgrade: typeof upgrade } = Object.assign(fetchFrom, { upgrade });

const servers = new WeakMap<object, Promise<Server>>();

/** R3. Asked for by the first request, so that routes can be added until then. */
function serverOf(app: NodeApp, path: string): () => Promise<Server> {
  const isObject = typeof app === "object" && app !== null;
  if (typeof app !== "function" && !(isObject && ("ready" in app || "address" in app))) throw notAnApp(path, app);
  return () => {
    const known = servers.get(app);
    if (known !== undefined) return known;
    const server = openServer(app);
    servers.set(app, server);
    return server;
  };
}

function notAnApp(path: string, app: unknown): ConfigError {
  const listener = "a listener such as Express's app or Koa's app.callback(), ";
  const expected = "an http.Server, or Fastify's app";
  return new ConfigError({
    path,
    received: showValue(app),
    expected: path === "ingress(app)" ? listener + expected : expected,
  });
}

async function openServer(app: NodeApp): Promise<Server> {
  if (typeof app === "function") {
    const { createServer } = await import("node:http");
    return createServer({ maxHeaderSize: MAX_HEADER_BYTES }, app);
  }
  if (!("ready" in app)) return app;
  await app.ready();
  return app.server;
}

/** Sends a request over a connection of its own. */
async function exchange(server: Server, request: Request): Promise<Response> {
  const { request: send } = await import("node:http");
  const { method, body, signal } = request;
  const outgoing = send({
    createConnection: () => connect(server, request) as never,
    method,
    path: targetOf(request),
    headers: headersOf(request),
    signal,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  outgoing.on("response", resolve).on("error", reject);
  if (body === null) outgoing.end();
  else upload(body, outgoing, () => receivedWith(request).trailers);
  const response = await promise;
  try {
    return toResponse(response, method);
  } catch (reason) {
    outgoing.destroy();
    throw reason;
  }
}

/** Sends the body as fast as the application takes it, and the trailers behind it; it may answer before. */
function upload(body: ReadableStream, outgoing: ClientRequest, trailers: () => readonly string[]): void {
  outgoing.flushHeaders();
  const pieces = Readable.fromWeb(body as never);
  pieces.on("error", (reason) => outgoing.destroy(reason));
  outgoing.on("close", () => pieces.destroy());
  pieces.pipe(outgoing, { end: false });
  pieces.on("end", () => {
    const flat = trailers();
    const pairs = Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]] as [string, string]);
    try {
      outgoing.addTrailers(pairs);
      outgoing.end();
    } catch (reason) {
      outgoing.destroy(reason as Error); // characters that Node reads and does not send
    }
  });
}

function headersOf(request: Request): Record<string, string> {
  const headers: Record<string, string> = Object.fromEntries(request.headers);
  headers["host"] ??= new URL(request.url).host;
  // The length of another body makes a framework wait, or cuts: a GET's was dropped, a request made anew may have its own.
  if (request.body === null || !(RECEIVED in request)) delete headers["content-length"];
  // A method that seldom has a body (GET, DELETE) would send it without its length.
  if (request.body !== null && !("content-length" in headers)) headers["transfer-encoding"] = "chunked";
  return headers;
}

function toResponse(response: IncomingMessage, method: string): Response {
  const { rawHeaders, statusCode: status = 200, statusMessage: statusText = "" } = response;
  const headers = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (!HOP_BY_HOP.test(name)) headers.append(name, rawHeaders[i + 1] as string);
  }
  const init = { status, statusText, headers };
  if (method !== "HEAD" && !BODILESS.has(status)) return new Response(ReadableStream.from(response), init);
  response.resume();
  return new Response(null, init);
}

const returnsItself = function (this: Duplex): Duplex {
  return this;
};
/** What Node's HTTP and frameworks ask of a socket beyond a stream; a connection in memory has no options. */
const SOCKET_METHODS = Object.fromEntries(
  ["setTimeout", "setNoDelay", "setKeepAlive", "ref", "unref"].map((name) => [name, returnsItself]),
);

/** The client's end of a new connection whose other end the server has. */
function connect(server: Server, request: Request): Duplex {
  const [ours, theirs] = duplexPair();
  Object.assign(ours, SOCKET_METHODS);
  const { host, port } = parseClient(currentScope()?.facts.client ?? "") ?? {};
  Object.assign(theirs, SOCKET_METHODS, {
    encrypted: request.url.startsWith("https:"),
    remoteAddress: host,
    remoteFamily: host?.includes(":") === true ? "IPv6" : host && "IPv4",
    remotePort: port,
  });
  ours.once("close", () => theirs.destroy()); // R2
  theirs.once("close", () => ours.destroy());
  server.emit("connection", theirs);
  return ours;
}
