// The items of a streamed answer: bytes wait until they are asked for, then one item at a time is decoded.
//   R1  Credit goes back for a chunk when its last item was taken, so a reader that stops stops the producer (Q7).
//   R2  Items that arrived before a failure are still given out; then the failure, once.
import { SerializationError, type ServeError } from "../core/errors.ts";
import type { ValueStream } from "../model/call.ts";
import { decodeValue, type Revivers } from "../protocol/values.ts";
import type { CreditKeeper } from "../transport/chunk-stream.ts";

interface Waiting {
  resolve(result: IteratorResult<unknown, undefined>): void;
  reject(error: ServeError): void;
}

const DONE: IteratorResult<unknown, undefined> = { done: true, value: undefined };

export class IncomingValues implements ValueStream, AsyncIterator<unknown, undefined> {
  readonly #credit: CreditKeeper;
  readonly #revivers: Revivers;
  readonly #stop: () => void;
  #chunks: Uint8Array[] = [];
  #offset = 0;
  // Parts of a value that is larger than one chunk.
  #parts: Uint8Array[] = [];
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
    if (this.#chunks.length > 0) return this.#take();
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
    this.#chunks = [];
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
      // The reader cannot take a part, so its credit comes back now: the value has to fit into memory anyway.
      this.#credit.consumed(bytes.length);
      return;
    }
    if (this.#parts.length === 0) {
      this.#chunks.push(bytes);
    } else {
      this.#chunks.push(Buffer.concat([...this.#parts, bytes]));
      this.#parts = [];
    }
    while (this.#waiting.length > 0 && this.#chunks.length > 0) {
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
    const chunk = this.#chunks[0] as Uint8Array;
    const decoded = decodeValue(chunk, this.#offset, chunk.length, this.#revivers);
    if (!decoded.ok) {
      this.cancel();
      return Promise.reject(new SerializationError({ path: "stream item", received: decoded.reason }));
    }
    this.#offset = decoded.end;
    if (this.#offset >= chunk.length) {
      this.#chunks.shift();
      this.#offset = 0;
      this.#credit.consumed(chunk.length);
    }
    return Promise.resolve({ done: false, value: decoded.value });
  }

  #releaseWaiting(): void {
    for (const waiting of this.#waiting.splice(0)) waiting.resolve(DONE);
  }
}
