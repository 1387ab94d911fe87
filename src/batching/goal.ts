// Learns how long batches run by their size, and how fast items come, and picks size and wait of the next batch so that
// the 95th percentile of an item's time (wait, queue, run) stays below the goal at the best throughput. Pure: memory in,
// memory out, times as arguments.
//   R1  Run time is modelled as `a + b * size`, fitted by least squares in which older batches count less and less; its
//       95th percentile is that times a factor which is learned apart.
//   R2  A batch is never larger than the goal allows: an item may find one batch running, so run times count twice where
//       the function is busy all the time.
//   R3  Waiting is worth it only when it buys throughput: when items come faster than one by one could serve them at
//       ease, and a larger batch costs less an item.
//   R4  Nothing is known: no wait, and no batch larger than twice what has run yet, so that the model learns from below.

/** How much an older batch counts for each newer one: the last 50 or so decide. */
const DECAY = 0.98;
/** Share of a miss by which the factor of the 95th percentile moves. */
const STEP = 0.05;
const PERCENTILE = 0.95;
/** Share of the goal that plans may use up: the rest is for what the model does not know. */
const MARGIN = 0.85;
/** From this share of busy time on, one by one is no longer at ease (R3). */
const AT_EASE = 0.3;
/** By how much a larger batch must be cheaper an item to be waited for (R3). */
const WORTH = 1.1;
/** Weight of the newest gap between two arrivals. */
const ARRIVAL_WEIGHT = 0.05;

/** What was learned. Milliseconds. */
export interface GoalMemory {
  /** Sums of the decayed least squares: weights, sizes, sizes squared, run times, sizes times run times. */
  readonly w: number;
  readonly wn: number;
  readonly wnn: number;
  readonly wt: number;
  readonly wnt: number;
  /** 95th percentile of a run time as a multiple of the model's (R1). */
  readonly factor: number;
  readonly largest: number;
  /** Mean time between two arrivals; 0: fewer than two were seen. */
  readonly gapMs: number;
  readonly lastArrivalMs: number | undefined;
}

/** Size and wait of the next batch, and why. */
export interface GoalPlan {
  readonly size: number;
  readonly waitMs: number;
  readonly reason: string;
}

export const NOTHING_LEARNED: GoalMemory = {
  w: 0,
  wn: 0,
  wnn: 0,
  wt: 0,
  wnt: 0,
  factor: 1.2,
  largest: 0,
  gapMs: 0,
  lastArrivalMs: undefined,
};

/** A batch of `size` items ran for `runMs`. */
export function afterRun(memory: GoalMemory, size: number, runMs: number): GoalMemory {
  const predicted = runTime(memory, size);
  const ratio = predicted > 0 ? runMs / predicted : 1;
  // Stochastic approximation of a quantile: it rests where 95 % of the ratios are below it.
  const factor = memory.factor + STEP * (PERCENTILE - Number(ratio <= memory.factor)) * Math.max(1, ratio / 2);
  return {
    ...memory,
    w: memory.w * DECAY + 1,
    wn: memory.wn * DECAY + size,
    wnn: memory.wnn * DECAY + size * size,
    wt: memory.wt * DECAY + runMs,
    wnt: memory.wnt * DECAY + size * runMs,
    factor: Math.max(1, factor),
    largest: Math.max(memory.largest, size),
  };
}

/** An item came. */
export function afterArrival(memory: GoalMemory, nowMs: number): GoalMemory {
  if (memory.lastArrivalMs === undefined) return { ...memory, lastArrivalMs: nowMs };
  const gap = nowMs - memory.lastArrivalMs;
  const gapMs = memory.gapMs === 0 ? gap : memory.gapMs + ARRIVAL_WEIGHT * (gap - memory.gapMs);
  return { ...memory, gapMs, lastArrivalMs: nowMs };
}

/** Mean run time of a batch of `size` items, milliseconds; 0 while nothing ran (R1). */
export function runTime(memory: GoalMemory, size: number): number {
  if (memory.w === 0) return 0;
  const { base, perItem } = line(memory);
  return base + perItem * size;
}

/** Size and wait of the next batch. @param goalMs the latency to keep @param maxSize most items @param concurrency batches at a time */
export function planBatch(memory: GoalMemory, goalMs: number, maxSize: number, concurrency: number): GoalPlan {
  const cap = Math.min(maxSize, Math.max(1, 2 * memory.largest)); // R4
  if (memory.w === 0) return { size: cap, waitMs: 0, reason: "no batch has run yet" };
  const budgetMs = goalMs * MARGIN;
  const slow = (size: number): number => memory.factor * runTime(memory, size);
  const rate = memory.gapMs > 0 ? 1 / memory.gapMs : 0;
  const busy = (size: number): number => Math.min(1, (rate * runTime(memory, size)) / size / concurrency);
  const fits = (size: number): boolean => slow(size) * (1 + busy(size)) <= budgetMs; // R2
  const size = largestThat(fits, cap);
  if (size === 1 && !fits(1)) {
    return { size: 1, waitMs: 0, reason: `one item alone takes ${round(slow(1))} ms at the 95th percentile` };
  }
  const saving = runTime(memory, 1) / (runTime(memory, size) / size);
  if (busy(1) < AT_EASE) return { size, waitMs: 0, reason: "items come so slowly that waiting buys nothing" };
  if (saving < WORTH) return { size, waitMs: 0, reason: "larger batches are not cheaper an item" };
  const slackMs = Math.max(0, budgetMs - slow(size) * (1 + busy(size)));
  const neededMs = (size - 1) * memory.gapMs;
  const waitMs = Math.min(slackMs, neededMs);
  return {
    size,
    waitMs,
    reason: `${size} items take ${round(slow(size))} ms at the 95th percentile; ${round(waitMs)} ms are left to wait`,
  };
}

/** The largest of 1..cap for which `fits` holds; it holds up to some size and not beyond. 1 when it never does. */
function largestThat(fits: (size: number) => boolean, cap: number): number {
  let low = 1;
  let high = cap;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The line through what has run; flat or through the origin where that says nothing else. */
function line({ w, wn, wnn, wt, wnt }: GoalMemory): { readonly base: number; readonly perItem: number } {
  const spread = w * wnn - wn * wn;
  if (spread < 1e-9 * wnn * w) return { base: 0, perItem: wt / wn };
  const perItem = Math.max(0, (w * wnt - wn * wt) / spread);
  const base = (wt - perItem * wn) / w;
  // A negative base would make small batches free.
  return base >= 0 ? { base, perItem } : { base: 0, perItem: wnt / wnn };
}

function round(ms: number): string {
  return ms.toFixed(ms < 10 ? 1 : 0);
}
