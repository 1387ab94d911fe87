// How much of its replicas a deployment may have now: `target_capacity` of the instance and the bounds of the deployment.
// Pure.
import type { ScalingRules } from "./scaling-rules.ts";

/** Share of their replicas that all deployments run with, and where it is going. */
export interface Capacity {
  /** 0 to 100; null: all. */
  readonly percent: number | null;
  readonly direction: "UP" | "DOWN" | null;
}

/** No share was asked for. */
export const FULL_CAPACITY: Capacity = { percent: null, direction: null };

/** Fewest and most replicas. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

/** A number of replicas under a share of the capacity: halves go up, and what is wanted at all keeps one (reference 4.8). */
export function adjustForCapacity(replicas: number, percent: number | null): number {
  if (percent === null || percent === 100) return replicas;
  if (percent === 0 || replicas === 0) return 0;
  return Math.max(1, Math.floor((replicas * percent) / 100 + 0.5));
}

/** The bounds under a capacity. While it rises, a deployment has at least its initial replicas. */
export function boundsOf(rules: ScalingRules, { percent, direction }: Capacity): Bounds {
  const fewest = direction === "UP" ? (rules.initialReplicas ?? rules.minReplicas) : rules.minReplicas;
  return { lower: adjustForCapacity(fewest, percent), upper: adjustForCapacity(rules.maxReplicas, percent) };
}

/** The nearest number within bounds. */
export function clamp(replicas: number, { lower, upper }: Bounds): number {
  return Math.max(lower, Math.min(upper, replicas));
}
