// The HTTP server: limits, connections, system paths, and what is refused before an application is asked.
//   R1  Nothing that a client sends makes it throw; a connection that breaks takes its requests with it and leaves nothing.
//   R2  `node:http` never answers by itself: every refusal has the body and the request id of RT8 and RT6.
import type { IncomingMessage, Server, ServerResponse as Response } from "node:http";
import type { Server as TlsServer, ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Cancel, Clock } from "../core/clock.ts";
import { describeThrown, ServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { randomUuid, type Random } from "../core/random.ts";
import type { HttpListen, RouteTableData } from "../protocol/control.ts";
import { ClientConnection } from "./client-connection.ts";
import { DEFAULT_LIMITS, MAX_HEADER_BYTES, type Door, type HttpCaller, type HttpLimits, type Leaving } from "./door.ts";
import { drainServer } from "./drain.ts";
import { ALLOWED_VERBS, errorResponse } from "./error-response.ts";
import { Exchange } from "./exchange.ts";
import type { Http2Message } from "./http2-message.ts";
import { divideByProtocol, Http2Session } from "./http2-session.ts";
import {
  badRequest,
  DRAINING_TEXT,
  EXPECTATION_FAILED,
  framingFault,
  NO_TABLE_TEXT,
  ONE_HOST,
  refusalOfParserError,
  verbRefused,
  type Refusal,
} from "./refusals.ts";
import { setHost } from "./request-headers.ts";
import { RequestTargets } from "./request-target.ts";
import { NO_ROUTE, systemRoute, type RequestRecorder } from "./request-recorder.ts";
import { cutRootPath, RouteTable } from "./route-table.ts";
import type { SocketRefusal } from "./socket-exchange.ts";
import { readTls, reloadTls } from "./tls.ts";
import { isWebSocketUpgrade, Upgrades } from "./upgrades.ts";

// An `import` would read every name that node:http exports, and one of them loads undici: 30 ms and 14 MB (measured).
const { createServer, ServerResponse, STATUS_CODES } = process.getBuiltinModule("node:http");

/** What a server works with. */
export interface HttpServerParts {
  readonly calls: HttpCaller;
  readonly recorder: RequestRecorder;
  readonly logger: Logger;
  /** `MANTA_DEV=1`: the causes of 500s are shown. */
  readonly development: boolean;
  /** RT7's unless given. */
  readonly limits?: HttpLimits;
}

/** Longest TLS handshake, milliseconds. Chosen: a slow mobile link takes a second or two. */
const HANDSHAKE_MS = 10_000;
/** Connections that the kernel holds for us while the loop is busy. */
const BACKLOG = 1024;
const HEALTHZ = systemRoute("/-/healthz");
const ROUTES = systemRoute("/-/routes");

export class HttpServer {
  readonly #door: Door;
  readonly #listen: HttpListen;
  readonly #server: Server;
  readonly #connections = new Map<Socket, ClientConnection>();
  readonly #listeners = listenersOf(this.#connections);
  readonly #upgrades: Upgrades;
  /** WebSockets and connections of HTTP/2. */
  readonly #leaving = new Set<Leaving>();
  #stopSweep: Cancel | undefined;
  #drained: Promise<void> | undefined;

  constructor(options: HttpListen, parts: HttpServerParts, clock: Clock, random: Random) {
    const { limits = DEFAULT_LIMITS, ...given } = parts;
    const tls = readTls(options);
    this.#listen = options;
    this.#door = {
      ...given,
      limits,
      clock,
      random,
      targets: new RequestTargets(tls === undefined ? "http" : "https"),
      rootPath: options.rootPath.replace(/\/+$/, ""),
      requestTimeoutS: (options.requestTimeoutS ?? 0) > 0 ? options.requestTimeoutS : null, // as in the header (Q4)
      maxBodyBytes: options.maxBodyBytes ?? Infinity,
      receiving: new Set(),
      waiting: new Set(),
      routes: undefined,
      draining: false,
      ongoing: 0,
      onQuiet: () => undefined,
    };
    const settings = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: 0,
      keepAliveTimeout: options.keepAliveTimeoutS * 1000,
      connectionsCheckingInterval: limits.sweepMs,
      requireHostHeader: false,
      // Another protocol that a client would rather speak (h2c) is not spoken: its request is answered as it is.
      shouldUpgradeCallback: isWebSocketUpgrade,
    };
    this.#server = tls === undefined ? createServer(settings) : this.#secure({ ...settings, ...tls });
    if (tls === undefined) this.#server.on("connection", (socket) => this.#onConnection(socket));
    this.#server.maxHeadersCount = 0; // headers beyond a count would vanish in silence; bytes are limited
    const refuse: SocketRefusal = (req, socket, refusal, requestId) => {
      socket.end(rawAnswer(refusal, requestId, clock.now(), req.headers.accept));
    };
    this.#upgrades = new Upgrades(this.#door, refuse, this.#leaving);
    this.#attach(this.#server);
  }

  /** Requests taken and not answered. */
  get ongoing(): number {
    return this.#door.ongoing;
  }

  /**
   * Binds the port.
   * @returns where it listens; the port is the one chosen by the system when 0 was asked for
   * @throws {ServeError} ENGINE: the port is taken or the host is not ours
   */
  listen(): Promise<{ readonly host: string; readonly port: number }> {
    const { host, port } = this.#listen;
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => reject(cannotListen(host, port, error)));
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.removeAllListeners("error");
        this.#server.on("error", (error) => this.#door.logger.error("http.server_error", { error }));
        this.#stopSweep = this.#door.clock.every(this.#door.limits.sweepMs, () => this.#sweep());
        resolve({ host, port: (this.#server.address() as AddressInfo).port });
      });
    });
  }

  /** Takes a route table into use; requests that waited for the first one go on (RT5). */
  setRoutes(data: RouteTableData): void {
    this.#door.routes = new RouteTable(data);
    for (const waiting of [...this.#door.waiting]) waiting.routesCame();
  }

  /** Refuses new requests, finishes the open ones within the grace (milliseconds), closes. Later calls get the first one's promise. */
  drain(graceMs: number): Promise<void> {
    this.#drained ??= drainServer(
      this.#server,
      this.#door,
      this.#connections,
      this.#leaving,
      graceMs,
      this.#door.clock,
    ).finally(() => this.#stopSweep?.());
    return this.#drained;
  }

  /** A server that speaks TLS, with the certificate that is on disk then. */
  #secure(settings: ServerOptions): TlsServer {
    const isMutual = this.#listen.sslCaCerts !== null;
    const handshake = { handshakeTimeout: HANDSHAKE_MS, requestCert: isMutual, rejectUnauthorized: isMutual };
    const { createServer: createTlsServer } = process.getBuiltinModule("node:https"); // few need it, so not above
    const server = createTlsServer({ ...settings, ...handshake, ALPNProtocols: ["h2", "http/1.1", "http/1.0"] });
    const { logger, clock } = this.#door;
    const http1 = (socket: Socket): void => this.#onConnection(socket);
    divideByProtocol(server, http1, (socket) => this.#onHttp2(socket));
    server.once("close", reloadTls(server, this.#listen, logger, clock));
    return server;
  }

  #attach(server: Server): void {
    server.on("request", (req, res) => this.#onRequest(req, res, false));
    server.on("checkContinue", (req, res) => this.#onRequest(req, res, true));
    server.on("checkExpectation", (req, res) => this.#exchange(req, res, true)?.refuse(EXPECTATION_FAILED));
    server.on("upgrade", (req, socket, head) => this.#onUpgrade(req, socket as Socket, head));
    server.on("connect", (_req, socket) => this.#failConnection(socket as Socket, verbRefused("CONNECT")));
    server.on("clientError", (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
      if (error.code === "HPE_CLOSED_CONNECTION") return; // bytes behind the last request; its answer closes
      const seen = error.rawPacket?.toString("latin1", 0, 16) ?? "";
      const refusal = refusalOfParserError(error.code, seen, this.#door.limits.headersTimeoutMs);
      if (refusal === undefined) socket.destroy();
      else this.#failConnection(socket as Socket, refusal);
    });
  }

  #onConnection(socket: Socket): void {
    this.#connections.set(socket, new ClientConnection(socket, this.#door.clock));
    const { onError, onEnd, onClose } = this.#listeners;
    socket.on("error", onError).on("end", onEnd).on("close", onClose);
  }

  #exchange(req: IncomingMessage, res: Response, expects: boolean): Exchange | undefined {
    const connection = this.#connections.get(req.socket);
    if (connection === undefined || connection.closing) return void req.resume();
    return new Exchange(this.#door, connection, req, res, expects);
  }

  #onRequest(req: IncomingMessage, res: Response, expectsContinue: boolean): void {
    const exchange = this.#exchange(req, res, expectsContinue);
    if (exchange === undefined) return;
    const fault = framingFault(req, exchange.facts);
    this.#take(exchange, fault, req.url as string, req.httpVersionMinor > 0 ? 1 : 0);
  }

  #onHttp2(socket: TLSSocket): void {
    const { receiving, clock } = this.#door;
    const idleMs = this.#listen.keepAliveTimeoutS * 1000;
    const session = new Http2Session(socket, idleMs, (message) => this.#onMessage(message), clock);
    this.#leaving.add(session);
    receiving.add(session);
    socket.once("close", () => this.#leaving.delete(session));
  }

  #onMessage(message: Http2Message): void {
    const connection = new ClientConnection(message, this.#door.clock);
    message.once("close", () => connection.left());
    const exchange = new Exchange(this.#door, connection, message, message, message.expectsContinue);
    this.#take(exchange, message.fault, message.path, 1);
  }

  /** Takes a request that could be read. @param hostsAtLeast how many Host headers its version of HTTP asks for */
  #take(exchange: Exchange, fault: Refusal | undefined, sentTarget: string, hostsAtLeast: number): void {
    if (fault !== undefined) return exchange.refuse(fault, true);
    if (exchange.verb === "TRACE") return exchange.refuse(verbRefused("TRACE"));
    const { host, hosts } = exchange.facts;
    if (hosts > 1 || hosts < hostsAtLeast) return exchange.refuse(ONE_HOST, true);
    const target = this.#door.targets.resolve(exchange.verb, sentTarget, host ?? "localhost");
    if (target.kind === "refused") return exchange.refuse(badRequest(target.reason), true);
    if (target.kind === "server") return exchange.answerSystem(NO_ROUTE, 200, ["allow", ALLOWED_VERBS], "");
    if (target.host !== undefined) setHost(exchange.facts.headers, target.host);
    if (!this.#answeredSystem(exchange, target.path)) exchange.take(target.url, target.path);
  }

  #onUpgrade(req: IncomingMessage, socket: Socket, firstBytes: Buffer): void {
    if (!isWebSocketUpgrade(req)) return this.#answerUnupgraded(req, socket);
    this.#connections.delete(socket);
    const target = this.#door.targets.resolve("GET", req.url as string, req.headers.host ?? "localhost");
    this.#upgrades.take(req, socket, firstBytes, target);
  }

  /** A request for another protocol, where Node (before 24.9) does not ask which of them are spoken. */
  #answerUnupgraded(req: IncomingMessage, socket: Socket): void {
    const response = new ServerResponse(req);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on("finish", () => socket.end());
    this.#onRequest(req, response, false);
  }

  /** RT4: answers `/-/healthz` and `/-/routes`, whatever the verb. */
  #answeredSystem(exchange: Exchange, wholePath: string): boolean {
    const path = cutRootPath(wholePath, this.#door.rootPath);
    if (path !== HEALTHZ.prefix && path !== ROUTES.prefix) return false;
    const route = path === HEALTHZ.prefix ? HEALTHZ : ROUTES;
    const { draining, routes } = this.#door;
    const text = ["content-type", "text/plain; charset=utf-8"];
    if (draining) exchange.answerSystem(route, 503, text, DRAINING_TEXT);
    else if (routes === undefined) exchange.answerSystem(route, 503, text, NO_TABLE_TEXT);
    else if (route === HEALTHZ) exchange.answerSystem(route, 200, text, "success");
    else exchange.answerSystem(route, 200, ["content-type", "application/json"], JSON.stringify(routes));
    return true;
  }

  /** Answers a connection whose bytes cannot be read as a request. */
  #failConnection(socket: Socket, refusal: Refusal): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return void socket.destroy();
    const { clock, random } = this.#door;
    connection.fail(refusal, rawAnswer(refusal, randomUuid(random), clock.now()));
  }

  #sweep(): void {
    const { receiving } = this.#door;
    for (const one of receiving) {
      if (one.sweep()) receiving.delete(one);
    }
  }
}

/** What all connections listen with: own listeners for each would be a good part of what an idle one costs. */
function listenersOf(connections: Map<Socket, ClientConnection>) {
  return {
    onError: (): void => undefined, // "close" follows; node's own listener is gone after CONNECT
    onEnd(this: Socket): void {
      connections.get(this)?.left();
    },
    onClose(this: Socket): void {
      const connection = connections.get(this);
      connections.delete(this);
      connection?.left();
    },
  };
}

function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): ServeError {
  const what =
    error.code === "EADDRINUSE"
      ? `port ${port} on ${host} is taken; choose another one with --http-port, http.port or http_options.port`
      : `cannot listen on ${host}:${port}: ${describeThrown(error)}`;
  return new ServeError("ENGINE", what, { host, port, reason: error.code ?? "" }, { cause: error });
}

/** A whole response, for a connection that has no request to answer. */
function rawAnswer({ status, error }: Refusal, requestId: string, nowMs: number, accept = ""): string {
  const { headers, body } = errorResponse(status, error, { requestId, accept, development: false });
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, `date: ${new Date(nowMs).toUTCString()}`];
  for (let i = 0; i + 1 < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  lines.push(`x-request-id: ${requestId}`, `content-length: ${body.length}`, "connection: close");
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
