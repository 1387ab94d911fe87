// One application of the answer (reference 1.4: ApplicationDetails, DeploymentTopology). Pure.
import type { ApplicationDetails } from "../../model/status.ts";
import { formatSentConfig } from "./format-sent-config.ts";
import { formatDeployment } from "./format-deployment.ts";

export function formatApplication(application: ApplicationDetails): object {
  const { name, deployments } = application;
  return {
    name,
    route_prefix: application.routePrefix,
    docs_path: application.docsPath,
    status: application.status,
    message: application.message,
    last_deployed_time_s: application.lastDeployedTimeS,
    deployed_app_config: formatSentConfig(application.deployedAppConfig),
    source: application.source,
    deployments: Object.fromEntries(Object.values(deployments).map((one) => [one.name, formatDeployment(name, one)])),
    external_scaler_enabled: application.externalScalerEnabled,
    deployment_topology: formatTopology(application),
  };
}

/** Who calls whom; null while it was never built. */
function formatTopology({ name, ingress, deployments }: ApplicationDetails): object | null {
  if (ingress === "") return null;
  const nodes = Object.values(deployments).map((deployment) => [
    deployment.name,
    {
      name: deployment.name,
      app_name: name,
      outbound_deployments: deployment.calls.map((called) => ({ name: called, app_name: name })),
      is_ingress: deployment.name === ingress,
    },
  ]);
  return { app_name: name, nodes: Object.fromEntries(nodes), ingress_deployment: ingress };
}
