// Bounds of the next batch: those that the user set, or what the goal asks for. Also what a batcher tells of itself.
import type { BatchRecord } from "./batcher.ts";
import type { BatchBounds, CloseReason } from "./form-batches.ts";
import { afterArrival, afterRun, type GoalPlan, NOTHING_LEARNED, planBatch } from "./goal.ts";

/** Item times that the percentile is taken from. */
const KEPT_LATENCIES = 500;

/** What is set; seconds as users write them. */
export interface BatchSettings {
  maxBatchSize: number;
  batchWaitTimeoutS: number;
  readonly maxConcurrentBatches: number;
  /** Undefined: no goal. */
  readonly targetLatencyS: number | undefined;
}

/** What `stats()` answers. */
export interface BatchStats {
  readonly batches: number;
  readonly items: number;
  /** Batches by why they were closed. */
  readonly closed: Readonly<Record<CloseReason, number>>;
  /** Mean number of items of a batch; 0 before the first. */
  readonly meanSize: number;
  /** 95th percentile of the newest items' times from call to result, seconds; 0 before the first. */
  readonly p95LatencyS: number;
  /** What the next batch would be given. */
  readonly plan: { readonly maxSize: number; readonly waitS: number; readonly reason: string };
}

export class BatchPlan {
  readonly #settings: BatchSettings;
  #memory = NOTHING_LEARNED;
  #batches = 0;
  #items = 0;
  readonly #closed: Record<CloseReason, number> = { full: 0, timer: 0, "size function": 0, goal: 0, shutdown: 0 };
  readonly #latenciesMs: number[] = [];

  constructor(settings: BatchSettings) {
    this.#settings = settings;
  }

  /** An item came. @param nowMs monotonic */
  arrived(nowMs: number): void {
    if (this.#settings.targetLatencyS !== undefined) this.#memory = afterArrival(this.#memory, nowMs);
  }

  /** A batch ran. */
  ran({ size, reason, waitsMs, runMs }: BatchRecord): void {
    this.#batches++;
    this.#items += size;
    this.#closed[reason]++;
    for (const waitMs of waitsMs) this.#latenciesMs.push(waitMs + runMs);
    if (this.#latenciesMs.length > KEPT_LATENCIES) {
      this.#latenciesMs.splice(0, this.#latenciesMs.length - KEPT_LATENCIES);
    }
    if (this.#settings.targetLatencyS !== undefined) this.#memory = afterRun(this.#memory, size, runMs);
  }

  /** For a batch that is opened, or with a goal started, now. @param waiting items that could be in it */
  bounds(waiting = 0): BatchBounds {
    const { maxBatchSize: maxSize, batchWaitTimeoutS } = this.#settings;
    const plan = this.#goalPlan(waiting);
    if (plan === undefined) return { maxSize, goalSize: Infinity, waitMs: batchWaitTimeoutS * 1000 };
    return { maxSize, goalSize: plan.size, waitMs: plan.waitMs };
  }

  stats(): BatchStats {
    const plan = this.#goalPlan(0);
    const { maxSize, goalSize, waitMs } = this.bounds();
    const sorted = this.#latenciesMs.toSorted((a, b) => a - b);
    return {
      batches: this.#batches,
      items: this.#items,
      closed: { ...this.#closed },
      meanSize: this.#batches === 0 ? 0 : this.#items / this.#batches,
      p95LatencyS: (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? 0) / 1000,
      plan: {
        maxSize: Math.min(maxSize, goalSize),
        waitS: waitMs / 1000,
        reason: plan?.reason ?? "as it was set: maxBatchSize and batchWaitTimeoutS",
      },
    };
  }

  #goalPlan(waiting: number): GoalPlan | undefined {
    const { targetLatencyS, maxBatchSize, maxConcurrentBatches } = this.#settings;
    if (targetLatencyS === undefined) return undefined;
    return planBatch(this.#memory, targetLatencyS * 1000, maxBatchSize, maxConcurrentBatches, waiting);
  }
}
