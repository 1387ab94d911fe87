// One deployment of the answer and its replicas (reference 1.4: DeploymentDetails, ReplicaDetails). Pure.
import { deploymentSchemaOf } from "../../config/to-ray-schema.ts";
import type { ResolvedResourceOptions } from "../../config/options.generated.ts";
import { resourcesOf } from "../../controller/process-specs.ts";
import type { DeploymentDetails, ReplicaDetails } from "../../model/status.ts";
import { formatActor } from "./format-actor.ts";
import { formatAutoscaling } from "./format-autoscaling.ts";

/** @param application its name */
export function formatDeployment(application: string, deployment: DeploymentDetails): object {
  const { name, options, replicas, recentDeadReplicas, autoscaling } = deployment;
  const formatOne = (replica: ReplicaDetails): object => formatReplica(`${application}#${name}`, replica);
  return {
    name,
    status: deployment.status,
    status_trigger: deployment.statusTrigger,
    message: deployment.message,
    deployment_config: deploymentSchemaOf(options, name),
    target_num_replicas: deployment.targetNumReplicas,
    required_resources: formatResources(options.resources),
    replicas: replicas.map(formatOne),
    recent_dead_replicas: recentDeadReplicas.map(formatOne),
    ...(autoscaling === null ? {} : { autoscaling_detail: formatAutoscaling(autoscaling) }),
  };
}

function formatReplica(deployment: string, replica: ReplicaDetails): object {
  const { replicaId, state, pid, startTimeS } = replica;
  return {
    ...formatActor({ ...replica, id: replicaId }, `SERVE_REPLICA::${deployment}#${replicaId}`),
    replica_id: replicaId,
    state,
    pid,
    start_time_s: startTimeS,
  };
}

/** What one replica takes, by Ray's names of resources; what it does not take is left out. */
function formatResources(options: ResolvedResourceOptions): object {
  const { cpus, gpus, custom } = resourcesOf(options);
  return {
    CPU: cpus,
    ...(gpus > 0 ? { GPU: gpus } : {}),
    ...(options.memoryBytes === null ? {} : { memory: options.memoryBytes }),
    ...custom,
  };
}
