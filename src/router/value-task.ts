// A call with values: arguments out, one value or a stream of values back.
//   R1  Arguments are encoded once, before the call is queued; up to 64 KiB travel with the CALL, the rest after ACCEPT.
//   R2  Items of a stream are decoded when they are asked for; until then their bytes hold credit (Q7).
//   R3  A value whose bodies still stream is not the end: deadline and cancellation hold until the last of them (Q4, Q5).
import { RequestCancelledError, SerializationError, ServeError, toServeError } from "../core/errors.ts";
import type { ValueCall, ValueObserver, ValueStream } from "../model/call.ts";
import { CALL_KIND, CHUNK_FLAG, readValueHead, writeCallMeta } from "../protocol/messages.ts";
import { FRAME } from "../protocol/frame.ts";
import { decodeValue, encodeToBytes, type HandleRef, type Revivers } from "../protocol/values.ts";
import { ChunkSender, CreditKeeper, MAX_CHUNK_BYTES } from "../transport/chunk-stream.ts";
import type { Connection } from "../transport/connection.ts";
import { IncomingBodies, OutgoingBodies } from "../transport/value-bodies.ts";
import { CallTask } from "./call-task.ts";
import { IncomingValues } from "./incoming-values.ts";

/** How handles cross: api/ knows them, the router does not. */
export interface HandleCodec {
  /** The reference when `value` is a handle. */
  refOf(value: object): HandleRef | undefined;
  /** A live handle for a reference. */
  revive(ref: HandleRef): unknown;
}

export class ValueTask extends CallTask {
  readonly #call: ValueCall;
  readonly #observer: ValueObserver;
  readonly #handles: HandleCodec;
  readonly #args: Uint8Array;
  readonly #argBodies = new OutgoingBodies();
  #argSender: ChunkSender | undefined;
  #connection: Connection | undefined;
  #answerBodies: IncomingBodies | undefined;
  #stream: IncomingValues | undefined;
  // Set when the value is with the observer and its bodies still stream (R3).
  #bodiesOver: PromiseWithResolvers<void> | undefined;
  // Pieces of one value too large for a frame.
  #pieces: Uint8Array[] | undefined;
  #pieceCredit: CreditKeeper | undefined;

  /** @throws {SerializationError} an argument cannot cross */
  constructor(call: ValueCall, observer: ValueObserver, handles: HandleCodec) {
    super(call);
    this.#call = call;
    this.#observer = observer;
    this.#handles = handles;
    this.#args = encodeToBytes(call.args, this.#argBodies.hooks(handles.refOf), "args");
  }

  override get mayRepeat(): boolean {
    return super.mayRepeat && this.#argBodies.count === 0 && this.#pieces === undefined;
  }

  write(connection: Connection, callId: number): void {
    const call = this.#call;
    this.#connection = connection;
    const whole = this.#args.length <= MAX_CHUNK_BYTES;
    const writer = connection.begin(FRAME.call, callId);
    writeCallMeta(writer, {
      kind: CALL_KIND.values,
      method: call.method,
      requestId: call.requestId,
      timeoutMs: this.remainingMs(),
      route: call.route,
      multiplexedModelId: call.multiplexedModelId,
      sessionId: call.sessionId,
      priority: call.priority,
      streams: this.#argBodies.count,
      continues: !whole,
      http: undefined,
    });
    connection.endWith(whole ? this.#args : this.#args.subarray(0, MAX_CHUNK_BYTES));
  }

  onAccept(): void {
    if (this.ended) return;
    const connection = this.#connection as Connection;
    if (this.#args.length <= MAX_CHUNK_BYTES) return this.#sendBodies(connection);
    this.#argSender = new ChunkSender(connection, this.callId, 0, () => undefined);
    this.#argSender.send(this.#args.subarray(MAX_CHUNK_BYTES));
    // The replica knows of the bodies when it has all of the arguments.
    this.#argSender.end(
      () => 0,
      () => this.#sendBodies(connection),
    );
  }

  onResult(payload: Uint8Array, metaAt: number): void {
    // `metaLength` is 0 for values: the value follows it.
    this.#value(payload, metaAt + 4);
  }

  onHead(payload: Uint8Array, metaAt: number): void {
    const head = readValueHead(payload, metaAt, payload.length);
    if (head === undefined) return this.refuse(new ServeError("PROTOCOL", "malformed HEAD of a value call"));
    const credit = new CreditKeeper(this.#connection as Connection, this.callId, 0);
    if (head.single) {
      this.openStreams += head.streams;
      this.#pieces = [];
      this.#pieceCredit = credit;
      return;
    }
    this.answered = true;
    const stream = new IncomingValues(credit, this.#revivers(), () => this.cancel("caller cancelled"));
    this.#stream = stream;
    this.#observer.onStream(stream satisfies ValueStream);
  }

  onChunk(stream: number, bytes: Uint8Array, flags: number): void {
    if (stream !== 0) return this.#answerBodies?.chunk(stream, bytes);
    if (this.#stream !== undefined) return this.#stream.push(bytes, (flags & CHUNK_FLAG.continues) !== 0);
    this.#pieces?.push(bytes);
    this.#pieceCredit?.consumed(bytes.length);
  }

  onEnd(stream: number): void {
    if (stream !== 0) this.#answerBodies?.end(stream);
    if (this.ended) return;
    if (this.#bodiesOver !== undefined) {
      if (this.openStreams > 0) return;
      this.settle();
      return this.#bodiesOver.resolve();
    }
    if (this.#stream !== undefined) {
      this.settle();
      this.#stream.end();
    } else if (this.#pieces !== undefined) {
      this.#value(Buffer.concat(this.#pieces), 0);
    }
  }

  onCredit(stream: number, bytes: number): void {
    if (stream === 0) this.#argSender?.grant(bytes);
    else this.#argBodies.grant(stream, bytes);
  }

  /** The code has returned, read or not: what is left of the arguments' bodies has no reader. */
  override onLeft(): void {
    const { requestId } = this.#call;
    if (this.#argBodies.count > 0) this.#argBodies.stop(new RequestCancelledError({ requestId, by: "request ended" }));
  }

  protected onFailure(error: ServeError): void {
    this.#argBodies.stop(error);
    if (this.#stream !== undefined) return this.#stream.fail(error);
    if (this.#bodiesOver === undefined) return this.#observer.onError(error);
    this.#answerBodies?.fail(error);
    this.#bodiesOver.resolve();
  }

  #sendBodies(connection: Connection): void {
    this.#argBodies
      .send(connection, this.callId, () => 0)
      .catch((reason: unknown) => this.refuse(toServeError(reason)));
  }

  #value(bytes: Uint8Array, offset: number): void {
    const decoded = decodeValue(bytes, offset, bytes.length, this.#revivers());
    if (!decoded.ok) return this.refuse(new SerializationError({ path: "result", received: decoded.reason }));
    if (this.openStreams === 0) {
      this.settle();
      return this.#observer.onValue(decoded.value);
    }
    this.answered = true;
    this.#bodiesOver = Promise.withResolvers();
    this.#observer.onValue(decoded.value, this.#bodiesOver.promise);
  }

  #revivers(): Revivers {
    const { revive } = this.#handles;
    const stop = (): void => this.cancel("caller cancelled");
    const open = (): IncomingBodies =>
      (this.#answerBodies ??= new IncomingBodies(this.#connection as Connection, this.callId, stop));
    return { handle: revive, body: (stream) => open().open(stream).stream };
  }
}
