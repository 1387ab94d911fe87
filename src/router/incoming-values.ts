// The items of a streamed answer: bytes wait until they are asked for, then one item at a time is decoded.
//   R1  Credit goes back for a chunk when its last item was taken, so a reader that stops stops the producer (Q7). The
//       parts of an item that is larger than a chunk get theirs as soon as the reader has come to that item.
//   R2  Items that arrived before a failure are still given out; then the failure, once.
import { SerializationError, type ServeError } from "../core/errors.ts";
import type { ValueStream } from "../model/call.ts";
import { decodeValue, type Revivers } from "../protocol/values.ts";
import type { CreditKeeper } from "../transport/chunk-stream.ts";

/** Whole values, and the credit that is owed for them. */
interface Batch {
  readonly bytes: Uint8Array;
  readonly owed: number;
}

interface Waiting {
  resolve(result: IteratorResult<unknown, undefined>): void;
  reject(error: ServeError): void;
}

const DONE: IteratorResult<unknown, undefined> = { done: true, value: undefined };

export class IncomingValues implements ValueStream, AsyncIterator<unknown, undefined> {
  readonly #credit: CreditKeeper;
  readonly #revivers: Revivers;
  readonly #stop: () => void;
  #batches: Batch[] = [];
  #offset = 0;
  // Parts of a value that is larger than one chunk.
  #parts: Uint8Array[] = [];
  #partsOwed = 0;
  #waiting: Waiting[] = [];
  #ended = false;
  #failure: ServeError | undefined;

  /** @param stop tells the producer that nobody reads any more */
  constructor(credit: CreditKeeper, revivers: Revivers, stop: () => void) {
    this.#credit = credit;
    this.#revivers = revivers;
    this.#stop = stop;
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown, undefined> {
    return this;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#batches.length > 0) return this.#take();
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      this.#ended = true;
      return Promise.reject(failure);
    }
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => void this.#waiting.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.cancel();
    return Promise.resolve(DONE);
  }

  cancel(): void {
    this.#batches = [];
    if (this.#ended) return;
    this.#ended = true;
    this.#stop();
    this.#failure = undefined;
    this.#releaseWaiting();
  }

  /** A chunk arrived. @param continues its last value goes on in the next chunk */
  push(bytes: Uint8Array, continues: boolean): void {
    if (this.#ended) return;
    if (continues) {
      this.#parts.push(bytes);
      this.#partsOwed += bytes.length;
      if (this.#batches.length === 0) this.#payParts();
      return;
    }
    const whole = this.#parts.length === 0 ? bytes : Buffer.concat([...this.#parts, bytes]);
    this.#batches.push({ bytes: whole, owed: bytes.length + this.#partsOwed });
    this.#parts = [];
    this.#partsOwed = 0;
    while (this.#waiting.length > 0 && this.#batches.length > 0) {
      const waiting = this.#waiting.shift() as Waiting;
      this.#take().then(waiting.resolve, waiting.reject);
    }
  }

  end(): void {
    this.#ended = true;
    this.#releaseWaiting();
  }

  fail(error: ServeError): void {
    if (this.#ended) return;
    const first = this.#waiting.shift();
    if (first === undefined) {
      this.#failure = error;
      return;
    }
    this.#ended = true;
    first.reject(error);
    this.#releaseWaiting();
  }

  #take(): Promise<IteratorResult<unknown, undefined>> {
    const { bytes, owed } = this.#batches[0] as Batch;
    const decoded = decodeValue(bytes, this.#offset, bytes.length, this.#revivers);
    if (!decoded.ok) {
      this.cancel();
      return Promise.reject(new SerializationError({ path: "stream item", received: decoded.reason }));
    }
    this.#offset = decoded.end;
    if (this.#offset >= bytes.length) {
      this.#batches.shift();
      this.#offset = 0;
      this.#credit.consumed(owed);
      if (this.#batches.length === 0) this.#payParts();
    }
    return Promise.resolve({ done: false, value: decoded.value });
  }

  /** The value that the reader is at cannot be taken in part, and has to fit into memory anyway: its rest may come. */
  #payParts(): void {
    if (this.#partsOwed > 0) this.#credit.consumed(this.#partsOwed);
    this.#partsOwed = 0;
  }

  #releaseWaiting(): void {
    for (const waiting of this.#waiting.splice(0)) waiting.resolve(DONE);
  }
}
