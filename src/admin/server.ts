// The head's HTTP door: REST, metrics of all processes, health. Here are the socket, the limits and the order of checks;
// what is answered stands in the routes.
//   R1  It listens on loopback, or has a token (architecture section 7).
//   R2  A port that nobody chose and that is taken is replaced by a free one; a chosen one is an error.
//   R3  Who may not come in is refused before a byte of his body is read. A body that is left over ends the connection.
//   R4  Whatever a client does is bounded: connections, header and body size, the time that a request may take to come.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isLoopback, urlOf } from "../config/hosts.ts";
import type { Clock } from "../core/clock.ts";
import { describeThrown, ServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Endpoint } from "../model/status.ts";
import type { AdminParts } from "./admin-parts.ts";
import { answerRequest } from "./answer-request.ts";
import { readBody } from "./request-body.ts";
import type { Reply } from "./exchange.ts";
import { adminRoutes } from "./routes.ts";

// An `import` would read every name that node:http exports, and one of them loads undici: 30 ms and 14 MB (measured).
const { createServer } = process.getBuiltinModule("node:http");

/** What a client may use (R4). */
export interface AdminLimits {
  readonly bodyBytes: number;
  /** For headers and body together to come, milliseconds. */
  readonly requestMs: number;
}

/** Chosen: a config of thousands of applications fits; one that takes a minute to come is none. */
const LIMITS: AdminLimits = { bodyBytes: 10 << 20, requestMs: 60_000 };
/** Chosen: scrapers, probes and a few people. Each may hold a body. */
const MAX_CONNECTIONS = 256;
/** As at the proxies (RT7). */
const MAX_HEADER_BYTES = 16 << 10;
/** Chosen: longer than the period of a scraper, so that it keeps its connection. */
const KEEP_ALIVE_MS = 75_000;
/** How long requests that run at the end may go on. Chosen: the end must not wait for a scraper. */
const CLOSE_MS = 1_000;

export interface AdminServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly portChosen: boolean;
  /** Bearer token that every request but health must carry; undefined: none. */
  readonly token: string | undefined;
  readonly limits?: AdminLimits;
}

export interface AdminServer {
  readonly endpoint: Endpoint;
  /** Refuses new requests, lets running ones end for a moment, and closes. */
  close(): Promise<void>;
}

/**
 * Starts the admin server.
 * @throws {ServeError} CONFIG_INVALID for an open host without a token (R1), ENGINE for a chosen port that is taken (R2)
 */
export async function startAdminServer(
  options: AdminServerOptions,
  parts: AdminParts,
  logger: Logger,
  clock: Clock,
): Promise<AdminServer> {
  const { host, port, portChosen, token, limits = LIMITS } = options;
  if (!isLoopback(host) && token === undefined) {
    const message = `admin.host ${host} is open to other machines: set admin.token (--admin-token or MANTA_ADMIN_TOKEN), or use 127.0.0.1`;
    throw new ServeError("CONFIG_INVALID", message, { path: "admin.host" });
  }
  const door = { host, token, routes: adminRoutes(parts, logger, clock), isReady: parts.isReady };
  const server = createLimitedServer(limits, (request, response) => {
    const { method = "GET", url = "/", headers } = request;
    const body = (): Promise<Uint8Array> => readBody(request, response, limits.bodyBytes);
    answerRequest(door, { method, url, headers, body }, logger)
      .then((reply) => send(reply, request, response, server.listening))
      .catch((error: unknown) => {
        logger.error("admin.failed", { url, error });
        response.destroy();
      });
  });
  try {
    await listen(server, host, port);
  } catch (cause) {
    const taken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
    if (!taken || portChosen) throw listenError(host, port, taken, cause);
    await listen(server, host, 0);
    logger.warn("admin.port_taken", { port, instead: (server.address() as AddressInfo).port });
  }
  // A connection that cannot be accepted, for want of descriptors, must not end the head.
  server.on("error", (error) => logger.error("admin.server_error", { error }));
  const bound = (server.address() as AddressInfo).port;
  return { endpoint: { host, port: bound, url: urlOf(host, bound) }, close: () => close(server, clock) };
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** R4 */
function createLimitedServer({ requestMs }: AdminLimits, listener: Listener): Server {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(requestMs, 1_000),
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("request", listener);
  server.on("checkContinue", listener); // R3: whether the client goes on is for readBody to say
  return server;
}

/** @param open false: the server closes */
function send(
  { status, headers, body }: Reply,
  request: IncomingMessage,
  response: ServerResponse,
  open: boolean,
): void {
  if (response.destroyed) return;
  const length = Buffer.byteLength(body);
  const close = open && request.complete ? {} : { connection: "close" }; // R3
  response.writeHead(status, { ...headers, ...close, ...(status === 204 ? {} : { "content-length": length }) });
  response.end(request.method === "HEAD" ? undefined : body);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(CLOSE_MS, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
  });
}

function listenError(host: string, port: number, taken: boolean, cause: unknown): ServeError {
  const why = taken ? "is taken" : `cannot be used (${describeThrown(cause)})`;
  const message = `admin port ${port} on ${host} ${why}; choose another by --admin-port or admin.port, 0 for a free one`;
  return new ServeError("ENGINE", message, { host, port }, { cause, retryable: false });
}
