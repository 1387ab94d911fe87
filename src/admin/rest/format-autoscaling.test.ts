import { expect, it } from "vitest";
import { formatAutoscaling } from "./format-autoscaling.ts";

it("tells the autoscaler's decisions in Ray Serve's words", () => {
  const decision = { timestampS: 5, reason: "why", prevNumReplicas: 1, currNumReplicas: 3, policy: "default" };
  const metrics = { totalRequests: 6.5, desiredReplicas: 3 };
  const state = { scalingStatus: "UPSCALING", metricsHealth: "healthy", reason: "now", errors: ["none"] } as const;
  expect(formatAutoscaling({ ...state, decisions: [decision], metrics })).toEqual({
    scaling_status: "UPSCALING",
    decisions: [{ timestamp_s: 5, reason: "why", prev_num_replicas: 1, curr_num_replicas: 3, policy: "default" }],
    metrics: { total_requests: 6.5, desired_replicas: 3 },
    metrics_health: "healthy",
    errors: ["none"],
  });
});
