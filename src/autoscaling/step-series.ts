// The metric window (A4): numbers that many callers sampled at different times, as one number over a window of time.
// Pure. Times are milliseconds of one clock, whichever; who receives samples from elsewhere turns ages into such times.
//   R1  A sample holds until the next one of its series: series are right-continuous step functions.
//   R2  Times are rounded to 10 ms; of samples that fall together the newest counts.
//   R3  The window begins where every series has a sample, and ends now; the last value holds until now, at least 1 ms.

/** One sample: when, and what. */
export type Sample = readonly [timeMs: number, value: number];

/** Samples of one number, oldest first. */
export type StepSeries = readonly Sample[];

/** How a window becomes one number. `mean` is weighted by time. */
export type AggregationFunction = "mean" | "max" | "min";

/** What samples are rounded to, milliseconds: Ray Serve's (reference 4.8). */
const RESOLUTION_MS = 10;
/** Shortest last step, milliseconds (R3). */
const LAST_STEP_MS = 1;

/**
 * The sum of all series as one series, from the first sample of any to the last of any. A series counts from its own
 * first sample on; empty ones do not count.
 */
export function mergeSeries(series: readonly StepSeries[]): StepSeries {
  const changes = new Map<number, number>();
  for (const one of series) {
    let before = 0;
    for (const [timeMs, value] of roundTimes(one)) {
      changes.set(timeMs, (changes.get(timeMs) ?? 0) + value - before);
      before = value;
    }
  }
  let sum = 0;
  return [...changes].sort(([a], [b]) => a - b).map(([timeMs, change]): Sample => [timeMs, (sum += change)]);
}

/** Where every series that has samples has one; undefined: none has any (R3). */
export function commonStart(series: readonly StepSeries[]): number | undefined {
  const firsts = series.flatMap(([first]) => (first === undefined ? [] : [roundTime(first[0])]));
  return firsts.length === 0 ? undefined : Math.max(...firsts);
}

/**
 * One number for all series over the last `lookBackMs`.
 * @returns undefined when no series has a sample
 */
export function aggregate(
  series: readonly StepSeries[],
  by: AggregationFunction,
  lookBackMs: number,
  nowMs: number,
): number | undefined {
  const start = commonStart(series);
  if (start === undefined) return undefined;
  // Whole milliseconds add up exactly: a load of 4 must not become 4.000000000000001, which wants a replica more.
  return aggregateWindow(mergeSeries(series), by, Math.max(start, roundTime(nowMs - lookBackMs)), Math.round(nowMs));
}

function aggregateWindow(merged: StepSeries, by: AggregationFunction, fromMs: number, nowMs: number): number {
  const steps = stepsBetween(merged, fromMs, nowMs);
  const values = steps.map(({ value }) => value);
  if (by === "max") return Math.max(...values);
  if (by === "min") return Math.min(...values);
  const area = steps.reduce((sum, { value, lengthMs }) => sum + value * lengthMs, 0);
  return area / steps.reduce((sum, { lengthMs }) => sum + lengthMs, 0);
}

/** The steps of the window with their lengths; the one under way at its beginning is cut there. */
function stepsBetween(merged: StepSeries, fromMs: number, nowMs: number): { value: number; lengthMs: number }[] {
  const first = merged.findLastIndex(([timeMs]) => timeMs <= fromMs);
  const inside = merged.slice(Math.max(0, first));
  return inside.map(([timeMs, value], index) => {
    const next = inside[index + 1];
    const endMs = next === undefined ? Math.max(nowMs, Math.max(timeMs, fromMs) + LAST_STEP_MS) : next[0]; // R3
    return { value, lengthMs: endMs - Math.max(timeMs, fromMs) };
  });
}

/** R2 */
function roundTimes(series: StepSeries): ReadonlyMap<number, number> {
  return new Map(series.map(([timeMs, value]) => [roundTime(timeMs), value]));
}

function roundTime(timeMs: number): number {
  return Math.round(timeMs / RESOLUTION_MS) * RESOLUTION_MS;
}
