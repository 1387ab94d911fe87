// Every metric of this version with Ray Serve's name, type, labels and buckets (reference 3.2), so that dashboards made
// for Ray find their data. docs/reference/metrics.md is written from these tables.
import { BATCHING_METRICS } from "./batching-metrics.ts";
import { CONTROL_METRICS } from "./control-metrics.ts";
import { REQUEST_METRICS } from "./request-metrics.ts";

/** Definitions by the name that code uses. */
export const METRICS = { ...REQUEST_METRICS, ...BATCHING_METRICS, ...CONTROL_METRICS } as const;
