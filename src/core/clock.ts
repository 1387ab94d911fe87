// Time as a value that is passed in. Everything that waits or measures takes a `Clock`; `systemClock` is named in
// composition roots only, so that a test can move time by hand.
//   R1  `ManualClock.advance` runs due timers in order of their due time, then of their creation.
//   R2  Microtasks settle between two timers, so that what a timer started is seen by the next one.
import { setImmediate as nextTick } from "node:timers";

/** Ends a timer. Calling it twice, or after the timer ran, does nothing. */
export type Cancel = () => void;

/** A source of time. All durations are milliseconds. */
export interface Clock {
  /** Wall-clock time, Unix milliseconds. */
  now(): number;
  /** Monotonic time in milliseconds with a fraction; only differences mean something. */
  monotonic(): number;
  /** Runs `fn` once after `delayMs`. The timer keeps no process alive when `background` is true (default false). */
  after(delayMs: number, fn: () => void, background?: boolean): Cancel;
  /** Runs `fn` every `periodMs`, the first time after one period. Background timers keep no process alive (default true). */
  every(periodMs: number, fn: () => void, background?: boolean): Cancel;
  /** Resolves after `delayMs`; rejects with the signal's reason when it aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Longest delay a Node timer takes (2^31 - 1 ms); longer ones would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

function sleepOn(clock: Pick<Clock, "after">, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** The machine's clock. Composition roots only. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, fn, background = false) {
    const timer = setTimeout(fn, Math.min(Math.max(0, delayMs), MAX_TIMER_MS));
    if (background) timer.unref();
    return () => clearTimeout(timer);
  },
  every(periodMs, fn, background = true) {
    const timer = setInterval(fn, Math.min(Math.max(1, periodMs), MAX_TIMER_MS));
    if (background) timer.unref();
    return () => clearInterval(timer);
  },
  sleep: (delayMs, signal) => sleepOn(systemClock, delayMs, signal),
};

/** How much earlier than the wall clock says a timer may run, milliseconds: the two clocks are rounded apart. */
const EARLY_MS = 2;

/** True when a deadline counts as passed: its timer may run now. @param deadlineMs Unix milliseconds; undefined: none */
export function isPast(clock: Pick<Clock, "now">, deadlineMs: number | undefined): boolean {
  return deadlineMs !== undefined && clock.now() >= deadlineMs - EARLY_MS;
}

interface ManualTimer {
  readonly order: number;
  dueMs: number;
  readonly periodMs: number | undefined;
  readonly fn: () => void;
}

/** A clock that only moves when told to. For tests and simulations. */
export class ManualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #startMs: number;
  readonly #timers = new Set<ManualTimer>();

  /** @param startMs the first wall-clock reading, Unix milliseconds */
  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs - this.#startMs;
  }

  after(delayMs: number, fn: () => void): Cancel {
    return this.#add(Math.max(0, delayMs), undefined, fn);
  }

  every(periodMs: number, fn: () => void): Cancel {
    const period = Math.max(1, periodMs);
    return this.#add(period, period, fn);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Number of timers that wait; a test for leaks asks for 0. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time forward and runs what falls due, in order (R1), settling microtasks in between (R2). */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const timer = this.#next(endMs);
      if (timer === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
      if (timer.periodMs === undefined) this.#timers.delete(timer);
      else timer.dueMs += timer.periodMs;
      timer.fn();
      await settle();
    }
    this.#nowMs = endMs;
    await settle();
  }

  #add(delayMs: number, periodMs: number | undefined, fn: () => void): Cancel {
    const timer = { order: this.#order++, dueMs: this.#nowMs + delayMs, periodMs, fn };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  #next(endMs: number): ManualTimer | undefined {
    let best: ManualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > endMs) continue;
      if (best === undefined || timer.dueMs < best.dueMs || (timer.dueMs === best.dueMs && timer.order < best.order)) {
        best = timer;
      }
    }
    return best;
  }
}

/** Lets everything that is ready run: microtasks, and what they put on the loop's check phase. */
function settle(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve));
}
