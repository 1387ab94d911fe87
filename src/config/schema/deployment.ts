// Options of a deployment. Names, bounds and defaults are Ray Serve's (reference 2.4); update costs are reference 2.6.
import { z } from "zod";
import { autoscalingSchema } from "./autoscaling.ts";
import { jsonValue } from "./json-schema.ts";
import { loggingSchema } from "./logging.ts";
import { optionDocs } from "./option-docs.ts";
import { deploymentActorSchema, gangSchema, resourcesSchema, runtimeEnvSchema } from "./placement.ts";
import { backpressureSchema, requestRouterSchema } from "./routing.ts";

const since = "0.1.0";

/** What `deployment()` and `.options()` take. */
export const deploymentSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[^#]+$/)
    .optional()
    .register(optionDocs, {
      text: "Name within the application. Without it the name of the class or function.",
      unit: null,
      update: "restart",
      rayName: "name",
      since,
      file: { required: true },
      expected: 'a non-empty string without "#"',
    }),
  numReplicas: z
    .union([z.int().min(1), z.literal("auto")])
    .default(1)
    .register(optionDocs, {
      text: 'How many replicas run; "auto": 1 to 100 by load, as `autoscalingConfig` says. Not a number together with `autoscalingConfig`.',
      unit: null,
      update: "live",
      rayName: "num_replicas",
      since,
      file: { nullable: true, strict: true },
      resolved: "number",
    }),
  autoscalingConfig: autoscalingSchema.nullable().default(null).register(optionDocs, {
    text: "Scales the number of replicas by load; null: a fixed number.",
    unit: null,
    update: "reconfigure",
    rayName: "autoscaling_config",
    since,
  }),
  maxOngoingRequests: z.int().min(1).default(5).register(optionDocs, {
    text: "How many requests one replica executes at a time; the replica enforces it for all callers together.",
    unit: null,
    update: "reconfigure",
    rayName: "max_ongoing_requests",
    since,
  }),
  maxQueuedRequests: z
    .union([z.literal(-1), z.int().min(1)])
    .default(-1)
    .register(optionDocs, {
      text: "How many requests may wait at each caller (each proxy, each process with a handle) before further ones get BACK_PRESSURE; -1: no limit.",
      unit: null,
      update: "live",
      rayName: "max_queued_requests",
      since,
      file: { strict: true },
    }),
  backpressureConfig: backpressureSchema.prefault({}).register(optionDocs, {
    text: "What an HTTP client gets when the queue is full.",
    unit: null,
    update: "reconfigure",
    rayName: "backpressure_config",
    since,
  }),
  userConfig: jsonValue()
    .default(null)
    .register(optionDocs, {
      text: "JSON data given to `reconfigure` at the start of a replica and when it changes; null: none.",
      unit: null,
      update: "reconfigure",
      rayName: "user_config",
      since,
      file: { nullable: true, rule: { kind: "record", keys: { kind: "string" }, values: { kind: "json" } } },
    }),
  healthCheckPeriodS: z.number().gt(0).default(10).register(optionDocs, {
    text: "Time between two health checks of a replica.",
    unit: "s",
    update: "live",
    rayName: "health_check_period_s",
    since,
  }),
  healthCheckTimeoutS: z.number().gt(0).default(30).register(optionDocs, {
    text: "Longest time a health check may take before it counts as failed.",
    unit: "s",
    update: "live",
    rayName: "health_check_timeout_s",
    since,
  }),
  gracefulShutdownTimeoutS: z.number().min(0).default(20).register(optionDocs, {
    text: "Longest wait for ongoing requests when a replica stops; then its process is killed.",
    unit: "s",
    update: "live",
    rayName: "graceful_shutdown_timeout_s",
    since,
  }),
  gracefulShutdownWaitLoopS: z.number().min(0).default(2).register(optionDocs, {
    text: "Accepted for Ray Serve's sake and without effect: a replica stops the moment it is idle.",
    unit: "s",
    update: "reconfigure",
    rayName: "graceful_shutdown_wait_loop_s",
    since,
  }),
  rollingUpdatePercentage: z.number().gt(0).max(1).default(0.2).register(optionDocs, {
    text: "Share of the replicas that a rollout replaces at a time, at least one.",
    unit: null,
    update: "live",
    rayName: "rolling_update_percentage",
    since,
  }),
  maxSurgePercent: z
    .int()
    .min(0)
    .max(100)
    .nullable()
    .default(null)
    .register(optionDocs, {
      text: "Share of the replicas that a rollout may start beside the old ones, in percent, as Ray Serve counts it; null: new ones start first.",
      unit: null,
      update: "live",
      rayName: "max_surge_percent",
      since,
      file: { nullable: false },
    }),
  maxConstructorRetryCount: z
    .int()
    .min(1)
    .default(20)
    .register(optionDocs, {
      text: "How many failed starts of replicas end a deploy, if three a replica are not reached before.",
      unit: null,
      update: "live",
      rayName: "max_constructor_retry_count",
      since,
      file: { absent: true },
    }),
  requestRouterConfig: requestRouterSchema.prefault({}).register(optionDocs, {
    text: "How callers choose a replica.",
    unit: null,
    update: "reconfigure",
    rayName: "request_router_config",
    since,
  }),
  loggingConfig: loggingSchema
    .nullable()
    .default(null)
    .register(optionDocs, {
      text: "Logs of the replicas; null: as the application, else the instance says.",
      unit: null,
      update: "reconfigure",
      rayName: "logging_config",
      since,
      file: { nullable: false },
    }),
  resources: resourcesSchema.prefault({}).register(optionDocs, {
    text: "What one replica claims of its node.",
    unit: null,
    update: "restart",
    rayName: "ray_actor_options",
    since,
  }),
  runtimeEnv: runtimeEnvSchema.prefault({}).register(optionDocs, {
    text: "Environment of the replicas' processes.",
    unit: null,
    update: "restart",
    rayName: "ray_actor_options.runtime_env",
    since,
  }),
  maxReplicasPerNode: z
    .int()
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .register(optionDocs, {
      text: "Most replicas of the deployment on one node; null: no limit.",
      unit: null,
      update: "restart",
      rayName: "max_replicas_per_node",
      since,
      file: { nullable: false },
    }),
  placementGroupBundles: z
    .array(z.record(z.string(), z.number().min(0)))
    .nullable()
    .default(null)
    .register(optionDocs, {
      text: "Resources of a placement group for each replica, the first bundle for the replica itself; null: none.",
      unit: null,
      update: "restart",
      rayName: "placement_group_bundles",
      since,
      file: { nullable: false },
      expected: "a list of objects of numbers >= 0, or null",
    }),
  placementGroupStrategy: z
    .enum(["PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"])
    .nullable()
    .default(null)
    .register(optionDocs, {
      text: "How the bundles are laid out over nodes; null: PACK.",
      unit: null,
      update: "restart",
      rayName: "placement_group_strategy",
      since,
      file: { nullable: false },
    }),
  placementGroupBundleLabelSelector: z
    .array(z.record(z.string(), z.string()))
    .nullable()
    .default(null)
    .register(optionDocs, {
      text: "Labels that the bundles' nodes must have: one for all bundles, or one for each.",
      unit: null,
      update: "restart",
      rayName: "placement_group_bundle_label_selector",
      since,
      file: { nullable: false },
      expected: "a list of objects of strings, or null",
    }),
  gangSchedulingConfig: gangSchema.nullable().default(null).register(optionDocs, {
    text: "Starts and stops replicas in gangs; null: each for itself.",
    unit: null,
    update: "restart",
    rayName: "gang_scheduling_config",
    since,
  }),
  deploymentActors: z.array(deploymentActorSchema).nullable().default(null).register(optionDocs, {
    text: "Ray actors that belong to the deployment; null: none.",
    unit: null,
    update: "restart",
    rayName: "deployment_actors",
    since,
  }),
});
