// What happened within the last seconds, in buckets of time that are used again and again. Pure: times are arguments, in
// monotonic milliseconds.
//   R1  A bucket that is older than the window counts as empty; nothing has to run when one grows old.

/** The largest of the values told within the window. */
export class WindowMax {
  readonly #bucketMs: number;
  readonly #values: Float64Array;
  readonly #rounds: Float64Array;

  /** @param windowMs length of the window. @param buckets its parts: the window moves on by one of them at a time */
  constructor(windowMs: number, buckets: number) {
    this.#bucketMs = windowMs / buckets;
    this.#values = new Float64Array(buckets);
    this.#rounds = new Float64Array(buckets).fill(-Infinity);
  }

  add(nowMs: number, value: number): void {
    const round = Math.floor(nowMs / this.#bucketMs);
    const at = round % this.#values.length;
    if (this.#rounds[at] === round && (this.#values[at] as number) >= value) return;
    this.#rounds[at] = round;
    this.#values[at] = value;
  }

  /** 0 when nothing was told. */
  read(nowMs: number): number {
    const oldest = Math.floor(nowMs / this.#bucketMs) - this.#values.length;
    let max = 0;
    this.#values.forEach((value, at) => {
      if ((this.#rounds[at] as number) > oldest && value > max) max = value;
    });
    return max;
  }
}

/** How long something was busy within the window; spans may overlap, and then count each. */
export class BusyWindow {
  readonly #windowMs: number;
  readonly #bucketMs: number;
  readonly #busyMs: Float64Array;
  readonly #rounds: Float64Array;

  /** Parameters as of `WindowMax`. */
  constructor(windowMs: number, buckets: number) {
    this.#windowMs = windowMs;
    this.#bucketMs = windowMs / buckets;
    this.#busyMs = new Float64Array(buckets);
    this.#rounds = new Float64Array(buckets).fill(-Infinity);
  }

  /** A span that is over; what lies before the window is left out. */
  add(startMs: number, endMs: number): void {
    let fromMs = Math.max(startMs, endMs - this.#windowMs);
    while (fromMs < endMs) {
      const round = Math.floor(fromMs / this.#bucketMs);
      const toMs = Math.min(endMs, (round + 1) * this.#bucketMs);
      const at = round % this.#busyMs.length;
      if (this.#rounds[at] !== round) {
        this.#rounds[at] = round;
        this.#busyMs[at] = 0;
      }
      (this.#busyMs[at] as number) += toMs - fromMs;
      fromMs = toMs;
    }
  }

  /** Busy milliseconds within the window. @param openStartsMs starts of spans that still run */
  read(nowMs: number, openStartsMs: Iterable<number>): number {
    const oldest = Math.floor(nowMs / this.#bucketMs) - this.#busyMs.length;
    let sum = 0;
    this.#busyMs.forEach((busyMs, at) => {
      if ((this.#rounds[at] as number) > oldest) sum += busyMs;
    });
    for (const startMs of openStartsMs) sum += Math.min(nowMs - startMs, this.#windowMs);
    return sum;
  }
}
