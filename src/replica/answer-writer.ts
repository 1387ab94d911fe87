// Writes the answer of one call: whole when it is small, as a stream under credit otherwise. It knows nothing of the
// user's code; whoever runs it is told by `done` and `failed`.
//   R1  After `stop` nothing more is written and every source is closed.
//   R2  The head and the first piece of a stream leave at once; later pieces share the writes of their turn.
//   R3  Bodies follow the value that holds them: the caller opens them when it has all of it.
//   R4  A client of events is told that it is connected, however long the first event takes: head of a `text/event-stream`
//       waits a turn, others for the first piece, which may fail with a status of its own.
import { SerializationError } from "../core/errors.ts";
import { atTurnEnd } from "../core/tick.ts";
import { headerValue } from "../protocol/flat-headers.ts";
import { FRAME } from "../protocol/frame.ts";
import {
  setResultStreams,
  writeHttpHead,
  writeHttpResult,
  writeValueHead,
  writeValueResult,
} from "../protocol/messages.ts";
import { encodeToBytes, encodeValue } from "../protocol/values.ts";
import { ChunkSender, MAX_CHUNK_BYTES } from "../transport/chunk-stream.ts";
import type { Connection } from "../transport/connection.ts";
import { OutgoingBodies } from "../transport/value-bodies.ts";
import { asBytes, BYTES_HEAD, TEXT_HEAD, type HttpAnswer, type HttpHead, type PieceSource } from "./http-answer.ts";
import type { ReplicaHost } from "./replica-host.ts";

const EMPTY = new Uint8Array(0);

type NextPiece = ReturnType<PieceSource["next"]>;

/** A stream whose head is sent. */
interface OpenStream {
  readonly sender: ChunkSender;
  /** @throws {SerializationError} it cannot cross */
  readonly send: (piece: unknown, index: number) => void;
  /** Pieces that were sent. */
  readonly sent: number;
  /** What was asked for ahead. */
  readonly next: NextPiece | undefined;
}

export class AnswerWriter {
  /** HTTP status that was sent; 200 for values. */
  status = 200;
  readonly #connection: Connection;
  readonly #callId: number;
  readonly #host: ReplicaHost;
  readonly #done: () => void;
  readonly #failed: (reason: unknown) => void;
  #sender: ChunkSender | undefined;
  #bodies: OutgoingBodies | undefined;
  #source: PieceSource | undefined;
  #closing: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #stopped = false;

  constructor(
    connection: Connection,
    callId: number,
    host: ReplicaHost,
    done: () => void,
    failed: (reason: unknown) => void,
  ) {
    this.#connection = connection;
    this.#callId = callId;
    this.#host = host;
    this.#done = done;
    this.#failed = failed;
  }

  /** Answers an HTTP call. */
  http(answer: HttpAnswer): void {
    if (answer.kind === "whole") this.#sendWhole(answer.head, answer.body);
    else void this.#run(answer.pieces, this.#openHttp(answer.pieces, answer.head));
  }

  /** Answers a value call with one value. @throws {SerializationError} it cannot cross */
  value(value: unknown): void {
    const bodies = new OutgoingBodies();
    const writer = this.#connection.begin(FRAME.result, this.#callId);
    const streamsAt = writeValueResult(writer, this.#host.ongoing, 0);
    const start = writer.position;
    // Straight into the frame: what a getter of the value may do goes out over other connections than its caller's.
    try {
      encodeValue(writer, value, bodies.hooks(this.#host.handles.refOf), "result");
    } catch (reason) {
      this.#connection.abandon();
      throw reason;
    }
    this.#bodies = bodies;
    if (writer.position - start <= MAX_CHUNK_BYTES) {
      setResultStreams(writer, streamsAt, bodies.count);
      this.#connection.end();
      return this.#sendBodies(bodies);
    }
    const bytes = writer.since(start);
    this.#connection.abandon();
    writeValueHead(this.#connection.begin(FRAME.head, this.#callId), this.#host.ongoing, bodies.count);
    this.#connection.end();
    const sender = this.#openSender();
    sender.send(bytes);
    sender.end(this.#ongoing, () => this.#sendBodies(bodies));
  }

  /** Answers a value call with a stream of values. */
  values(pieces: PieceSource): void {
    void this.#run(pieces, this.#openValues());
  }

  /** CREDIT from the caller. */
  credit(stream: number, bytes: number): void {
    if (stream === 0) this.#sender?.grant(bytes);
    else this.#bodies?.grant(stream, bytes);
  }

  /** Nobody reads any more (R1). @returns true when no user code is left that would end the call by itself */
  stop(reason: unknown): boolean {
    if (this.#stopped) return false;
    this.#stopped = true;
    const source = this.#source;
    const sends = source === undefined && (this.#sender !== undefined || this.#bodies !== undefined);
    this.#sender = undefined;
    this.#bodies?.stop(reason);
    // At once: a source that has nothing to say for long would else never hear of it.
    if (source !== undefined) this.#closing = closeSource(source, reason);
    this.#wake?.();
    return sends;
  }

  readonly #ongoing = (): number => this.#host.ongoing;

  #openSender(): ChunkSender {
    return (this.#sender = new ChunkSender(this.#connection, this.#callId, 0, () => this.#wake?.()));
  }

  #sendWhole(head: HttpHead, body: string | Uint8Array): void {
    this.status = head.status;
    const size = typeof body === "string" ? body.length * 3 : body.length;
    if (size > MAX_CHUNK_BYTES) {
      const bytes = typeof body === "string" ? Buffer.from(body) : body;
      const sender = this.#openStream(head, bytes.length);
      sender.send(bytes);
      return sender.end(this.#ongoing, this.#done);
    }
    const writer = this.#connection.begin(FRAME.result, this.#callId);
    writeHttpResult(writer, this.#host.ongoing, head.status, head.statusText, head.headers);
    if (typeof body === "string") writer.text(body);
    else writer.bytes(body);
    this.#connection.end();
    this.#done();
  }

  /** HEAD of a streamed HTTP answer. A length that is known travels as content-length. */
  #openStream(head: HttpHead, length?: number): ChunkSender {
    this.status = head.status;
    const headers = length === undefined ? head.headers : [...head.headers, "content-length", String(length)];
    const writer = this.#connection.begin(FRAME.head, this.#callId);
    writeHttpHead(writer, this.#host.ongoing, head.status, head.statusText, headers);
    this.#connection.end();
    return this.#openSender();
  }

  #sendBodies(bodies: OutgoingBodies): void {
    if (bodies.count === 0) return this.#done();
    bodies.send(this.#connection, this.#callId, this.#ongoing).then(this.#done, this.#failed);
  }

  /**
   * Sends the pieces of a source, which is closed when its stream ends early, whoever ended it. What `opening` needed is
   * out of memory by then: most of a long stream's time is spent here.
   * @param opening undefined: the answer is complete, or it was stopped
   */
  async #run(source: PieceSource, opening: Promise<OpenStream | undefined>): Promise<void> {
    this.#source = source;
    try {
      const stream = await opening;
      let next = stream?.next;
      for (let index = stream?.sent ?? 0; stream !== undefined; index++) {
        if (!stream.sender.writable) await this.#untilWritable();
        if (this.#isStopped()) break;
        next ??= source.next();
        const result = next instanceof Promise ? await next : next;
        next = undefined;
        if (this.#isStopped()) break;
        if (result.done === true) {
          stream.sender.end(this.#ongoing, this.#done);
          break;
        }
        stream.send(result.value, index);
      }
    } catch (reason) {
      this.#failed(reason);
      if (!this.#stopped) await closeSource(source, reason);
    }
    await this.#closing;
    this.#source = undefined;
    if (this.#stopped) this.#done();
  }

  async #openHttp(pieces: PieceSource, head: HttpHead | undefined): Promise<OpenStream | undefined> {
    const reading = pieces.next();
    const first = head !== undefined && isEventStream(head) ? await inThisTurn(reading) : await reading;
    if (this.#stopped) return undefined;
    if (head !== undefined && first === undefined) return this.#streaming(head, undefined, reading); // R4
    if (first === undefined || first.done === true) {
      this.#sendWhole(head ?? TEXT_HEAD, EMPTY);
      return undefined;
    }
    const firstPiece = asPiece(first.value, 0);
    if (head === undefined) {
      return this.#streaming(typeof firstPiece === "string" ? TEXT_HEAD : BYTES_HEAD, firstPiece, undefined);
    }
    // Most Responses have one piece. Whoever has more is streaming, and the first must not wait for the second.
    const next = pieces.next();
    const second = await inThisTurn(next);
    if (this.#isStopped()) return undefined;
    if (second?.done !== true) return this.#streaming(head, firstPiece, next);
    this.#sendWhole(head, firstPiece);
    return undefined;
  }

  /** Sends the head, and the first piece when it is there, at once (R2). */
  #streaming(head: HttpHead, first: string | Uint8Array | undefined, next: NextPiece | undefined): OpenStream {
    const sender = this.#openStream(head);
    if (first !== undefined) sendPiece(sender, first);
    this.#connection.flush();
    const send = (piece: unknown, index: number): void => sendPiece(sender, asPiece(piece, index));
    return { sender, send, sent: first === undefined ? 0 : 1, next };
  }

  async #openValues(): Promise<OpenStream> {
    writeValueHead(this.#connection.begin(FRAME.head, this.#callId), this.#host.ongoing, undefined);
    this.#connection.end();
    const sender = this.#openSender();
    const hooks = { handleRef: this.#host.handles.refOf, openBody: refuseBody };
    const send = (value: unknown, index: number): void => {
      sender.sendValue(encodeToBytes(value, hooks, `result[${index}]`));
      if (index === 0) this.#connection.flush(); // R2
    };
    return { sender, sent: 0, next: undefined, send };
  }

  // A method, because the compiler does not see that an `await` may have changed it.
  #isStopped(): boolean {
    return this.#stopped;
  }

  #untilWritable(): Promise<void> {
    return new Promise((resolve) => void (this.#wake = resolve));
  }
}

function sendPiece(sender: ChunkSender, piece: string | Uint8Array): void {
  if (typeof piece === "string") sender.sendText(piece);
  else sender.send(piece);
}

/** @throws {SerializationError} it is neither text nor bytes */
function asPiece(piece: unknown, index: number): string | Uint8Array {
  if (typeof piece === "string") return piece;
  const bytes = typeof piece === "object" && piece !== null ? asBytes(piece) : undefined;
  if (bytes !== undefined) return bytes;
  const received = `a piece that is ${nameOf(piece)}`;
  throw new SerializationError({ path: `response[${index}]`, received }, "yield text or bytes");
}

function nameOf(piece: unknown): string {
  if (piece === null) return "null";
  return typeof piece === "object" ? `an instance of ${piece.constructor?.name ?? "Object"}` : `a ${typeof piece}`;
}

/** Ends a source before its end. What it throws has nobody to go to: the answer is over. */
async function closeSource(source: PieceSource, reason: unknown): Promise<void> {
  try {
    await source.return?.(reason);
  } catch {
    // see above
  }
}

/**
 * The piece when it comes in this turn; undefined: whoever reads it later is told what it is, or why it failed. While a
 * stream waits this takes less memory than a race.
 */
function inThisTurn(coming: NextPiece): Promise<Awaited<NextPiece> | undefined> {
  return new Promise((resolve, reject) => {
    Promise.resolve(coming).then(resolve, reject);
    atTurnEnd(() => resolve(undefined));
  });
}

function isEventStream({ headers }: HttpHead): boolean {
  return /^text\/event-stream\b/i.test(headerValue(headers, "content-type"));
}

function refuseBody(_body: ReadableStream<Uint8Array>, path: string): number {
  const received = "a Request or Response with a body inside a stream";
  throw new SerializationError({ path, received }, "return it by itself");
}
