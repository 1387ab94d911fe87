// An HTTP request on its way to an ingress replica: raw bytes both ways, opaque to the router.
import { ServeError } from "../core/errors.ts";
import type { HttpCall, HttpObserver, OutgoingHttpCall } from "../model/call.ts";
import {
  CALL_KIND,
  HTTP_FLAG_KEEP_RUNNING,
  HTTP_FLAG_WEBSOCKET,
  readHttpHead,
  writeCallMeta,
} from "../protocol/messages.ts";
import { writeError } from "../protocol/error-wire.ts";
import { FRAME } from "../protocol/frame.ts";
import { ChunkSender, CreditKeeper } from "../transport/chunk-stream.ts";
import type { Connection } from "../transport/connection.ts";
import { CallTask } from "./call-task.ts";

const BODY_STREAM = 0;
const EMPTY = new Uint8Array(0);

export class HttpTask extends CallTask implements OutgoingHttpCall {
  readonly #call: HttpCall;
  readonly #observer: HttpObserver;
  #connection: Connection | undefined;
  #upload: ChunkSender | undefined;
  #download: CreditKeeper | undefined;
  // Body that came before ACCEPT; the proxy holds back after the first piece, so this stays small.
  #early: Uint8Array[] | undefined;
  #bodyEnded = false;
  #trailers: readonly string[] | undefined;
  #bodyFailure: string | undefined;
  #uploadOver = false;

  constructor(call: HttpCall, observer: HttpObserver) {
    super(call);
    this.#call = call;
    this.#observer = observer;
  }

  write(connection: Connection, callId: number): void {
    const call = this.#call;
    this.#connection = connection;
    const flags = (call.keepRunning ? HTTP_FLAG_KEEP_RUNNING : 0) | (call.upgrade ? HTTP_FLAG_WEBSOCKET : 0);
    const writer = connection.begin(FRAME.call, callId);
    writeCallMeta(writer, {
      kind: CALL_KIND.http,
      method: call.method,
      requestId: call.requestId,
      timeoutMs: this.remainingMs(),
      route: call.route,
      multiplexedModelId: call.multiplexedModelId,
      sessionId: call.sessionId,
      priority: call.priority,
      streams: 0,
      continues: call.bodyFollows,
      http: { verb: call.verb, url: call.url, headers: call.headers, flags, client: call.client },
    });
    connection.endWith(call.body);
  }

  writeBody(bytes: Uint8Array): boolean {
    if (this.#uploadOver) return true;
    if (this.#upload !== undefined) return this.#upload.send(bytes);
    (this.#early ??= []).push(bytes);
    return false;
  }

  endBody(trailers?: readonly string[]): void {
    this.#bodyEnded = true;
    this.#trailers = trailers;
    if (!this.#uploadOver) this.#endUpload();
  }

  failBody(message: string): void {
    this.#bodyFailure = message;
    this.#sendBodyFailure();
  }

  consumed(bytes: number): void {
    this.#download?.consumed(bytes);
  }

  onAccept(): void {
    if (this.ended) return;
    const connection = this.#connection as Connection;
    this.#upload = new ChunkSender(connection, this.callId, BODY_STREAM, () => this.#observer.onWritable());
    for (const bytes of this.#early ?? []) this.#upload.send(bytes);
    this.#early = undefined;
    if (this.#bodyFailure !== undefined) return this.#sendBodyFailure();
    if (this.#bodyEnded) this.#endUpload();
    else if (this.#upload.writable) this.#observer.onWritable();
  }

  onResult(payload: Uint8Array, metaAt: number): void {
    const head = readHttpHead(payload, metaAt, payload.length);
    if (head === undefined) return this.refuse(malformedAnswer());
    this.#stopUpload();
    this.settle();
    this.#observer.onResponse(head.status, head.statusText, head.headers, payload.subarray(head.end), true);
  }

  onHead(payload: Uint8Array, metaAt: number): void {
    const head = readHttpHead(payload, metaAt, payload.length);
    if (head === undefined) return this.refuse(malformedAnswer());
    this.answered = true;
    this.#call.headers.length = 0;
    this.#call.body = EMPTY;
    this.#download = new CreditKeeper(this.#connection as Connection, this.callId, BODY_STREAM);
    this.#observer.onResponse(head.status, head.statusText, head.headers, EMPTY, false);
  }

  onChunk(_stream: number, bytes: Uint8Array): void {
    if (!this.ended) this.#observer.onChunk(bytes);
  }

  onEnd(): void {
    if (this.ended) return;
    this.#stopUpload();
    this.settle();
    this.#observer.onEnd();
  }

  onCredit(_stream: number, bytes: number): void {
    if (!this.#uploadOver) this.#upload?.grant(bytes);
  }

  protected onFailure(error: ServeError): void {
    this.#stopUpload();
    this.#observer.onError(error);
  }

  #endUpload(): void {
    this.#upload?.end(noOngoing, undefined, this.#trailers);
  }

  /** The answer is complete, or nobody waits for it: what the client still sends goes nowhere. */
  #stopUpload(): void {
    if (this.#uploadOver) return;
    this.#uploadOver = true;
    this.#early = undefined;
    if (!this.ended && this.#call.bodyFollows) this.#observer.onWritable();
  }

  #sendBodyFailure(): void {
    const connection = this.#connection;
    if (this.#upload === undefined || this.#uploadOver || connection === undefined) return;
    this.#uploadOver = true;
    const error = new ServeError("BAD_REQUEST", this.#bodyFailure ?? "the request body broke off");
    const writer = connection.begin(FRAME.error, this.callId);
    writer.u16(0);
    writeError(writer, error);
    connection.end();
  }
}

/** Callers have nothing to report. */
function noOngoing(): number {
  return 0;
}

function malformedAnswer(): ServeError {
  return new ServeError("PROTOCOL", "the replica's answer has no status line");
}
