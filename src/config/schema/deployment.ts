// Options of a deployment. Names, bounds and defaults are Ray Serve's (reference 2.4); update costs are reference 2.6.
import { z } from "zod";
import { findNonJson } from "../json-value.ts";
import { optionDocs } from "./option-docs.ts";

const since = "0.1.0";

/** Options of the environment that a replica's process gets. */
export const runtimeEnvSchema = z.strictObject({
  envVars: z
    .record(z.string().regex(/^[^=\0]+$/), z.string().regex(/^[^\0]*$/))
    .default({})
    .register(optionDocs, {
      text: "Environment variables of the replicas, on top of those the head was started with.",
      unit: null,
      update: "restart",
      rayName: "env_vars",
      since,
      expected: 'strings by name, a name without "="',
      secret: true,
    }),
});

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
      expected: 'a non-empty string without "#"',
    }),
  numReplicas: z.int().min(1).default(1).register(optionDocs, {
    text: "How many replicas run.",
    unit: null,
    update: "live",
    rayName: "num_replicas",
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
    }),
  userConfig: z
    .unknown()
    .refine((value) => findNonJson(value) === undefined)
    .default(null)
    .register(optionDocs, {
      text: "JSON data given to `reconfigure` at the start of a replica and when it changes; null: none.",
      unit: null,
      update: "reconfigure",
      rayName: "user_config",
      since,
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
  maxConstructorRetryCount: z.int().min(1).default(20).register(optionDocs, {
    text: "How many failed starts of replicas end a deploy, if three a replica are not reached before.",
    unit: null,
    update: "live",
    rayName: "max_constructor_retry_count",
    since,
  }),
  runtimeEnv: runtimeEnvSchema.prefault({}).register(optionDocs, {
    text: "Environment of the replicas' processes.",
    unit: null,
    update: "restart",
    rayName: "ray_actor_options.runtime_env",
    since,
  }),
});
