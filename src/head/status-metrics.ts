// The statuses as Ray Serve's gauges (reference 2.7, 3.2): numbers for dashboards, made when somebody looks.
import type { ApplicationStatus, DeploymentStatus, InstanceStatus } from "../model/status.ts";
import { METRICS } from "../telemetry/metric-names.ts";
import { MetricRegistry, type MetricSnapshot } from "../telemetry/metrics.ts";

const APPLICATION_VALUE: Readonly<Record<ApplicationStatus, number>> = {
  DEPLOY_FAILED: 1,
  UNHEALTHY: 2,
  NOT_STARTED: 3,
  DELETING: 4,
  DEPLOYING: 5,
  RUNNING: 6,
};

const DEPLOYMENT_VALUE: Readonly<Record<DeploymentStatus, number>> = {
  DEPLOY_FAILED: 1,
  UNHEALTHY: 2,
  UPDATING: 3,
  UPSCALING: 4,
  DOWNSCALING: 5,
  HEALTHY: 6,
};

/** One gauge for each application and deployment. */
export function statusMetrics({ applications }: Pick<InstanceStatus, "applications">): MetricSnapshot {
  const registry = new MetricRegistry();
  for (const { name: application, status, deployments } of Object.values(applications)) {
    registry.gauge(METRICS.applicationStatus).labels({ application }).set(APPLICATION_VALUE[status]);
    for (const { name: deployment, status: own } of Object.values(deployments)) {
      registry.gauge(METRICS.deploymentStatus).labels({ deployment, application }).set(DEPLOYMENT_VALUE[own]);
    }
  }
  return registry.snapshot();
}
