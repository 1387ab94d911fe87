// Forms batches of items and has them run: B1 to B4 and B7. It knows nothing of results; whoever runs a batch does.
//   R1  An open batch whose time has come waits for a free place to run and goes on taking items until it is full.
//   R2  Closed batches run in the order in which they were closed.
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

interface OpenBatch<I> {
  readonly items: I[];
  readonly bounds: BatchBounds;
  cancelTimer: Cancel;
  /** Its time has come. */
  due: boolean;
}

export class BatchQueue<I extends BatchItem> {
  readonly #options: BatchQueueOptions<I>;
  readonly #clock: Clock;
  /** By model id, oldest first. */
  readonly #open = new Map<string, OpenBatch<I>>();
  readonly #closed: { items: I[]; readonly reason: CloseReason; readonly bounds: BatchBounds }[] = [];
  #running = 0;

  constructor(options: BatchQueueOptions<I>, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Items that wait. */
  get length(): number {
    let sum = 0;
    for (const { items } of this.#open.values()) sum += items.length;
    for (const { items } of this.#closed) sum += items.length;
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
      if (open !== undefined) this.#close(item.modelId, open, "size function");
      return this.add(item);
    }
    const batch = open ?? this.#openBatch(item.modelId, bounds);
    batch.items.push(item);
    if (placement.close === "goal") this.#isDue(batch);
    else if (placement.close !== undefined) this.#close(item.modelId, batch, placement.close);
    return undefined;
  }

  /** Takes an item out (B4). @returns false when its batch runs already, or is over */
  remove(item: I): boolean {
    const open = this.#open.get(item.modelId);
    if (open !== undefined && takeOut(open.items, item)) {
      if (open.items.length === 0) this.#forget(item.modelId, open); // R3
      return true;
    }
    const index = this.#closed.findIndex(({ items }) => takeOut(items, item));
    if (index === -1) return false;
    if (this.#closed[index]?.items.length === 0) this.#closed.splice(index, 1);
    return true;
  }

  /** Closes what is open: nothing more comes. */
  flush(): void {
    for (const [modelId, batch] of this.#open) this.#close(modelId, batch, "shutdown");
  }

  #openBatch(modelId: string, bounds: BatchBounds): OpenBatch<I> {
    const batch: OpenBatch<I> = { items: [], bounds, cancelTimer: () => undefined, due: false };
    this.#open.set(modelId, batch);
    const onTime = (): void => {
      if (this.#open.get(modelId) === batch) this.#isDue(batch);
    };
    if (bounds.waitMs > 0) batch.cancelTimer = this.#clock.after(bounds.waitMs, onTime);
    else atTurnEnd(onTime);
    return batch;
  }

  #isDue(batch: OpenBatch<I>): void {
    batch.due = true;
    this.#startNext();
  }

  #close(modelId: string, { items, bounds }: OpenBatch<I>, reason: CloseReason): void {
    const batch = this.#open.get(modelId);
    if (batch !== undefined) this.#forget(modelId, batch);
    this.#closed.push({ items, reason, bounds });
    this.#startNext();
  }

  #forget(modelId: string, batch: OpenBatch<I>): void {
    batch.cancelTimer();
    this.#open.delete(modelId);
  }

  #startNext(): void {
    while (this.#running < this.#options.maxConcurrent) {
      const batch = this.#closed.shift() ?? this.#takeDue();
      if (batch === undefined) return;
      this.#running++;
      void this.#options.run(batch).then(() => {
        this.#running--;
        this.#startNext();
      });
    }
  }

  /** R1 */
  #takeDue(): ClosedBatch<I> | undefined {
    for (const [modelId, batch] of this.#open) {
      if (!batch.due) continue;
      this.#forget(modelId, batch);
      const { goalSize } = this.#options.bounds(batch.items.length);
      const items = batch.items.splice(0, goalSize); // R4
      if (batch.items.length > 0) this.#open.set(modelId, batch);
      const reason = items.length < goalSize ? "timer" : items.length < batch.bounds.maxSize ? "goal" : "full";
      return { items, reason, bounds: batch.bounds };
    }
    return undefined;
  }
}

function takeOut<I>(items: I[], item: I): boolean {
  const index = items.indexOf(item);
  if (index !== -1) items.splice(index, 1);
  return index !== -1;
}
