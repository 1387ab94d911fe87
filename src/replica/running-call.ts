// One accepted call in a replica: runs the user's code in the request's scope and sends exactly one answer.
//   R1  Whatever happens, the caller gets one last frame: RESULT, END or ERROR. The slot is free only after it (Q5).
//   R2  Errors of Manta keep their code; anything else becomes USER_CODE once (api.md section 6).
//   R3  A cancelled call stops its streams at once and answers when the user's code has returned.
import {
  asBytes,
  asPieces,
  BYTES_HEAD,
  TEXT_HEAD,
  toHttpAnswer,
  type HttpHead,
  type PieceSource,
} from "./http-answer.ts";
import { createRequest } from "./http-request.ts";
import { runInScope } from "../api/globals.ts";
import { RequestScope } from "../api/scope.ts";
import { isServeError, SerializationError, ServeError, UserCodeError } from "../core/errors.ts";
import { atTurnEnd } from "../core/tick.ts";
import type { CancelReason } from "../model/call.ts";
import { writeError } from "../protocol/error-wire.ts";
import { FRAME } from "../protocol/frame.ts";
import {
  CALL_KIND,
  writeHttpHead,
  writeHttpResult,
  writeOngoing,
  writeValueHead,
  writeValueResult,
  type CallMeta,
} from "../protocol/messages.ts";
import { decodeValue, encodeToBytes } from "../protocol/values.ts";
import { ChunkSender, CreditKeeper, MAX_CHUNK_BYTES } from "../transport/chunk-stream.ts";
import type { Connection } from "../transport/connection.ts";
import { IncomingBody } from "../transport/incoming-body.ts";
import { IncomingBodies, OutgoingBodies } from "../transport/value-bodies.ts";
import type { ReplicaHost } from "./replica-host.ts";

const EMPTY = new Uint8Array(0);
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
  // Arguments too large for the CALL frame, until they are complete.
  #argPieces: Uint8Array[] | undefined;
  #argCredit: CreditKeeper | undefined;
  #sender: ChunkSender | undefined;
  #answerBodies: OutgoingBodies | undefined;
  #wake: (() => void) | undefined;
  #status = 200;
  // The code is done; only bytes that wait for credit are left.
  #sending = false;
  #ended = false;

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
    const { requestId, route, multiplexedModelId, sessionId, timeoutMs } = meta;
    const { application, deployment } = host;
    const deadlineMs = timeoutMs === 0 ? undefined : host.clock.now() + timeoutMs;
    const timeoutS = timeoutMs / 1000;
    this.#scope = new RequestScope(
      { requestId, application, deployment, route, multiplexedModelId, sessionId, deadlineMs, timeoutS },
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

  streamEnded(stream: number): void {
    if (stream !== 0) return this.#bodies?.end(stream);
    if (this.#requestBody !== undefined) return this.#requestBody.end();
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
    if (stream === 0) this.#sender?.grant(bytes);
    else this.#answerBodies?.grant(stream, bytes);
  }

  /** Client left, caller cancelled, deadline: the code is told by its signal, its nested calls end (Q5). */
  cancel(reason: CancelReason): void {
    if (this.#ended) return;
    this.#scope.cancel(reason);
    const failure = this.#scope.failure;
    this.#answerBodies?.stop(failure);
    if (failure !== undefined) this.#requestBody?.fail(failure);
    this.#wake?.();
    // Where no code runs there is nothing to wait for.
    if (failure !== undefined && (this.#sending || this.#argPieces !== undefined)) this.#fail(failure);
  }

  #runHttp(payload: Uint8Array, bodyAt: number): void {
    const http = this.meta.http as NonNullable<CallMeta["http"]>;
    const hasBody = this.meta.continues || bodyAt < payload.length;
    let body: IncomingBody | undefined;
    if (hasBody) {
      body = new IncomingBody(
        this.meta.continues ? new CreditKeeper(this.#connection, this.callId, 0) : undefined,
        payload.length - bodyAt,
      );
      if (bodyAt < payload.length) body.push(payload.slice(bodyAt));
      if (this.meta.continues) this.#requestBody = body;
      else body.end();
    }
    this.#run((callable) => {
      const request = createRequest({
        verb: http.verb,
        url: http.url,
        headers: http.headers,
        signal: this.#scope.signal,
        body,
      });
      return callable.fetch(request);
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
      const result = runInScope(this.#scope, () => {
        const returned = code(this.#host.callable);
        return isThenable(returned) ? Promise.resolve(returned) : returned;
      });
      if (result instanceof Promise) result.then(this.#answer, this.#threw);
      else this.#answer(result);
    } catch (reason) {
      this.#threw(reason);
    }
  }

  readonly #answer = (value: unknown): void => {
    try {
      const failure = this.#scope.failure;
      if (failure !== undefined) this.#discard(value, failure);
      else if (this.meta.kind === CALL_KIND.http) this.#answerHttp(value);
      else this.#answerValue(value);
    } catch (reason) {
      this.#threw(reason);
    }
  };

  readonly #threw = (reason: unknown): void => this.#fail(this.#scope.failure ?? this.#asError(reason));

  #answerHttp(value: unknown): void {
    const answer = toHttpAnswer(value);
    if (answer.kind === "whole") return this.#sendWhole(answer.head, answer.body);
    runInScope(this.#scope, () => void this.#pump(() => this.#pumpHttp(answer.pieces, answer.head), answer.pieces));
  }

  #sendWhole(head: HttpHead, body: string | Uint8Array): void {
    this.#status = head.status;
    const size = typeof body === "string" ? body.length * 3 : body.length;
    if (size > MAX_CHUNK_BYTES) {
      const bytes = typeof body === "string" ? Buffer.from(body) : body;
      const sender = this.#openStream(head, bytes.length);
      sender.send(bytes);
      return this.#endStream(sender);
    }
    const writer = this.#connection.begin(FRAME.result, this.callId);
    writeHttpResult(writer, this.#host.ongoing, head.status, head.statusText, head.headers);
    if (typeof body === "string") writer.text(body);
    else writer.bytes(body);
    this.#connection.end();
    this.#end(undefined);
  }

  /** HEAD of a streamed HTTP answer. A length that is known travels as content-length. */
  #openStream(head: HttpHead, length?: number): ChunkSender {
    this.#status = head.status;
    const headers = length === undefined ? head.headers : [...head.headers, "content-length", String(length)];
    writeHttpHead(
      this.#connection.begin(FRAME.head, this.callId),
      this.#host.ongoing,
      head.status,
      head.statusText,
      headers,
    );
    this.#connection.end();
    return (this.#sender = new ChunkSender(this.#connection, this.callId, 0, () => this.#wake?.()));
  }

  async #pumpHttp(pieces: PieceSource, head: HttpHead | undefined): Promise<void> {
    const first = await pieces.next();
    if (first.done === true) return this.#sendWhole(head ?? TEXT_HEAD, EMPTY);
    let pending: ReturnType<PieceSource["next"]> | undefined;
    if (head !== undefined) {
      // Most Responses have one piece. Whoever has more is streaming, and the first must not wait for the second.
      pending = pieces.next();
      const second = await Promise.race([pending, turnEnd()]);
      if (second?.done === true && first.value instanceof Uint8Array) return this.#sendWhole(head, first.value);
    }
    const isText = typeof first.value === "string";
    const sender = this.#openStream(head ?? (isText ? TEXT_HEAD : BYTES_HEAD));
    let writable = this.#sendPiece(sender, first.value, 0);
    this.#connection.flush();
    for (let index = 1; !this.#stopped; index++) {
      if (!writable) await this.#untilWritable();
      if (this.#stopped) break;
      const next = pending ?? pieces.next();
      pending = undefined;
      const result = next instanceof Promise ? await next : next;
      if (this.#stopped) break;
      if (result.done === true) return this.#endStream(sender);
      writable = this.#sendPiece(sender, result.value, index);
    }
  }

  #sendPiece(sender: ChunkSender, piece: unknown, index: number): boolean {
    if (typeof piece === "string") return sender.sendText(piece);
    const bytes = typeof piece === "object" && piece !== null ? asBytes(piece) : undefined;
    if (bytes !== undefined) return sender.send(bytes);
    throw new SerializationError(
      { path: `response[${index}]`, received: `a piece that is ${nameOf(piece)}` },
      "yield text or bytes",
    );
  }

  #answerValue(value: unknown): void {
    if (typeof value === "object" && value !== null && !(value instanceof Response) && !(value instanceof Request)) {
      const pieces = asPieces(value);
      if (pieces !== undefined) {
        runInScope(this.#scope, () => void this.#pump(() => this.#pumpValues(pieces), pieces));
        return;
      }
    }
    const bodies = new OutgoingBodies();
    const bytes = encodeToBytes(value, bodies.hooks(this.#host.handles.refOf), "result");
    const ongoing = (): number => this.#host.ongoing;
    const sendBodies = (): void => this.#sendBodies(bodies);
    this.#sending = true;
    if (bytes.length <= MAX_CHUNK_BYTES) {
      const writer = this.#connection.begin(FRAME.result, this.callId);
      writeValueResult(writer, ongoing(), bodies.count);
      writer.bytes(bytes);
      this.#connection.end();
      return sendBodies();
    }
    writeValueHead(this.#connection.begin(FRAME.head, this.callId), ongoing(), bodies.count);
    this.#connection.end();
    this.#sender = new ChunkSender(this.#connection, this.callId, 0, () => undefined);
    this.#sender.send(bytes);
    this.#sender.end(ongoing, sendBodies);
  }

  /** Bodies follow the value that holds them: the caller opens them when it has all of it. */
  #sendBodies(bodies: OutgoingBodies): void {
    if (bodies.count === 0) return this.#end(undefined);
    this.#answerBodies = bodies;
    const sent = bodies.send(this.#connection, this.callId, () => this.#host.ongoing);
    sent.then(() => this.#end(undefined), this.#threw);
  }

  async #pumpValues(pieces: PieceSource): Promise<void> {
    writeValueHead(this.#connection.begin(FRAME.head, this.callId), this.#host.ongoing, undefined);
    this.#connection.end();
    const sender = (this.#sender = new ChunkSender(this.#connection, this.callId, 0, () => this.#wake?.()));
    const hooks = { handleRef: this.#host.handles.refOf, openBody: refuseBody };
    for (let index = 0; !this.#stopped; index++) {
      const next = pieces.next();
      const result = next instanceof Promise ? await next : next;
      if (this.#stopped) break;
      if (result.done === true) return this.#endStream(sender);
      const writable = sender.sendValue(encodeToBytes(result.value, hooks, `result[${index}]`));
      if (index === 0) this.#connection.flush();
      if (!writable) await this.#untilWritable();
    }
  }

  /** Runs a stream to its end; a source that is left early is told. */
  async #pump(run: () => Promise<void>, pieces: PieceSource): Promise<void> {
    try {
      await run();
      if (!this.#stopped || this.#ended) return;
      const failure = this.#scope.failure;
      await pieces.return?.();
      if (failure !== undefined) this.#fail(failure);
    } catch (reason) {
      this.#threw(reason);
      if (this.#scope.failure === undefined) await Promise.resolve(pieces.return?.()).catch(() => undefined);
    }
  }

  get #stopped(): boolean {
    return this.#scope.failure !== undefined || this.#ended;
  }

  #untilWritable(): Promise<void> {
    return new Promise((resolve) => void (this.#wake = resolve));
  }

  #endStream(sender: ChunkSender): void {
    this.#sending = true;
    sender.end(
      () => this.#host.ongoing,
      () => this.#end(undefined),
    );
  }

  /** The code returned after the call was cancelled: a stream it made is closed unread. */
  #discard(value: unknown, failure: ServeError): void {
    const pieces =
      typeof value === "object" && value !== null
        ? value instanceof Response
          ? value.body?.values()
          : asPieces(value)
        : undefined;
    if (pieces !== undefined) void Promise.resolve(pieces.return?.()).catch(() => undefined);
    this.#fail(failure);
  }

  #fail(error: ServeError): void {
    if (this.#ended) return;
    this.#bodies?.fail(error);
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
    this.#sender = undefined;
    this.#scope.end();
    this.#onEnded(this, { status: error === undefined ? this.#status : 500, error });
  }

  #asError(reason: unknown): ServeError {
    if (isServeError(reason)) return reason;
    return new UserCodeError({ deployment: this.#host.deployment, method: this.meta.method }, reason);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function nameOf(piece: unknown): string {
  if (piece === null) return "null";
  return typeof piece === "object" ? `an instance of ${piece.constructor?.name ?? "Object"}` : `a ${typeof piece}`;
}

function turnEnd(): Promise<undefined> {
  return new Promise((resolve) => atTurnEnd(() => resolve(undefined)));
}

function refuseBody(_body: ReadableStream<Uint8Array>, path: string): number {
  throw new SerializationError(
    { path, received: "a Request or Response with a body inside a stream" },
    "return it by itself",
  );
}
