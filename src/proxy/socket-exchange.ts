// One WebSocket from its handshake to its close: frames of the client on one side, messages of a call on the other.
//   open -> joined -> done
//   R1  Before the replica has taken the socket a failure is an HTTP response; afterwards a close with 1011.
//   R2  Both directions are held back by the slower side: a client that does not read, a replica that does not (Q7).
//   R3  Exactly one end, counted with the close code as its status; 1000 and 1001 are no errors (reference 3.1).
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { WebSocket, WebSocketServer } from "ws";
import type { Cancel } from "../core/clock.ts";
import { RequestTimeoutError, ServeError } from "../core/errors.ts";
import { randomUuid } from "../core/random.ts";
import type { HttpObserver, OutgoingHttpCall } from "../model/call.ts";
import { formatClient } from "../protocol/client-address.ts";
import { CLOSE_CODE, encodeSocketMessage, type SocketMessage } from "../protocol/socket-messages.ts";
import { WebSocketClient } from "./websocket-client.ts";
import type { Door, Leaving, Waiting } from "./door.ts";
import { deadlineOf, httpCallOf, refusalOfCall, timeoutOf } from "./http-call.ts";
import { applicationUnavailable, DRAINING, type Refusal, routeNotFound } from "./refusals.ts";
import { readRequestHeaders, type RequestFacts } from "./request-headers.ts";
import { NO_ROUTE } from "./request-recorder.ts";
import { cutRootPath, type Route } from "./route-table.ts";

/** Longest message of a client, bytes (as uvicorn's default, which Ray Serve uses). */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const EMPTY = new Uint8Array(0);
const METHOD = "WS";

/** Answers a connection that gets no socket, and ends it. */
export type SocketRefusal = (req: IncomingMessage, socket: Socket, refusal: Refusal, requestId: string) => void;

/** What an upgrade needs besides the door. */
export interface SocketDoor {
  readonly door: Door;
  /** The library that speaks to clients. */
  sockets(): Promise<WebSocketServer>;
  readonly refuse: SocketRefusal;
  /** Sockets that are open; a drain tells them to go. */
  readonly open: Set<Leaving>;
}

/** The close code that the library answers an error of the client's with (RFC 6455 7.4.1); undefined: the connection broke. */
function closeCodeOf({ code }: NodeJS.ErrnoException): number | undefined {
  if (code?.startsWith("WS_ERR_") !== true) return undefined;
  if (code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") return 1009;
  return code === "WS_ERR_INVALID_UTF8" ? 1007 : 1002;
}

export class SocketExchange implements HttpObserver, Leaving, Waiting {
  readonly requestId: string;
  readonly #parts: SocketDoor;
  readonly #req: IncomingMessage;
  readonly #socket: Socket;
  readonly #firstBytes: Buffer;
  readonly #facts: RequestFacts;
  /** The client, as `formatClient` says it. */
  readonly #from: string;
  readonly #startedMs: number;
  readonly #deadlineMs: number | undefined;
  #state: "open" | "joined" | "done" = "open";
  #route: Route = NO_ROUTE;
  #url = "";
  #path = "";
  #call: OutgoingHttpCall | undefined;
  #client: WebSocketClient | undefined;
  #waitTimer: Cancel | undefined;
  /** What the replica sends while the handshake is on its way; at most a window. */
  readonly #early: Uint8Array[] = [];

  constructor(parts: SocketDoor, req: IncomingMessage, socket: Socket, firstBytes: Buffer) {
    const { door } = parts;
    this.#parts = parts;
    this.#req = req;
    this.#socket = socket;
    this.#firstBytes = firstBytes;
    this.#from = formatClient(socket.remoteAddress, socket.remotePort);
    this.#facts = readRequestHeaders(req.rawHeaders);
    this.requestId = this.#facts.requestId ?? randomUuid(door.random);
    this.#startedMs = door.clock.monotonic();
    this.#deadlineMs = deadlineOf(this.#timeoutS, door.clock);
    door.ongoing++;
    door.recorder.ongoing.inc();
    parts.open.add(this);
    socket.once("close", () => this.#clientLeft());
  }

  /** Takes the upgrade to the application that serves its path, once a route table is there (RT5). */
  take(url: string, path: string): void {
    const { door } = this.#parts;
    this.#url = url;
    this.#path = cutRootPath(path, door.rootPath);
    if (door.draining) return this.refuse(DRAINING);
    if (door.routes === undefined) this.#wait();
    else this.#dispatch();
  }

  routesCame(): void {
    this.#dispatch();
  }

  /** Answers in the proxy's own name (R1). */
  refuse(refusal: Refusal): void {
    if (this.#state !== "open") return;
    this.#parts.refuse(this.#req, this.#socket, refusal, this.requestId);
    this.#finish(refusal.status);
  }

  /** The proxy ends: the client is asked to come again elsewhere. */
  goAway(): void {
    if (this.#state === "joined") this.#client?.close(CLOSE_CODE.goingAway, "the server restarts");
    else this.refuse(DRAINING);
  }

  /** Cuts the connection. */
  cut(): void {
    this.#socket.destroy();
  }

  onResponse(status: number, _text: string, _headers: readonly string[], body: Uint8Array, last: boolean): void {
    if (this.#state !== "open") return this.#call?.consumed(body.length);
    if (status !== 101 || last) return this.onError(new ServeError("PROTOCOL", "the replica took no WebSocket"));
    void this.#shakeHands(body);
  }

  onChunk(bytes: Uint8Array): void {
    const call = this.#call;
    const client = this.#client;
    if (this.#state === "open") return void this.#early.push(bytes.slice());
    if (client === undefined || this.#state === "done") return call?.consumed(bytes.length);
    if (!client.push(bytes)) client.close(CLOSE_CODE.internalError, "internal error");
  }

  onEnd(): void {
    // The replica has said its close by now; whatever keeps the client is none of its business.
    if (this.#state === "joined" && this.#client?.isOpen === true) this.#client.close(CLOSE_CODE.internalError);
  }

  onError(error: ServeError): void {
    if (this.#state === "joined") this.#client?.close(CLOSE_CODE.internalError, "internal error");
    if (this.#state !== "open") return;
    if (error.code === "METHOD_NOT_FOUND") this.refuse({ status: 404, error });
    else this.refuse(refusalOfCall(this.#parts.door, this.#route, this.requestId, error));
  }

  onWritable(): void {
    this.#client?.resume();
  }

  get #timeoutS(): number | null {
    return timeoutOf(this.#facts, this.#parts.door.requestTimeoutS);
  }

  #wait(): void {
    const { waiting, clock } = this.#parts.door;
    waiting.add(this);
    if (this.#deadlineMs === undefined) return;
    const late = new RequestTimeoutError({ requestId: this.requestId, timeoutS: this.#timeoutS ?? 0 });
    this.#waitTimer ??= clock.after(this.#deadlineMs - clock.now(), () => this.onError(late));
  }

  #dispatch(): void {
    const { door } = this.#parts;
    const route = door.routes?.find(this.#path);
    if (route === undefined) return this.refuse(routeNotFound(this.#path));
    this.#route = route;
    if (route.unavailable !== undefined) return this.refuse(applicationUnavailable(route.target, route.unavailable));
    if (route.waits === true) return this.#wait();
    this.#waitTimer?.();
    door.waiting.delete(this);
    const { requestId } = this;
    const client = this.#from;
    const routed = {
      facts: this.#facts,
      requestId,
      route,
      deadlineMs: this.#deadlineMs,
      timeoutS: this.#timeoutS,
      client,
    };
    const asked = { verb: "GET", url: this.#url, body: EMPTY, bodyFollows: true, upgrade: true };
    this.#call = door.calls.startHttp(httpCallOf(routed, asked), this);
  }

  async #shakeHands(body: Uint8Array): Promise<void> {
    const sockets = await this.#parts.sockets();
    if (this.#state !== "open" || this.#socket.destroyed) return;
    const addRequestId = (lines: string[]): void => void lines.push(`x-request-id: ${this.requestId}`); // RT6
    sockets.once("headers", addRequestId);
    // Of the protocols that the client offers both sides take the first.
    sockets.handleUpgrade(this.#req, this.#socket, this.#firstBytes, (client) => this.#join(client, body));
    sockets.off("headers", addRequestId); // it shakes hands at once or not at all
  }

  #join(client: WebSocket, body: Uint8Array): void {
    this.#state = "joined";
    this.#client = new WebSocketClient(client, (bytes) => this.#call?.consumed(bytes), this.#parts.door.clock);
    client.on("message", (data: Buffer, isBinary) => {
      this.#toReplica(isBinary ? { kind: "binary", bytes: data } : { kind: "text", text: data.toString() });
    });
    let fault: number | undefined;
    client.on("error", (error: NodeJS.ErrnoException) => (fault = closeCodeOf(error)));
    // After an error the client's own close is not read any more: what it was told is how it ended.
    client.on("close", (code, reason) => {
      this.#closed(code === CLOSE_CODE.abnormal ? (fault ?? code) : code, reason.toString());
    });
    for (const bytes of [body, ...this.#early.splice(0)]) this.onChunk(bytes);
  }

  #toReplica(message: SocketMessage): void {
    if (this.#call?.writeBody(encodeSocketMessage(message)) === false) this.#client?.pause();
  }

  /** The close handshake with the client is over, or its connection broke. */
  #closed(code: number, reason: string): void {
    if (this.#state !== "joined") return;
    const call = this.#call;
    if (code === CLOSE_CODE.abnormal) call?.cancel("client left");
    else {
      this.#toReplica({ kind: "close", code, reason });
      call?.endBody();
    }
    this.#finish(code);
  }

  /** Before the socket was taken. */
  #clientLeft(): void {
    if (this.#state !== "open") return;
    this.#call?.cancel("client left");
    this.#finish(CLOSE_CODE.abnormal);
  }

  /** R3 */
  #finish(status: number): void {
    const { door, open } = this.#parts;
    this.#state = "done";
    this.#waitTimer?.();
    door.waiting.delete(this);
    open.delete(this);
    const latencyMs = door.clock.monotonic() - this.#startedMs;
    door.recorder.count(this.#route, METHOD, status, latencyMs);
    door.recorder.log(this.#route, METHOD, status, latencyMs, this.requestId, this.#from);
    door.recorder.ongoing.dec();
    if (--door.ongoing === 0 && door.draining) door.onQuiet();
  }
}
