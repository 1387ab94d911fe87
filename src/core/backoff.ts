// Exponential back-off without state: the attempt's number gives the delay.

/** Delay before attempt `attempt` (0 is the first retry): `firstMs`, doubled each time, at most `maxMs`. */
export function backoffMs(attempt: number, firstMs = 1000, maxMs = 64_000): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(0, attempt), 30));
}
