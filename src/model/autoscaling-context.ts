// What a user's autoscaling policy sees and answers: Ray Serve's AutoscalingContext (inventory 1.8) in camelCase. Values
// that cross between processes.
import type { ResolvedAutoscalingOptions } from "../config/options.generated.ts";

/** One measurement. */
export interface TimeStampedValue {
  /** Unix seconds. */
  readonly timestamp: number;
  readonly value: number;
}

/** One deployment, as a policy sees it. Times are Unix seconds, as in Ray Serve. */
export interface AutoscalingContext {
  /** `application#deployment`. */
  readonly deploymentId: string;
  readonly deploymentName: string;
  readonly appName: string;
  /** Replicas that serve. */
  readonly currentNumReplicas: number;
  /** Replicas that it should have by the last decision. */
  readonly targetNumReplicas: number;
  /** Ids of the replicas that serve. */
  readonly runningReplicas: readonly string[];
  /** Requests of all callers, waiting and at replicas, by `aggregationFunction` over the look-back. */
  readonly totalNumRequests: number;
  /** Those that wait at a caller. */
  readonly totalQueuedRequests: number;
  /** Those at replicas. */
  readonly totalRunningRequests: number;
  /** What `recordAutoscalingStats` returned, over the look-back, by name and replica. */
  readonly aggregatedMetrics: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The same, each measurement of the look-back, oldest first. */
  readonly rawMetrics: Readonly<Record<string, Readonly<Record<string, readonly TimeStampedValue[]>>>>;
  /** Bounds under the instance's target capacity. */
  readonly capacityAdjustedMinReplicas: number;
  readonly capacityAdjustedMaxReplicas: number;
  /** What the policy last returned as its state; `{}` at first and after a restart of the head. */
  readonly policyState: unknown;
  /** Null: never. */
  readonly lastScaleUpTime: number | null;
  readonly lastScaleDownTime: number | null;
  readonly currentTime: number;
  readonly config: ResolvedAutoscalingOptions;
}

/** What a policy answers for one deployment: how many replicas, a fraction included, and what it wants to see again. */
export interface PolicyDecision {
  readonly replicas: number;
  readonly state: unknown;
}
