// Learns how long batches run by their size, and how fast items come, and picks size and wait of the next batch so that
// the 95th percentile of an item's time (wait, queue, run) stays below the goal at the best throughput. Pure: memory in,
// memory out, times as arguments.
//   R1  Run time is modelled as `a + b * size`, fitted by least squares in which older batches count less and less; its
//       95th percentile is that times a factor, taken from how far the newest batches were off the line.
//   R2  A batch is never larger than the goal allows: an item may find one batch running, so run times count twice where
//       the function is busy all the time. Items that wait already need no such care: their batch may use up the goal.
//   R3  Waiting is worth it only when it buys throughput: when items come faster than one by one could serve them at
//       ease, and a larger batch costs less an item.
//   R4  Nothing is known: no wait, and no batch larger than twice what has run yet, so that the model learns from below.
//   R5  Where the goal is lost (one item alone misses it, or far more items wait than it has room for) batches get as
//       large as pays: what cannot be quick any more must not make the next items late, too.

/** How much an older batch counts for each newer one: the last 50 or so decide. */
const DECAY = 0.98;
/** Newest batches that the factor of the 95th percentile is taken from. */
const KEPT_RUNS = 50;
const PERCENTILE = 0.95;
/** The factor while fewer than `FEW_RUNS` are known: twenty per cent of headroom. */
const FIRST_FACTOR = 1.2;
const FEW_RUNS = 10;
/** Share of the goal that plans may use up: the rest is for what the model does not know. */
const MARGIN = 0.85;
/** From this share of busy time on, one by one is no longer at ease (R3). */
const AT_EASE = 0.3;
/** By how much a larger batch must be cheaper an item to be waited for (R3), or to be run where the goal is lost (R5). */
const WORTH = 1.1;
/** From how many times the items that the goal has room for the goal is lost (R5). */
const LOST = 2;
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
  /** Sizes and run times of the newest batches. */
  readonly newest: readonly { readonly size: number; readonly runMs: number }[];
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
  newest: [],
  factor: FIRST_FACTOR,
  largest: 0,
  gapMs: 0,
  lastArrivalMs: undefined,
};

/** A batch of `size` items ran for `runMs`. */
export function afterRun(memory: GoalMemory, size: number, runMs: number): GoalMemory {
  const learned = {
    ...memory,
    w: memory.w * DECAY + 1,
    wn: memory.wn * DECAY + size,
    wnn: memory.wnn * DECAY + size * size,
    wt: memory.wt * DECAY + runMs,
    wnt: memory.wnt * DECAY + size * runMs,
    newest: [...memory.newest.slice(1 - KEPT_RUNS), { size, runMs }],
    largest: Math.max(memory.largest, size),
  };
  return { ...learned, factor: slowFactor(learned) };
}

/** R1 */
function slowFactor(memory: GoalMemory): number {
  const ratios = memory.newest.map(({ size, runMs }) => {
    const predicted = runTime(memory, size);
    return predicted > 0 ? runMs / predicted : 1;
  });
  const slow = ratios.sort((a, b) => a - b)[Math.ceil(ratios.length * PERCENTILE) - 1] ?? 1;
  return Math.max(ratios.length < FEW_RUNS ? FIRST_FACTOR : 1, slow);
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

/**
 * Size and wait of the next batch.
 * @param goalMs the latency to keep
 * @param maxSize most items
 * @param concurrency batches at a time
 * @param waiting items that could be in it now
 */
export function planBatch(
  memory: GoalMemory,
  goalMs: number,
  maxSize: number,
  concurrency: number,
  waiting = 0,
): GoalPlan {
  const cap = Math.min(maxSize, Math.max(1, 2 * memory.largest)); // R4
  if (memory.w === 0) return { size: cap, waitMs: 0, reason: "no batch has run yet" };
  const budgetMs = goalMs * MARGIN;
  const slow = (size: number): number => memory.factor * runTime(memory, size);
  const rate = memory.gapMs > 0 ? 1 / memory.gapMs : 0;
  const busy = (size: number): number => Math.min(1, (rate * runTime(memory, size)) / size / concurrency);
  const fits = (size: number): boolean => slow(size) * (1 + busy(size)) <= budgetMs; // R2
  const size = largestThat(fits, cap);
  const inTime = largestThat((one) => slow(one) <= budgetMs, cap);
  const isHopeless = slow(1) > budgetMs;
  if (isHopeless || waiting > LOST * inTime) {
    const lost = isHopeless
      ? `one item alone takes ${round(slow(1))} ms at the 95th percentile`
      : `${waiting} items wait`;
    const reason = `${lost}: the goal cannot be kept, and batches get as large as pays`;
    return { size: isCheaper(memory, inTime, cap) ? cap : inTime, waitMs: 0, reason }; // R5
  }
  if (waiting > size || !fits(1)) {
    return { size: inTime, waitMs: 0, reason: `${inTime} items take ${round(slow(inTime))} ms at the 95th percentile` };
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

/** Whether batches of `larger` items cost clearly less an item, as far as is known: where nothing is, it is tried. */
function isCheaper(memory: GoalMemory, size: number, larger: number): boolean {
  if (memory.newest.every((one) => one.size === memory.newest[0]?.size)) return true;
  return runTime(memory, size) / size >= WORTH * (runTime(memory, larger) / larger);
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
