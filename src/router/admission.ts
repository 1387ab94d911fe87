// Whether a call may join the caller's queue. Pure.

/** Q2: `limit` is `maxQueuedRequests`; -1 means none. */
export function mayQueue(queued: number, limit: number): boolean {
  return limit < 0 || queued < limit;
}
