// What an autoscaled deployment asks for, in the units of decisions: every duration in milliseconds, every fallback
// between options taken. Pure.
import type { ResolvedAutoscalingOptions } from "../config/options.generated.ts";
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

/** The rules that options say. Factors and the last delay fall back as Ray Serve's do (inventory 1.8). */
export function rulesOf(options: ResolvedAutoscalingOptions): ScalingRules {
  const { minReplicas, initialReplicas, maxReplicas, targetOngoingRequests, smoothingFactor } = options;
  const toZeroDelayS = options.downscaleToZeroDelayS ?? options.downscaleDelayS;
  return {
    minReplicas,
    initialReplicas,
    maxReplicas,
    targetOngoingRequests,
    upFactor: options.upscalingFactor ?? options.upscaleSmoothingFactor ?? smoothingFactor,
    downFactor: options.downscalingFactor ?? options.downscaleSmoothingFactor ?? smoothingFactor,
    upDelayMs: options.upscaleDelayS * 1000,
    downDelayMs: options.downscaleDelayS * 1000,
    toZeroDelayMs: toZeroDelayS * 1000,
    aggregation: options.aggregationFunction,
    lookBackMs: options.lookBackPeriodS * 1000,
    metricsIntervalMs: options.metricsIntervalS * 1000,
  };
}
