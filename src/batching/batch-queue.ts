// Forms batches of items and has them run: B1 to B4 and B7. It knows nothing of results; whoever runs a batch does.
//   R1  An open batch whose time has come waits for a free place to run and goes on taking items until it is full.
//   R2  Batches run in the order in which they were closed or their time came: one model's never hold up another's.
//   R3  An item that leaves is in no batch any more; a batch without items is no batch.
//   R4  A goal says only when it starts how large a batch is: what is more than that is the next one. Closed beforehand,
//       batches would be as small as what was known when their items came.
import type { Cancel, Clock } from "../core/clock.ts";
import { atTurnEnd } from "../core/tick.ts";
import { type BatchBounds, type CloseReason, placeItem, type SizeOf } from "./form-batches.ts";

/** What the queue needs to know of an item. */
export interface BatchItem {
  /** Empty outside of multiplexing. */
  readonly modelId: string;
  /** Monotonic time of its arrival, milliseconds. */
  readonly arrivedMs: number;
}

/** A batch that runs. */
export interface ClosedBatch<I> {
  readonly items: readonly I[];
  readonly reason: CloseReason;
  readonly bounds: BatchBounds;
}

export interface BatchQueueOptions<I> {
  /** Bounds for a batch that is opened, or with a goal started, now. @param waiting items that could be in it */
  bounds(waiting: number): BatchBounds;
  /** How many batches run at a time. */
  readonly maxConcurrent: number;
  readonly sizeOf: SizeOf<I> | undefined;
  /** Runs a batch. Never rejects. */
  run(batch: ClosedBatch<I>): Promise<void>;
}

interface Batch<I> {
  readonly modelId: string;
  readonly items: I[];
  readonly bounds: BatchBounds;
  cancelTimer: Cancel;
  /** It may run: it was closed, or its time has come. */
  isReady: boolean;
  /** Why it was closed; undefined: it takes items. */
  closed: CloseReason | undefined;
}

export class BatchQueue<I extends BatchItem> {
  readonly #options: BatchQueueOptions<I>;
  readonly #clock: Clock;
  /** By model id, oldest first. */
  readonly #open = new Map<string, Batch<I>>();
  /** Those that may run, closed or not (R2). */
  readonly #ready: Batch<I>[] = [];
  #running = 0;

  constructor(options: BatchQueueOptions<I>, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Items that wait. */
  get length(): number {
    let sum = 0;
    for (const { items } of this.#open.values()) sum += items.length;
    for (const { items, closed } of this.#ready) if (closed !== undefined) sum += items.length;
    return sum;
  }

  /** Batches that run. */
  get running(): number {
    return this.#running;
  }

  /** Takes an item. @returns undefined, or the size of an item that is too large for any batch (B2) */
  add(item: I): number | undefined {
    const open = this.#open.get(item.modelId);
    const bounds = open?.bounds ?? this.#options.bounds(0);
    const placement = placeItem(open?.items ?? [], item, bounds, this.#options.sizeOf);
    if (placement.kind === "too large") return placement.size;
    if (placement.kind === "open next") {
      if (open !== undefined) this.#close(open, "size function");
      return this.add(item);
    }
    const batch = open ?? this.#openBatch(item.modelId, bounds);
    batch.items.push(item);
    if (placement.close === "goal") this.#mayRun(batch);
    else if (placement.close !== undefined) this.#close(batch, placement.close);
    return undefined;
  }

  /** Takes an item out (B4). @returns false when its batch runs already, or is over */
  remove(item: I): boolean {
    const open = this.#open.get(item.modelId);
    const batch =
      open !== undefined && takeOut(open.items, item) ? open : this.#ready.find(({ items }) => takeOut(items, item));
    if (batch === undefined) return false;
    if (batch.items.length > 0) return true;
    if (batch.closed === undefined) this.#forget(batch); // R3
    if (batch.isReady) this.#ready.splice(this.#ready.indexOf(batch), 1);
    return true;
  }

  /** Closes what is open: nothing more comes. */
  flush(): void {
    for (const batch of this.#open.values()) this.#close(batch, "shutdown");
  }

  #openBatch(modelId: string, bounds: BatchBounds): Batch<I> {
    const cancelTimer = (): void => undefined;
    const batch: Batch<I> = { modelId, items: [], bounds, cancelTimer, isReady: false, closed: undefined };
    this.#open.set(modelId, batch);
    const onTime = (): void => {
      if (this.#open.get(modelId) === batch) this.#mayRun(batch);
    };
    if (bounds.waitMs > 0) batch.cancelTimer = this.#clock.after(bounds.waitMs, onTime);
    else atTurnEnd(onTime);
    return batch;
  }

  #close(batch: Batch<I>, reason: CloseReason): void {
    this.#forget(batch);
    batch.closed = reason;
    this.#mayRun(batch);
  }

  #mayRun(batch: Batch<I>): void {
    if (!batch.isReady) this.#ready.push(batch);
    batch.isReady = true;
    this.#startNext();
  }

  #forget(batch: Batch<I>): void {
    batch.cancelTimer();
    this.#open.delete(batch.modelId);
  }

  #startNext(): void {
    while (this.#running < this.#options.maxConcurrent) {
      const batch = this.#ready.shift();
      if (batch === undefined) return;
      this.#running++;
      void this.#options.run(this.#cut(batch)).then(() => {
        this.#running--;
        this.#startNext();
      });
    }
  }

  /** What of a batch runs now (R4). */
  #cut(batch: Batch<I>): ClosedBatch<I> {
    const { items: waiting, bounds, closed } = batch;
    if (closed !== undefined) return { items: waiting, reason: closed, bounds };
    this.#forget(batch);
    const { goalSize } = this.#options.bounds(waiting.length);
    const items = waiting.splice(0, goalSize);
    if (waiting.length > 0) {
      this.#open.set(batch.modelId, batch);
      this.#ready.push(batch);
    }
    const reason = items.length < goalSize ? "timer" : items.length < bounds.maxSize ? "goal" : "full";
    return { items, reason, bounds };
  }
}

function takeOut<I>(items: I[], item: I): boolean {
  const index = items.indexOf(item);
  if (index !== -1) items.splice(index, 1);
  return index !== -1;
}
