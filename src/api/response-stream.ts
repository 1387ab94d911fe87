// A streamed answer at the caller: what awaiting a stream yields, and what iterating a response reads from.
//   R1  Single use: a second iteration is refused.
//   R2  Leaving the iteration early, or `cancel`, stops the producer.
import { ServeError } from "../core/errors.ts";
import type { ValueStream } from "../model/call.ts";

/** Told when a stream is over, however it ended. */
export interface StreamOwner {
  readonly requestId: string;
  /** `Adder.add`, for messages. */
  readonly callName: string;
  streamEnded(): void;
}

/** A plain async iterable, deliberately without `then`. */
export class ReceivedStream implements AsyncIterable<unknown> {
  readonly #source: ValueStream;
  readonly #owner: StreamOwner;
  #iterator: StreamIterator | undefined;
  #ended = false;

  constructor(source: ValueStream, owner: StreamOwner) {
    this.#source = source;
    this.#owner = owner;
  }

  /** Id of the request that the call belongs to. */
  get requestId(): string {
    return this.#owner.requestId;
  }

  /** True once somebody iterates. */
  get started(): boolean {
    return this.#iterator !== undefined;
  }

  /** Stops the producer (R2). */
  cancel(): void {
    if (this.#ended) return;
    this.#source.cancel();
    this.#end();
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    if (this.#iterator !== undefined) return new RefusedIterator(this.#owner.callName);
    return (this.#iterator = new StreamIterator(this.#source[Symbol.asyncIterator](), () => this.#end()));
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#owner.streamEnded();
  }
}

class StreamIterator implements AsyncIterator<unknown> {
  readonly #inner: AsyncIterator<unknown>;
  readonly #end: () => void;
  readonly #onResult: (result: IteratorResult<unknown>) => IteratorResult<unknown>;
  readonly #onError: (reason: unknown) => never;

  constructor(inner: AsyncIterator<unknown>, end: () => void) {
    this.#inner = inner;
    this.#end = end;
    this.#onResult = (result) => {
      if (result.done === true) end();
      return result;
    };
    this.#onError = (reason) => {
      end();
      throw reason;
    };
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.#inner.next().then(this.#onResult, this.#onError);
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.#end();
    await this.#inner.return?.();
    return { done: true, value: undefined };
  }
}

/** The second iteration of a stream (R1). */
class RefusedIterator implements AsyncIterator<unknown> {
  readonly #callName: string;

  constructor(callName: string) {
    this.#callName = callName;
  }

  next(): Promise<never> {
    const message = `${this.#callName}: its stream was iterated already and can be read once; collect the items, or call again`;
    return Promise.reject(new ServeError("CONFIG_INVALID", message));
  }
}
