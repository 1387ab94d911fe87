// Complete options as Ray Serve's REST API shows them (reference 1.4 and 2.2 to 2.5): snake_case, in Ray's order, what it
// leaves out left out. Pure. Each name is written out: a key that a user chose (in `userConfig`, in a policy's arguments,
// an environment variable) must never be renamed.
//   R1  Ray's own client must be able to parse it. What it would refuse is left out or written in its form.
//   R2  What is built in here is shown by the import path of Ray's, of which it is the counterpart (compatibility.md).
import type {
  ResolvedAutoscalingOptions,
  ResolvedDeploymentActorOptions,
  ResolvedDeploymentOptions,
  ResolvedHttpOptions,
  ResolvedLoggingOptions,
  ResolvedRequestRouterOptions,
  ResolvedRuntimeEnvOptions,
} from "./options.generated.ts";
import { RAY_POLICY, rayRouterClass } from "./ray-names.ts";

type Json = Readonly<Record<string, unknown>>;

/** Ray's DeploymentSchema. Logging options are not part of it there. @param name of the deployment in its application */
export function deploymentSchemaOf(options: ResolvedDeploymentOptions, name: string): Json {
  const { autoscalingConfig, userConfig, maxSurgePercent, gangSchedulingConfig: gang } = options;
  return {
    name,
    ...(autoscalingConfig === null ? { num_replicas: options.numReplicas } : {}),
    max_ongoing_requests: options.maxOngoingRequests,
    max_queued_requests: options.maxQueuedRequests,
    backpressure_config: {
      status_code: options.backpressureConfig.statusCode,
      retry_after_s: options.backpressureConfig.retryAfterS,
    },
    ...(isConfigFileValue(userConfig) ? { user_config: userConfig } : {}),
    ...(autoscalingConfig === null ? {} : { autoscaling_config: autoscalingSchemaOf(autoscalingConfig) }),
    graceful_shutdown_wait_loop_s: options.gracefulShutdownWaitLoopS,
    graceful_shutdown_timeout_s: options.gracefulShutdownTimeoutS,
    health_check_period_s: options.healthCheckPeriodS,
    health_check_timeout_s: options.healthCheckTimeoutS,
    ray_actor_options: actorOptionsOf(options),
    ...set("placement_group_bundles", options.placementGroupBundles),
    ...set("placement_group_strategy", options.placementGroupStrategy),
    ...set("placement_group_bundle_label_selector", options.placementGroupBundleLabelSelector),
    ...set("max_replicas_per_node", options.maxReplicasPerNode),
    request_router_config: requestRouterSchemaOf(options.requestRouterConfig),
    ...(gang === null ? {} : { gang_scheduling_config: gangSchemaOf(gang) }),
    ...set("deployment_actors", options.deploymentActors?.map(deploymentActorSchemaOf) ?? null),
    rolling_update_percentage: options.rollingUpdatePercentage,
    ...set("max_surge_percent", maxSurgePercent),
  };
}

/** Ray's HTTPOptionsSchema; the keep-alive time is a whole number there. */
export function httpOptionsSchemaOf(options: ResolvedHttpOptions): Json {
  return {
    host: options.host,
    port: options.port,
    root_path: options.rootPath,
    request_timeout_s: options.requestTimeoutS,
    keep_alive_timeout_s: Math.ceil(options.keepAliveTimeoutS),
    ssl_keyfile: options.sslKeyfile,
    ssl_certfile: options.sslCertfile,
    ssl_keyfile_password: options.sslKeyfilePassword,
    ssl_ca_certs: options.sslCaCerts,
  };
}

/** Ray's LoggingConfig. */
export function loggingSchemaOf(options: ResolvedLoggingOptions): Json {
  return {
    encoding: options.encoding,
    log_level: options.logLevel,
    logs_dir: options.logsDir,
    enable_access_log: options.enableAccessLog,
    additional_log_standard_attrs: options.additionalLogStandardAttrs,
  };
}

/**
 * A folder as Ray's schemas take it, which know URIs only (R1).
 * @param dir a URI as it is, or an absolute path
 */
export function workingDirUri(dir: string): string {
  return dir.startsWith("/") ? `local://${dir}` : dir;
}

function autoscalingSchemaOf(options: ResolvedAutoscalingOptions): Json {
  return {
    min_replicas: options.minReplicas,
    initial_replicas: options.initialReplicas,
    max_replicas: options.maxReplicas,
    target_ongoing_requests: options.targetOngoingRequests,
    metrics_interval_s: options.metricsIntervalS,
    look_back_period_s: options.lookBackPeriodS,
    smoothing_factor: options.smoothingFactor,
    upscale_smoothing_factor: options.upscaleSmoothingFactor,
    downscale_smoothing_factor: options.downscaleSmoothingFactor,
    upscaling_factor: options.upscalingFactor,
    downscaling_factor: options.downscalingFactor,
    downscale_delay_s: options.downscaleDelayS,
    downscale_to_zero_delay_s: options.downscaleToZeroDelayS,
    upscale_delay_s: options.upscaleDelayS,
    aggregation_function: options.aggregationFunction,
    policy: {
      policy_function: options.policy?.policyFunction ?? RAY_POLICY,
      policy_kwargs: options.policy?.policyKwargs ?? {},
    },
  };
}

function requestRouterSchemaOf(options: ResolvedRequestRouterOptions): Json {
  return {
    request_router_class: rayRouterClass(options.requestRouterClass),
    request_router_kwargs: options.requestRouterKwargs,
    request_routing_stats_period_s: options.requestRoutingStatsPeriodS,
    request_routing_stats_timeout_s: options.requestRoutingStatsTimeoutS,
    initial_backoff_s: options.initialBackoffS,
    backoff_multiplier: options.backoffMultiplier,
    max_backoff_s: options.maxBackoffS,
  };
}

function actorOptionsOf({ resources, runtimeEnv }: ResolvedDeploymentOptions): Json {
  const { cpus, gpus, memoryBytes, custom, acceleratorType, labelSelector, fallbackStrategy } = resources;
  const environment = runtimeEnvOf(runtimeEnv);
  return {
    num_cpus: cpus,
    ...(gpus > 0 ? { num_gpus: gpus } : {}),
    ...set("memory", memoryBytes),
    ...(Object.keys(custom).length > 0 ? { resources: custom } : {}),
    ...set("accelerator_type", acceleratorType),
    ...set("label_selector", labelSelector),
    ...set("fallback_strategy", fallbackStrategy?.map(({ labelSelector: one }) => ({ label_selector: one })) ?? null),
    ...(Object.keys(environment).length > 0 ? { runtime_env: environment } : {}),
  };
}

function runtimeEnvOf({ envVars, workingDir, nodeOptions, pip }: ResolvedRuntimeEnvOptions): Json {
  return {
    ...(Object.keys(envVars).length > 0 ? { env_vars: envVars } : {}),
    ...set("working_dir", workingDir === null ? null : workingDirUri(workingDir)),
    ...(nodeOptions.length > 0 ? { node_options: nodeOptions } : {}),
    ...set("pip", pip),
  };
}

function gangSchemaOf(options: NonNullable<ResolvedDeploymentOptions["gangSchedulingConfig"]>): Json {
  return {
    gang_size: options.gangSize,
    gang_placement_strategy: options.gangPlacementStrategy,
    runtime_failure_policy: options.runtimeFailurePolicy,
  };
}

function deploymentActorSchemaOf(options: ResolvedDeploymentActorOptions): Json {
  return {
    name: options.name,
    actor_class: options.actorClass,
    init_args: options.initArgs,
    init_kwargs: options.initKwargs,
    actor_options: options.actorOptions,
  };
}

/** R1: code may have any JSON value, a config file an object or nothing. */
function isConfigFileValue(userConfig: unknown): boolean {
  return typeof userConfig === "object" && !Array.isArray(userConfig);
}

/** A field that is there when it has a value. */
function set(name: string, value: unknown): Json {
  return value === null ? {} : { [name]: value };
}
