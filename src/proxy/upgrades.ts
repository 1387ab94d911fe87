// The proxy's door for WebSockets: which requests ask for one, and the library that speaks to clients, loaded when the
// first one comes.
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { WebSocketServer } from "ws";
import type { Door, Leaving } from "./door.ts";
import { badRequest, ONE_HOST, type Refusal } from "./refusals.ts";
import { readRequestHeaders } from "./request-headers.ts";
import type { RequestTarget } from "./request-target.ts";
import { MAX_MESSAGE_BYTES, SocketExchange, type SocketRefusal } from "./socket-exchange.ts";

/** RFC 6455 4.1: 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** RFC 6455 4.1: names of protocols, each once. */
const TOKEN = /^[!#$%&'*+.^`|~\w-]+$/;

function areProtocols(value: string): boolean {
  const names = value.split(",").map((name) => name.trim());
  return names.every((name) => TOKEN.test(name)) && new Set(names).size === names.length;
}

/** True for a request that asks for a WebSocket. */
export function isWebSocketUpgrade({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
}

/** Why a handshake cannot be accepted; undefined when it can. */
function handshakeFault({ headers, rawHeaders, httpVersion }: IncomingMessage): Refusal | undefined {
  const { hosts, chunked, contentLength } = readRequestHeaders(rawHeaders);
  if (hosts !== 1) return ONE_HOST;
  if (httpVersion !== "1.1") return badRequest("A WebSocket handshake is HTTP/1.1.");
  if (chunked || contentLength > 0) return badRequest("A WebSocket handshake has no body.");
  if (!KEY.test(headers["sec-websocket-key"] ?? "")) {
    return badRequest("A WebSocket handshake needs a Sec-WebSocket-Key of 16 bytes in base64.");
  }
  if (headers["sec-websocket-version"] !== "13") {
    return badRequest("Only version 13 of WebSocket is spoken here.", 426);
  }
  const protocols = headers["sec-websocket-protocol"];
  if (protocols === undefined || areProtocols(protocols)) return undefined;
  return badRequest("Sec-WebSocket-Protocol lists names, each of them once.");
}

/** Takes upgrades. */
export class Upgrades {
  readonly #door: Door;
  readonly #open: Set<Leaving>;
  readonly #refuse: SocketRefusal;
  #sockets: Promise<WebSocketServer> | undefined;

  /** @param open holds the WebSockets that are open or on their way */
  constructor(door: Door, refuse: SocketRefusal, open: Set<Leaving>) {
    this.#door = door;
    this.#open = open;
    this.#refuse = refuse;
  }

  /** @param firstBytes what came behind the handshake already */
  take(req: IncomingMessage, socket: Socket, firstBytes: Buffer, target: RequestTarget): void {
    const parts = { door: this.#door, sockets: this.#load, refuse: this.#refuse, open: this.#open };
    const exchange = new SocketExchange(parts, req, socket, firstBytes);
    const fault = handshakeFault(req);
    if (fault !== undefined) exchange.refuse(fault);
    else if (target.kind === "path") exchange.take(target.url, target.path);
    else exchange.refuse(badRequest(target.kind === "refused" ? target.reason : "A WebSocket needs a path."));
  }

  readonly #load = (): Promise<WebSocketServer> => (this.#sockets ??= openSockets());
}

async function openSockets(): Promise<WebSocketServer> {
  const { WebSocketServer } = await import("ws");
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
}
