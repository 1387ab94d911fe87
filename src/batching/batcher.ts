// Gathers single calls into batches for one function, and gives each caller its own result: B4 to B7.
//   R1  Every caller is answered once: a result, an error, or the end of its stream.
//   R2  A caller that left is not answered; when all of a running batch have left, the batch is cancelled.
//   R3  What runs a batch (context, signal, deadline) is the host's; this file knows results only.
import type { Clock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { BatchQueue, type BatchItem, type ClosedBatch } from "./batch-queue.ts";
import { BatchStream } from "./batch-stream.ts";
import type { BatchBounds, CloseReason, SizeOf } from "./form-batches.ts";

/** Yielded in a caller's slot, it ends that caller's stream (B6). */
export const DONE: unique symbol = Symbol.for("manta-serve/batch.done") as never;

/** What a batch ran like, for metrics and for the goal. Milliseconds. */
export interface BatchRecord {
  readonly size: number;
  readonly reason: CloseReason;
  /** Share of `maxSize` that the batch used, 0 to 1. */
  readonly fill: number;
  /** Waits of its items, from arrival to the start of the batch. */
  readonly waitsMs: readonly number[];
  readonly runMs: number;
}

/** Where a batch runs. `S` is what a call brings along. */
export interface BatchHost<S> {
  readonly clock: Clock;
  /** Surroundings for a batch of these callers, the first one's context and a signal of its own (R3). */
  open(callers: readonly S[]): BatchSurroundings;
  /** A batch has run. */
  ran(record: BatchRecord): void;
}

/** Surroundings of one running batch. */
export interface BatchSurroundings {
  run<R>(fn: () => R): R;
  /** Every caller has left. */
  cancel(): void;
  end(): void;
}

export interface BatcherOptions<T> {
  /** For messages: `Model.predict`. */
  readonly name: string;
  readonly streams: boolean;
  readonly maxConcurrent: number;
  readonly sizeOf: SizeOf<T> | undefined;
  /** As `BatchQueueOptions.bounds`. */
  bounds(waiting: number): BatchBounds;
}

interface Call<T, S> extends BatchItem {
  readonly input: T;
  readonly surroundings: S;
  left: boolean;
  readonly stream: BatchStream | undefined;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A caller's way out. */
export interface BatchTicket<R> {
  readonly result: R;
  /** The caller has left (R2). @param error what a caller that still listens gets */
  leave(error: unknown): void;
}

export class Batcher<T, S> {
  readonly #fn: (items: T[]) => unknown;
  readonly #options: BatcherOptions<T>;
  readonly #host: BatchHost<S>;
  readonly #queue: BatchQueue<Call<T, S>>;
  readonly #running = new Map<Call<T, S>, { left: () => void }>();

  constructor(fn: (items: T[]) => unknown, options: BatcherOptions<T>, host: BatchHost<S>) {
    this.#fn = fn;
    this.#options = options;
    this.#host = host;
    const { sizeOf, maxConcurrent } = options;
    this.#queue = new BatchQueue<Call<T, S>>(
      {
        bounds: (waiting) => options.bounds(waiting),
        maxConcurrent,
        sizeOf: sizeOf === undefined ? undefined : (calls) => sizeOf(calls.map(({ input }) => input)),
        run: (batch) => this.#run(batch),
      },
      host.clock,
    );
  }

  /** Calls that wait. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Batches that run. */
  get running(): number {
    return this.#queue.running;
  }

  /** Takes a call of a function that returns results. */
  call(input: T, modelId: string, surroundings: S): BatchTicket<Promise<unknown>> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const call = this.#enter(input, modelId, surroundings, undefined, resolve, reject);
    return { result: promise, leave: (error) => (reject(error), this.#leave(call)) };
  }

  /** Takes a call of a generator function. */
  stream(input: T, modelId: string, surroundings: S): BatchTicket<BatchStream> {
    const stream: BatchStream = new BatchStream(() => this.#leave(call));
    const fail = (error: unknown): void => stream.fail(error);
    const call = this.#enter(input, modelId, surroundings, stream, () => stream.finish(), fail);
    return { result: stream, leave: (error) => (stream.fail(error), this.#leave(call)) };
  }

  /** Runs what waits without waiting any longer. */
  flush(): void {
    this.#queue.flush();
  }

  #enter(
    input: T,
    modelId: string,
    surroundings: S,
    stream: BatchStream | undefined,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ): Call<T, S> {
    const arrivedMs = this.#host.clock.monotonic();
    const call: Call<T, S> = { input, modelId, surroundings, arrivedMs, left: false, stream, resolve, reject };
    try {
      const tooLarge = this.#queue.add(call);
      if (tooLarge !== undefined) {
        const message = `${this.#options.name}: batchSizeFn gives ${tooLarge} for one item, above maxBatchSize; raise it or split the item`;
        reject(new ServeError("BATCH_SHAPE", message, { size: tooLarge }));
      }
    } catch (error) {
      reject(error); // the size function threw: for this item alone, those before it were sized without it
    }
    return call;
  }

  #leave(call: Call<T, S>): void {
    if (call.left) return;
    call.left = true;
    if (!this.#queue.remove(call)) this.#running.get(call)?.left();
  }

  async #run(batch: ClosedBatch<Call<T, S>>): Promise<void> {
    const { items: calls } = batch;
    const { clock } = this.#host;
    const startMs = clock.monotonic();
    const surroundings = this.#host.open(calls.map((call) => call.surroundings));
    let present = calls.length;
    const left = (): void => {
      if (--present === 0) surroundings.cancel(); // R2
    };
    for (const call of calls) this.#running.set(call, { left });
    let fill = 0;
    try {
      fill = this.#fill(batch); // before the run: what that does to its items is its own affair
      await surroundings.run(() => (this.#options.streams ? this.#runStream(calls) : this.#runUnary(calls)));
    } catch (error) {
      for (const call of calls) call.reject(error);
    }
    for (const call of calls) this.#running.delete(call);
    surroundings.end();
    this.#host.ran({
      size: calls.length,
      reason: batch.reason,
      fill,
      waitsMs: calls.map(({ arrivedMs }) => startMs - arrivedMs),
      runMs: clock.monotonic() - startMs,
    });
  }

  #fill({ items, bounds }: ClosedBatch<Call<T, S>>): number {
    const { sizeOf } = this.#options;
    const used = sizeOf === undefined ? items.length : sizeOf(items.map(({ input }) => input));
    return Math.min(1, used / bounds.maxSize);
  }

  /** B5 */
  async #runUnary(calls: readonly Call<T, S>[]): Promise<void> {
    const results = await this.#fn(calls.map(({ input }) => input));
    const values = this.#shaped(results, calls.length);
    calls.forEach((call, i) => {
      const value = values[i];
      if (value instanceof Error) call.reject(value);
      else call.resolve(value);
    });
  }

  /** B6 */
  async #runStream(calls: readonly Call<T, S>[]): Promise<void> {
    const yielded = this.#fn(calls.map(({ input }) => input)) as AsyncIterable<unknown>;
    for await (const results of yielded) {
      const values = this.#shaped(results, calls.length);
      calls.forEach(({ stream }, i) => {
        const value = values[i];
        if (value === DONE) stream?.finish();
        else if (value instanceof Error) stream?.fail(value);
        else stream?.push(value);
      });
      for (const { stream } of calls) await stream?.room();
      if (calls.every(({ stream }) => stream?.open !== true)) return;
    }
    for (const call of calls) call.resolve(undefined);
  }

  #shaped(results: unknown, expected: number): readonly unknown[] {
    const isTyped = ArrayBuffer.isView(results) && !(results instanceof DataView);
    const list: unknown = isTyped ? Array.from(results as unknown as ArrayLike<unknown>) : results;
    if (Array.isArray(list) && list.length === expected) return list as readonly unknown[];
    const received = Array.isArray(list) ? list.length : null;
    const shown = received === null ? shownResult(list) : `${received} results`;
    const message = `${this.#options.name}: a batch of ${expected} items gave ${shown}; return an array with one result for each item, in their order`;
    throw new ServeError("BATCH_SHAPE", message, { expected, received });
  }
}

/** What came in the place of a list. */
function shownResult(result: unknown): string {
  if (typeof result !== "object" || result === null) return String(result === null ? null : typeof result);
  if (Symbol.asyncIterator in result) return "a generator (for streams give batch() the `async function*` itself)";
  return "an object";
}
