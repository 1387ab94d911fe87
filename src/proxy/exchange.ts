// One HTTP request from its headers to the end of its answer.
//   open -> streaming -> done | detached (the client left, the call runs on)
//   R1  Exactly one end: counted, logged and taken off its connection once, whatever comes later is ignored.
//   R2  Before the head is sent an error is a response (RT8); afterwards it breaks the connection (Q4).
//   R3  A client that leaves cancels the call, unless it asked not to (Q5).
import type { Cancel } from "../core/clock.ts";
import { RequestTimeoutError, ServeError } from "../core/errors.ts";
import { randomUuid } from "../core/random.ts";
import type { HttpObserver, OutgoingHttpCall } from "../model/call.ts";
import { headerValue } from "../protocol/flat-headers.ts";
import type { ClientConnection, OpenRequest } from "./client-connection.ts";
import type { Door, Receiving, Waiting } from "./door.ts";
import { errorResponse } from "./error-response.ts";
import type { RequestMessage, ResponseMessage } from "./http-message.ts";
import { deadlineOf, httpCallOf, refusalOfCall, timeoutOf } from "./http-call.ts";
import { applicationUnavailable, bodyIdle, bodyTooLarge, DRAINING, routeNotFound, type Refusal } from "./refusals.ts";
import { INLINE_BODY_BYTES, RequestBody, type BodyOwner } from "./request-body.ts";
import { readRequestHeaders, type RequestFacts } from "./request-headers.ts";
import { NO_ROUTE } from "./request-recorder.ts";
import { ResponseStream } from "./response-stream.ts";
import { readResponseHeaders } from "./response-headers.ts";
import { cutRootPath, type Route } from "./route-table.ts";

/** Nginx's status for a client that left; only in logs and metrics. */
const CLIENT_LEFT = 499;
const EMPTY = new Uint8Array(0);
/** Bodies up to this join the head in one string, and so in one write; larger ones are not worth the copy. */
const JOINED_BODY_BYTES = 1024;

export class Exchange implements HttpObserver, OpenRequest, BodyOwner, Receiving, Waiting {
  readonly requestId: string;
  readonly verb: string;
  readonly #door: Door;
  readonly #connection: ClientConnection;
  readonly #req: RequestMessage;
  readonly #res: ResponseMessage;
  readonly #facts: RequestFacts;
  readonly #startedMs: number;
  readonly #deadlineMs: number | undefined;
  readonly #body: RequestBody | undefined;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly #expectsContinue: boolean;
  #state: "open" | "streaming" | "done" | "detached" = "open";
  #route: Route = NO_ROUTE;
  #logged = true;
  #counted = false;
  #closes = false;
  #url = "";
  #path = "";
  #call: OutgoingHttpCall | undefined;
  #stream: ResponseStream | undefined;
  #waitTimer: Cancel | undefined;

  constructor(door: Door, connection: ClientConnection, req: RequestMessage, res: ResponseMessage, expects: boolean) {
    const facts = readRequestHeaders(req.rawHeaders);
    this.#door = door;
    this.#connection = connection;
    this.#req = req;
    this.#res = res;
    this.#facts = facts;
    this.#expectsContinue = expects;
    this.verb = req.method as string;
    this.requestId = facts.requestId ?? randomUuid(door.random);
    this.#startedMs = door.clock.monotonic();
    this.#deadlineMs = deadlineOf(this.#timeoutS, door.clock);
    if (facts.chunked || facts.contentLength > 0) {
      this.#body = new RequestBody(req, this, door.maxBodyBytes, door.clock);
    }
    door.ongoing++;
    connection.add(this);
  }

  get facts(): RequestFacts {
    return this.#facts;
  }

  get receiving(): boolean {
    return this.#body !== undefined && !this.#body.complete;
  }

  /** Answers in the proxy's own name. @param closes true: the connection cannot be used again */
  refuse({ status, error }: Refusal, closes = this.#expectsContinue): void {
    if (closes) this.#closes = this.#connection.closing = true;
    const accept = headerValue(this.#req.rawHeaders, "accept");
    const { requestId } = this;
    const { headers, body } = errorResponse(status, error, { requestId, accept, development: this.#door.development });
    this.#res.statusMessage = "";
    this.#sendText(status, [...headers], body);
  }

  /** Answers a system path (RT4): counted under `route`, not logged. */
  answerSystem(route: Route, status: number, headers: string[], body: string): void {
    this.#route = route;
    this.#logged = false;
    this.#sendText(status, headers, body);
  }

  /** Takes the request to the application that serves its path, once a route table is there (RT5). */
  take(url: string, path: string): void {
    const door = this.#door;
    this.#url = url;
    this.#path = cutRootPath(path, door.rootPath);
    if (this.#facts.contentLength > door.maxBodyBytes) return this.bodyTooLarge();
    if (door.draining) return this.refuse(DRAINING);
    this.#counted = true;
    door.recorder.ongoing.inc();
    if (door.routes === undefined) this.#wait();
    else this.#dispatch();
  }

  routesCame(): void {
    this.#dispatch();
  }

  /** Until the next route table, at most until the deadline; requests go on in the order in which they came. */
  #wait(): void {
    const { waiting, clock } = this.#door;
    waiting.add(this);
    if (this.#deadlineMs === undefined) return;
    this.#waitTimer ??= clock.after(this.#deadlineMs - clock.now(), () => this.onError(this.#timedOut()));
  }

  sweep(): boolean {
    const body = this.#body;
    if (body === undefined || body.complete || this.#connection.socket.destroyed) return true;
    const { clock, limits } = this.#door;
    if (body.idleMs(clock.monotonic()) > limits.bodyIdleMs) {
      if (this.#state === "done") this.#connection.socket.destroy();
      else this.#abandon(bodyIdle(limits.bodyIdleMs));
      return true;
    }
    const late = this.#deadlineMs !== undefined && this.#call === undefined && clock.now() >= this.#deadlineMs;
    if (late && this.#state === "open") this.onError(this.#timedOut());
    return false;
  }

  bodyGathered(bytes: Uint8Array): void {
    this.#door.receiving.delete(this);
    if (this.#state === "open") this.#start(bytes, false);
  }

  bodyTooLarge(): void {
    this.#abandon(bodyTooLarge(this.#door.maxBodyBytes));
  }

  bodyMalformed(refusal: Refusal): void {
    this.#abandon(refusal);
  }

  clientLeft(): void {
    if (this.#state === "done") return;
    const call = this.#call;
    const withheld = this.#stream?.close() ?? 0;
    this.#finish(this.#state === "streaming" ? this.#res.statusCode : CLIENT_LEFT);
    if (call === undefined) return;
    if (this.receiving) call.failBody("the client left");
    if (!this.#facts.keepRunning) return call.cancel("client left");
    this.#state = "detached";
    this.#discard(withheld);
  }

  onResponse(status: number, statusText: string, given: readonly string[], body: Uint8Array, last: boolean): void {
    if (this.#state !== "open") return this.#discard(body.length);
    if (!Number.isInteger(status) || status < 200 || status > 999) return this.onError(malformedAnswer());
    const { headers, contentLength } = readResponseHeaders(given);
    const bodiless = this.verb === "HEAD" || status === 204 || status === 304;
    const length =
      last && !bodiless ? body.length : (contentLength ?? (last && body.length > 0 ? body.length : undefined));
    if (length !== undefined && status !== 204) headers.push("content-length", String(length));
    if (!this.#sendHead(status, statusText, headers)) {
      this.onError(malformedAnswer());
      this.#call?.cancel("caller cancelled");
    } else if (last || bodiless) {
      this.#sendBody(bodiless ? EMPTY : body);
      this.#finish(status);
      if (!last) this.#call?.cancel("caller cancelled");
    } else {
      this.#state = "streaming";
      this.#stream = new ResponseStream(this.#res, this.#call as OutgoingHttpCall, contentLength);
      if (!this.#stream.push(body)) this.#breakOff();
    }
  }

  onChunk(bytes: Uint8Array): void {
    if (this.#state !== "streaming") this.#discard(bytes.length);
    else if (this.#stream?.push(bytes) === false) this.#breakOff();
  }

  onEnd(): void {
    if (this.#state !== "streaming") return;
    if (this.#stream?.end() === false) this.#breakOff();
    else this.#finish(this.#res.statusCode);
  }

  onError(error: ServeError): void {
    if (this.#state === "streaming") this.#breakOff();
    if (this.#state !== "open") return;
    this.refuse(refusalOfCall(this.#door, this.#route, this.requestId, error));
  }

  onWritable(): void {
    this.#body?.resume();
  }

  get #timeoutS(): number | null {
    return timeoutOf(this.#facts, this.#door.requestTimeoutS);
  }

  #timedOut(): ServeError {
    return new RequestTimeoutError({ requestId: this.requestId, timeoutS: this.#timeoutS ?? 0 });
  }

  #dispatch(): void {
    const route = this.#door.routes?.find(this.#path);
    if (route === undefined) return this.refuse(routeNotFound(this.#path));
    this.#route = route;
    if (route.unavailable !== undefined) return this.refuse(applicationUnavailable(route.target, route.unavailable));
    if (route.waits === true) return this.#wait();
    this.#waitTimer?.();
    this.#door.waiting.delete(this);
    const body = this.#body;
    if (this.#expectsContinue) this.#res.writeContinue();
    if (body === undefined) return this.#start(EMPTY, false);
    this.#door.receiving.add(this);
    if (this.verb === "GET" || this.verb === "HEAD") {
      body.drop();
      this.#start(EMPTY, false);
    } else if (!this.#facts.chunked && this.#facts.contentLength <= INLINE_BODY_BYTES) {
      body.gather();
    } else {
      this.#start(EMPTY, true);
      body.passTo(this.#call as OutgoingHttpCall);
    }
  }

  #start(body: Uint8Array, bodyFollows: boolean): void {
    const call = httpCallOf(
      {
        facts: this.#facts,
        requestId: this.requestId,
        route: this.#route,
        deadlineMs: this.#deadlineMs,
        timeoutS: this.#timeoutS,
        client: this.#connection.client,
      },
      { verb: this.verb, url: this.#url, body, bodyFollows, upgrade: false },
    );
    this.#call = this.#door.calls.startHttp(call, this);
  }

  /** The request cannot go on; the connection cannot either, because its body was not read to the end. */
  #abandon(refusal: Refusal): void {
    const call = this.#call;
    if (this.#state === "streaming") this.#breakOff();
    else if (this.#state === "open") this.refuse(refusal, true);
    call?.failBody(refusal.error.message);
    call?.cancel("caller cancelled");
  }

  #breakOff(): void {
    this.#stream?.breakOff();
    this.#finish(this.#res.statusCode);
    this.#call?.cancel("caller cancelled");
  }

  #discard(bytes: number): void {
    if (this.#state === "detached" && bytes > 0) this.#call?.consumed(bytes);
  }

  /** False when the application's status text or headers cannot be sent. */
  #sendHead(status: number, statusText: string, headers: string[]): boolean {
    headers.push("x-request-id", this.requestId);
    if (this.#closes || this.#door.draining) headers.push("connection", "close");
    try {
      if (statusText === "") this.#res.writeHead(status, headers);
      else this.#res.writeHead(status, statusText, headers);
      return true;
    } catch {
      return false;
    }
  }

  #sendBody(body: Uint8Array): void {
    if (body.length === 0) this.#res.end();
    else if (body.length > JOINED_BODY_BYTES) this.#res.end(body);
    else this.#res.end(asBuffer(body).toString("latin1"), "latin1");
  }

  #sendText(status: number, headers: string[], body: string): void {
    headers.push("content-length", String(Buffer.byteLength(body)));
    this.#sendHead(status, "", headers);
    this.#res.end(this.verb === "HEAD" ? undefined : body);
    this.#finish(status);
  }

  #finish(status: number): void {
    const door = this.#door;
    this.#state = "done";
    this.#waitTimer?.();
    door.waiting.delete(this);
    const latencyMs = door.clock.monotonic() - this.#startedMs;
    door.recorder.count(this.#route, this.verb, status, latencyMs);
    if (this.#logged)
      door.recorder.log(this.#route, this.verb, status, latencyMs, this.requestId, this.#connection.client);
    if (this.#counted) door.recorder.ongoing.dec();
    this.#connection.remove(this);
    if (this.#body !== undefined) this.#dropBody(this.#body);
    if (--door.ongoing === 0 && door.draining) door.onQuiet();
  }

  /** Lets the rest of the body come, watched, so that the client sees its answer and can go on. */
  #dropBody(body: RequestBody): void {
    if (body.complete) return void this.#door.receiving.delete(this);
    if (this.#connection.socket.destroyed) return;
    this.#door.receiving.add(this);
    this.#connection.linger();
    body.drop();
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function malformedAnswer(): ServeError {
  return new ServeError("PROTOCOL", "the replica's answer has a status or headers that HTTP does not allow");
}
