// What a deployment's autoscaler sees and did (reference 1.4: DeploymentAutoscalingDetail). Pure.
import { toSnakeCase } from "../../config/names.ts";
import type { AutoscalingDetails } from "../../model/status.ts";

/** In Ray Serve's shape, which its own server leaves empty. */
export function formatAutoscaling(details: AutoscalingDetails): object {
  const { scalingStatus, decisions, metrics, metricsHealth, errors } = details;
  return {
    scaling_status: scalingStatus,
    decisions: decisions.map(({ timestampS, reason, prevNumReplicas, currNumReplicas, policy }) => ({
      timestamp_s: timestampS,
      reason,
      prev_num_replicas: prevNumReplicas,
      curr_num_replicas: currNumReplicas,
      policy,
    })),
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [toSnakeCase(name), value])),
    metrics_health: metricsHealth,
    errors,
  };
}
