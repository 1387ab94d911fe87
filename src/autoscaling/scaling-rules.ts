// What an autoscaled deployment asks for, in the units of decisions: every duration in milliseconds, every fallback
// between options taken. Pure.
import type { AggregationFunction } from "./step-series.ts";

/** Ray Serve's `autoscaling_config` (reference 2.5), complete. */
export interface ScalingRules {
  readonly minReplicas: number;
  /** Null: as many as `minReplicas`. */
  readonly initialReplicas: number | null;
  readonly maxReplicas: number;
  /** Requests, running and queued, that one replica should have. */
  readonly targetOngoingRequests: number;
  readonly upFactor: number;
  readonly downFactor: number;
  readonly upDelayMs: number;
  readonly downDelayMs: number;
  /** For the step from one replica to none. */
  readonly toZeroDelayMs: number;
  readonly aggregation: AggregationFunction;
  readonly lookBackMs: number;
  /** How often callers report. */
  readonly metricsIntervalMs: number;
}
