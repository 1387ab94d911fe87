// Options of an application, and those of one call through a handle.
import { z } from "zod";
import { PRIORITIES } from "../priorities.ts";
import { autoscalingPolicySchema } from "./autoscaling.ts";
import { loggingSchema } from "./logging.ts";
import { optionDocs } from "./option-docs.ts";
import { runtimeEnvSchema } from "./placement.ts";

const since = "0.1.0";

/** What `serve.run` and `serve.runMany` take for one application (reference 2.3). */
export const applicationSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[^#]+$/)
    .default("default")
    .register(optionDocs, {
      text: "Name of the application. Deploying under the name of a running one replaces it.",
      unit: null,
      update: "restart",
      rayName: "name",
      since,
      expected: 'a non-empty string without "#"',
    }),
  routePrefix: z
    .string()
    .regex(/^\/(?:[^{}]*[^/{}])?$/)
    .nullable()
    .default("/")
    .register(optionDocs, {
      text: "HTTP path under which the proxy serves the application; null: not over HTTP.",
      unit: null,
      update: "live",
      rayName: "route_prefix",
      since,
      expected: 'a path that starts with "/", does not end with "/" unless it is "/", and has no "{" or "}"; or null',
    }),
  loggingConfig: loggingSchema.nullable().default(null).register(optionDocs, {
    text: "Logs of the replicas whose deployment has no `loggingConfig`; null: as the instance says.",
    unit: null,
    update: "reconfigure",
    rayName: "logging_config",
    since,
  }),
  runtimeEnv: runtimeEnvSchema.prefault({}).register(optionDocs, {
    text: "Environment of all replicas; a deployment's own goes before it, `envVars` name by name.",
    unit: null,
    update: "restart",
    rayName: "runtime_env",
    since,
  }),
  autoscalingPolicy: autoscalingPolicySchema.nullable().default(null).register(optionDocs, {
    text: "One policy for all deployments of the application; null: each has its own.",
    unit: null,
    update: "live",
    rayName: "autoscaling_policy",
    since,
  }),
  externalScalerEnabled: z.boolean().default(false).register(optionDocs, {
    text: "Lets REST set the numbers of replicas; then no deployment may have `autoscalingConfig`.",
    unit: null,
    update: "live",
    rayName: "external_scaler_enabled",
    since,
  }),
});

/** What `handle.options()` takes. */
export const handleSchema = z.strictObject({
  timeoutS: z.number().gt(0).optional().register(optionDocs, {
    text: "Deadline of each call, counted from its start; it covers waiting, running and streaming. A caller's earlier deadline holds.",
    unit: "s",
    update: "live",
    rayName: "timeout_s",
    since,
  }),
  multiplexedModelId: z.string().min(1).optional().register(optionDocs, {
    text: "Model that the calls are for: they go to replicas that hold it.",
    unit: null,
    update: "live",
    rayName: "multiplexed_model_id",
    since,
    expected: "a non-empty string",
  }),
  sessionId: z.string().min(1).optional().register(optionDocs, {
    text: "Session that the calls belong to; the router `consistent-hash` sends those of one session to one replica. Nested calls inherit it.",
    unit: null,
    update: "live",
    rayName: "session_id",
    since,
    expected: "a non-empty string",
  }),
  priority: z.enum(PRIORITIES).optional().register(optionDocs, {
    text: "Which waiting calls go first, and which are refused first when the queue is full. Nested calls inherit it. Without it that of the request, else `normal`.",
    unit: null,
    update: "live",
    rayName: null,
    since,
  }),
  preferLocal: z.boolean().optional().register(optionDocs, {
    text: "Replicas on the caller's machine go first while one of them has a free slot. Default: false; proxies do it.",
    unit: null,
    update: "live",
    rayName: "_prefer_local_routing",
    since,
  }),
  idempotent: z.boolean().optional().register(optionDocs, {
    text: "The calls may run twice: one whose replica dies is tried on another, up to three times within its deadline.",
    unit: null,
    update: "live",
    rayName: null,
    since,
  }),
  signal: z.instanceof(AbortSignal).optional().register(optionDocs, {
    text: "Cancels the calls when it aborts.",
    unit: null,
    update: "live",
    rayName: null,
    since,
  }),
});
