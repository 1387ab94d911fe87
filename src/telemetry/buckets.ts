// Bounds of histograms (reference 3.2), and which of them the environment may replace.

/** Request latencies in milliseconds: sets L, D and M of reference 3.2. */
export const REQUEST_LATENCY_BUCKETS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 300, 400, 500, 1000, 2000, 5000, 10_000, 60_000, 120_000, 300_000, 600_000,
] as const;

/** Starts and ends of replicas and proxies in milliseconds: set S of reference 3.2. */
export const STARTUP_BUCKETS_MS = [
  5, 20, 50, 100, 250, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 240_000,
] as const;

/** Delays of an event loop in milliseconds: set E of reference 3.2. */
export const EVENT_LOOP_BUCKETS_MS = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;

/** Fill of batches in per cent: set U of reference 3.2. */
export const BATCH_UTILIZATION_BUCKETS = [5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 100] as const;

/** Items of batches: set B of reference 3.2. */
export const BATCH_SIZE_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] as const;

/** Sets that the environment may replace: `request` is L, `startup` S, `modelLoad` M, `batchUtilization` U, `batchSize` B. */
export type BucketSet = "request" | "startup" | "modelLoad" | "batchUtilization" | "batchSize";

/** What takes the place of a set; a set that is not named keeps its bounds. */
export type BucketOverrides = Readonly<Partial<Record<BucketSet, readonly number[]>>>;
