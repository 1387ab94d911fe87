// A streamed answer at the caller: what awaiting a stream yields, and what iterating a response reads from.
//   R1  Single use: a second iteration is refused.
//   R2  Leaving the iteration early, or `cancel`, stops the producer.
//   R3  A cancelled stream fails at whoever still reads it: items that are missing never look like an end.
import { ServeError } from "../core/errors.ts";
import type { ValueStream } from "../model/call.ts";

/** What a stream needs of the response that it belongs to. */
export interface StreamOwner {
  readonly requestId: string;
  /** `Adder.add`, for messages. */
  readonly callName: string;
  /** The stream is over, however it ended. */
  streamEnded(): void;
  /** What readers get after `cancel`. */
  cancelledByCaller(): ServeError;
}

/** A plain async iterable, deliberately without `then`. */
export class ReceivedStream implements AsyncIterable<unknown> {
  readonly #source: ValueStream;
  readonly #owner: StreamOwner;
  #started = false;
  #ended = false;
  #failure: ServeError | undefined;

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
    return this.#started;
  }

  /** Set when the stream was cancelled (R3). */
  get failure(): ServeError | undefined {
    return this.#failure;
  }

  /** Stops the producer (R2). */
  cancel(): void {
    this.stop(undefined);
  }

  /** As `cancel`, for another reason than the caller's wish. */
  stop(failure: ServeError | undefined): void {
    if (this.#ended) return;
    this.#failure = failure ?? this.#owner.cancelledByCaller();
    this.#source.cancel();
    this.end();
  }

  /** The reader got to the end, or left. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#owner.streamEnded();
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    if (this.#started) return new RefusedIterator(this.#owner.callName);
    this.#started = true;
    return new StreamIterator(this.#source[Symbol.asyncIterator](), this);
  }
}

class StreamIterator implements AsyncIterator<unknown> {
  readonly #inner: AsyncIterator<unknown>;
  readonly #stream: ReceivedStream;
  readonly #onResult: (result: IteratorResult<unknown>) => IteratorResult<unknown>;
  readonly #onError: (reason: unknown) => never;

  constructor(inner: AsyncIterator<unknown>, stream: ReceivedStream) {
    this.#inner = inner;
    this.#stream = stream;
    // Made once, because they run for each item.
    this.#onResult = (result) => {
      if (stream.failure !== undefined) throw stream.failure; // R3
      if (result.done === true) stream.end();
      return result;
    };
    this.#onError = (reason) => {
      stream.end();
      throw stream.failure ?? reason;
    };
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.#inner.next().then(this.#onResult, this.#onError);
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.#stream.end();
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
