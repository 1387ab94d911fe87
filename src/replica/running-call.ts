// One accepted call in a replica: runs the user's code in the request's scope and sends exactly one answer.
//   R1  Whatever happens, the caller gets one last frame: RESULT, END or ERROR. The slot is free only after it (Q5).
//   R2  Errors of Manta keep their code; anything else becomes USER_CODE once (api.md section 6).
//   R3  A cancelled call stops its streams at once and answers when the user's code has returned.
import { runInScope } from "../api/globals.ts";
import { RequestScope } from "../api/scope.ts";
import { ERROR_CODES } from "../core/error-codes.ts";
import { isServeError, RequestCancelledError, ServeError, UserCodeError } from "../core/errors.ts";
import type { CancelReason } from "../model/call.ts";
import { writeError } from "../protocol/error-wire.ts";
import { headerValue } from "../protocol/flat-headers.ts";
import { FRAME } from "../protocol/frame.ts";
import { CALL_KIND, HTTP_FLAG_WEBSOCKET, writeOngoing, type CallMeta } from "../protocol/messages.ts";
import { CLOSE_CODE } from "../protocol/socket-messages.ts";
import { decodeValue } from "../protocol/values.ts";
import { CreditKeeper } from "../transport/chunk-stream.ts";
import type { Connection } from "../transport/connection.ts";
import { IncomingBody } from "../transport/incoming-body.ts";
import { IncomingBodies } from "../transport/value-bodies.ts";
import { AnswerWriter } from "./answer-writer.ts";
import { asPieces, isResponse, toHttpAnswer } from "./http-answer.ts";
import { abortIncoming, createRequest, type RequestParts, signalWithin } from "./http-request.ts";
import type { ReplicaHost } from "./replica-host.ts";
import { ServerSocket, SocketAnswer } from "./server-socket.ts";

/** How long a client has to answer a close before the grace of a drain is over. */
const CLOSING_MS = 2000;

/** How a call ended, for logs and metrics. */
export type Outcome = { readonly status: number; readonly error: ServeError | undefined };

export class RunningCall {
  readonly meta: CallMeta;
  readonly callId: number;
  readonly startMs: number;
  readonly #connection: Connection;
  readonly #host: ReplicaHost;
  readonly #scope: RequestScope;
  readonly #onEnded: (call: RunningCall, outcome: Outcome) => void;
  #bodies: IncomingBodies | undefined;
  #requestBody: IncomingBody | undefined;
  /** Inside of the request that the code got. The request itself, and what came with it, is only the code's to keep. */
  #requestSignal: AbortSignal | undefined;
  // Arguments too large for the CALL frame, until they are complete.
  #argPieces: Uint8Array[] | undefined;
  #argCredit: CreditKeeper | undefined;
  #writer: AnswerWriter | undefined;
  #ended = false;
  /** Of a WebSocket that was closed. */
  #closeCode: number | undefined;
  #socketFailure: ServeError | undefined;

  constructor(
    connection: Connection,
    callId: number,
    meta: CallMeta,
    host: ReplicaHost,
    onEnded: (call: RunningCall, outcome: Outcome) => void,
  ) {
    this.#connection = connection;
    this.callId = callId;
    this.meta = meta;
    this.#host = host;
    this.#onEnded = onEnded;
    this.startMs = host.clock.monotonic();
    const { requestId, route, multiplexedModelId, sessionId, priority, timeoutMs, http } = meta;
    const { application, deployment } = host;
    const deadlineMs = timeoutMs === 0 ? undefined : host.clock.now() + timeoutMs;
    const timeoutS = timeoutMs / 1000;
    const client = http?.client;
    this.#scope = new RequestScope(
      {
        requestId,
        application,
        deployment,
        route,
        multiplexedModelId,
        sessionId,
        priority,
        deadlineMs,
        timeoutS,
        client,
      },
      host.runtime,
    );
  }

  /** Runs the call. `payload` is the CALL frame's, its body begins at `bodyAt`. */
  start(payload: Uint8Array, bodyAt: number): void {
    const { kind, streams, continues } = this.meta;
    if (streams > 0 || continues) {
      writeOngoing(this.#connection.begin(FRAME.accept, this.callId), this.#host.ongoing);
      this.#connection.end();
    }
    if (kind === CALL_KIND.http) {
      this.#runHttp(payload, bodyAt);
    } else if (continues) {
      this.#argPieces = [payload.slice(bodyAt)];
      this.#argCredit = new CreditKeeper(this.#connection, this.callId, 0);
    } else {
      this.#runValues(payload, bodyAt);
    }
  }

  chunk(stream: number, bytes: Uint8Array): void {
    if (stream !== 0) return this.#bodies?.chunk(stream, bytes);
    if (this.#requestBody !== undefined) return this.#requestBody.push(bytes.slice());
    this.#argPieces?.push(bytes.slice());
    this.#argCredit?.consumed(bytes.length);
  }

  /** @param trailers of an HTTP request, flat */
  streamEnded(stream: number, trailers: readonly string[]): void {
    if (stream !== 0) return this.#bodies?.end(stream);
    if (this.#requestBody !== undefined) return this.#requestBody.end(trailers);
    const pieces = this.#argPieces;
    this.#argPieces = undefined;
    if (pieces !== undefined && !this.#ended) this.#runValues(Buffer.concat(pieces), 0);
  }

  /** The caller's side of the streams broke. */
  streamFailed(error: ServeError): void {
    this.#requestBody?.fail(error);
    this.#bodies?.fail(error);
    if (this.#argPieces !== undefined) this.#fail(error);
  }

  credit(stream: number, bytes: number): void {
    this.#writer?.credit(stream, bytes);
  }

  /** Client left, caller cancelled, deadline: the code is told by its signal, its nested calls end (Q5). */
  cancel(reason: CancelReason): void {
    if (this.#ended) return;
    // Listeners of the signal and the clean-up of sources are the request's code.
    runInScope(this.#scope, () => {
      this.#scope.cancel(reason);
      const failure = this.#scope.failure;
      if (failure === undefined) return;
      if (this.#requestSignal !== undefined) abortIncoming(this.#requestSignal, failure);
      this.#requestBody?.fail(failure);
      // Where no code runs there is nothing to wait for.
      if (this.#writer?.stop(failure) === true || this.#argPieces !== undefined) this.#fail(failure);
    });
  }

  /** Nobody will read the answer, but the code is to run to its end: what it still sends goes nowhere. */
  runOn(): void {
    this.#writer?.credit(0, Infinity);
  }

  #runHttp(payload: Uint8Array, bodyAt: number): void {
    const { http, continues } = this.meta as CallMeta & { readonly http: NonNullable<CallMeta["http"]> };
    const inline = payload.subarray(bodyAt);
    let body: IncomingBody | undefined;
    if (continues) {
      this.#requestBody = body = new IncomingBody(new CreditKeeper(this.#connection, this.callId, 0), inline);
    } else if (inline.length > 0) {
      body = new IncomingBody(undefined, inline);
      body.end();
    }
    const { verb, url, headers, flags } = http;
    if ((flags & HTTP_FLAG_WEBSOCKET) !== 0 && body !== undefined) return this.#runSocket(body);
    const whole = continues ? undefined : inline;
    const parts = { verb, url, headers, scope: this.#scope, body, whole };
    this.#run((callable) => callable.fetch(this.#open(parts)));
  }

  #open(parts: RequestParts): Request {
    const request = createRequest(parts);
    if (this.meta.http !== undefined) this.meta.http.headers.length = 0; // the request has them now; the call may last
    this.#requestSignal = signalWithin(request);
    return request;
  }

  /** Gives the ingress a WebSocket; the call lasts until it is closed and the code has returned. */
  #runSocket(body: IncomingBody): void {
    const { verb, url, headers } = this.meta.http as NonNullable<CallMeta["http"]>;
    const { host, scope } = { host: this.#host, scope: this.#scope };
    this.#run((callable) => {
      const failed = (reason: unknown): void => {
        const { requestId } = this.meta;
        const isLate = this.#ended && scope.failure === undefined; // nothing tells of it any more
        if (isLate) host.runtime.logger.error("socket.failed", { requestId, error: reason });
        this.#socketFailure ??= this.#asError(reason);
        socket.end(CLOSE_CODE.internalError, "internal error");
      };
      // Made here, because its listeners are called in the context in which it was made.
      const socket = new ServerSocket(URL.parse(url)?.href ?? url, firstProtocol(headers), body.stream, failed);
      const request = this.#open({ verb, url, headers, scope, body: undefined, whole: undefined });
      const returned = callable.websocket(socket, request);
      const code = isThenable(returned) ? Promise.resolve(returned).then(() => undefined, failed) : Promise.resolve();
      const undo = host.runtime.onDrain?.((graceMs) => {
        host.clock.after(
          Math.max(0, graceMs - CLOSING_MS),
          () => socket.end(CLOSE_CODE.goingAway, "the server restarts"),
          true,
        );
      });
      void socket.closed.then((closeCode) => {
        undo?.();
        this.#closeCode = closeCode;
      });
      return new SocketAnswer(socket, code);
    });
  }

  #runValues(bytes: Uint8Array, offset: number): void {
    const revivers = {
      handle: this.#host.handles.revive,
      body: (stream: number) =>
        (this.#bodies ??= new IncomingBodies(this.#connection, this.callId)).open(stream).stream,
    };
    const decoded = decodeValue(bytes, offset, bytes.length, revivers);
    if (!decoded.ok || !Array.isArray(decoded.value)) {
      const reason = decoded.ok ? "no list of arguments" : decoded.reason;
      return this.#fail(new ServeError("PROTOCOL", `${this.meta.method}: the arguments cannot be read: ${reason}`));
    }
    const args: readonly unknown[] = decoded.value;
    this.#run((callable) => callable.call(this.meta.method, args));
  }

  /** Runs the user's code; a plain value that is there at once is answered in the same turn. */
  #run(code: (callable: ReplicaHost["callable"]) => unknown): void {
    try {
      runInScope(this.#scope, () => {
        const returned = code(this.#host.callable);
        if (isThenable(returned)) void Promise.resolve(returned).then(this.#answer, this.#threw);
        else this.#answer(returned);
      });
    } catch (reason) {
      this.#threw(reason);
    }
  }

  /** In the request's scope, where the code ran. */
  readonly #answer = (value: unknown): void => {
    try {
      const failure = this.#scope.failure;
      if (failure === undefined) this.#write(value);
      else this.#discard(value, failure);
    } catch (reason) {
      this.#threw(reason);
    }
  };

  readonly #threw = (reason: unknown): void => {
    // A nested call may hear of the deadline before the caller's CANCEL comes; what else runs here is told now (Q5).
    if (this.#scope.isTimedOutBy(reason)) this.cancel("deadline");
    this.#fail(this.#scope.failure ?? this.#asError(reason));
  };

  /** The writer has nothing left to write: the answer is complete, or it was stopped. */
  readonly #written = (): void => {
    const failure = this.#scope.failure;
    if (failure === undefined) this.#end(this.#socketFailure);
    else this.#fail(failure);
  };

  #write(value: unknown): void {
    const writer = new AnswerWriter(this.#connection, this.callId, this.#host, this.#written, this.#threw);
    this.#writer = writer;
    if (value instanceof SocketAnswer) return writer.http(value.asHttp());
    if (this.meta.kind === CALL_KIND.http) return writer.http(toHttpAnswer(value));
    const isStreamed =
      typeof value === "object" && value !== null && !(value instanceof Response || value instanceof Request);
    const pieces = isStreamed ? asPieces(value) : undefined;
    if (pieces === undefined) writer.value(value);
    else writer.values(pieces);
  }

  /** The code returned after the call was cancelled: a stream it made is closed unread. */
  #discard(value: unknown, failure: ServeError): void {
    const source = typeof value === "object" && value !== null && isResponse(value) ? value.body : value;
    const pieces = typeof source === "object" && source !== null ? asPieces(source) : undefined;
    void Promise.resolve(pieces?.return?.(failure)).catch(() => undefined);
    this.#fail(failure);
  }

  #fail(error: ServeError): void {
    if (this.#ended) return;
    if (this.#connection.isOpen) {
      const writer = this.#connection.begin(FRAME.error, this.callId);
      writeOngoing(writer, this.#host.ongoing);
      writeError(writer, error);
      this.#connection.end();
    }
    this.#end(error);
  }

  #end(error: ServeError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#argPieces = undefined;
    this.#failBodies(error);
    this.#scope.end();
    const status = this.#closeCode ?? (error === undefined ? (this.#writer?.status ?? 200) : statusOfFailure(error));
    this.#onEnded(this, { status, error });
  }

  /** The caller sends no more of a call that is over: code that reads on must not wait for it. */
  #failBodies(error: ServeError | undefined): void {
    if (this.#requestBody === undefined && this.#bodies === undefined) return;
    const over = error ?? new RequestCancelledError({ requestId: this.meta.requestId, by: "request ended" });
    this.#requestBody?.fail(over);
    this.#bodies?.fail(over);
  }

  #asError(reason: unknown): ServeError {
    if (isServeError(reason)) return reason;
    return new UserCodeError({ deployment: this.#host.deployment, method: this.meta.method }, reason);
  }
}

/** The first protocol that a client offers is taken; browsers refuse a server that takes none of theirs. */
function firstProtocol(headers: readonly string[]): string {
  return (headerValue(headers, "sec-websocket-protocol").split(",", 1)[0] as string).trim();
}

/** What the client of an ingress gets, or would have got, as far as a replica knows. */
function statusOfFailure({ code, statusCode }: ServeError): number {
  return code === "REQUEST_CANCELLED" ? ERROR_CODES[code].http : statusCode;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
