// Names of the public API that this version does not have yet, so that they are told apart from typing mistakes. Each
// leaves this list with the issue that builds it.

/** Options by group. */
export const PLANNED_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  deployment: [
    "autoscalingConfig",
    "backpressureConfig",
    "deploymentActors",
    "gangSchedulingConfig",
    "loggingConfig",
    "maxReplicasPerNode",
    "maxSurgePercent",
    "placementGroupBundleLabelSelector",
    "placementGroupBundles",
    "placementGroupStrategy",
    "requestRouterConfig",
    "resources",
  ],
  runtimeEnv: ["nodeOptions", "pip", "workingDir"],
  handle: ["idempotent", "multiplexedModelId", "preferLocal", "priority", "sessionId"],
};

/** Values by group and option. */
export const PLANNED_VALUES: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
  deployment: { numReplicas: ["auto"] },
};
