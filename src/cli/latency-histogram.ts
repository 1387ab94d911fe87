// Latencies of any number of requests in little memory. Pure.
//   R1  Buckets grow by one percent, so that a quantile is off by half a percent at most.

/** Lower end of the first bucket, milliseconds; what is shorter counts as this. */
const FIRST_MS = 0.01;
const GROWTH = 1.01;
/** Up to about ten hours. */
const BUCKETS = 2200;

export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  record(ms: number): void {
    const bucket = Math.floor(Math.log(Math.max(ms, FIRST_MS) / FIRST_MS) / Math.log(GROWTH));
    const index = Math.min(bucket, BUCKETS - 1);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count++;
    this.#sumMs += ms;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  get count(): number {
    return this.#count;
  }

  /** 0 when nothing was recorded. */
  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumMs / this.#count;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  /** What a part `q` (0 to 1) of all did not exceed, milliseconds; 0 when nothing was recorded. */
  quantileMs(q: number): number {
    const rank = Math.ceil(q * this.#count);
    let seen = 0;
    for (const [index, count] of this.#counts.entries()) {
      seen += count;
      if (count > 0 && seen >= rank) return Math.min(this.#maxMs, FIRST_MS * GROWTH ** (index + 0.5));
    }
    return 0;
  }
}
