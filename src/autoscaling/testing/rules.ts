// Rules for tests: no delays, wide bounds, one request for each replica, unless a test says otherwise.
import type { ScalingRules } from "../scaling-rules.ts";

const BASE: ScalingRules = {
  minReplicas: 0,
  initialReplicas: null,
  maxReplicas: 1000,
  targetOngoingRequests: 1,
  upFactor: 1,
  downFactor: 1,
  upDelayMs: 0,
  downDelayMs: 0,
  toZeroDelayMs: 0,
  aggregation: "mean",
  lookBackMs: 30_000,
  metricsIntervalMs: 10_000,
};

export function rulesWith(rules: Partial<ScalingRules>): ScalingRules {
  return { ...BASE, ...rules };
}
