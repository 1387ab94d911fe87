// The groups of options that are checked, typed and documented. A new group is a line here.
import { z } from "zod";
import { applicationSchema, handleSchema } from "./application.ts";
import { autoscalingPolicySchema, autoscalingSchema } from "./autoscaling.ts";
import { batchSchema, multiplexedSchema } from "./batching.ts";
import {
  configFileSchema,
  controllerEnvSchema,
  controllerSchema,
  fileApplicationSchema,
  grpcSchema,
  tracingSchema,
} from "./config-file.ts";
import { deploymentSchema } from "./deployment.ts";
import { adminSchema, httpSchema, instanceSchema } from "./instance.ts";
import { loggingSchema } from "./logging.ts";
import { deploymentActorSchema, fallbackSchema, gangSchema, resourcesSchema, runtimeEnvSchema } from "./placement.ts";
import { backpressureSchema, requestRouterSchema } from "./routing.ts";

/** What `serve.run` takes: the options of the instance it may start, and those of the application, which win. */
export const runSchema = z.strictObject({ ...instanceSchema.shape, ...applicationSchema.shape });

/** How a group appears: the name in `checkOptions`, the name of its types, and a sentence for its readers. */
export interface OptionGroupSource {
  readonly name: string;
  /** `Deployment` gives `DeploymentOptions` and `ResolvedDeploymentOptions`. */
  readonly type: string;
  readonly text: string;
  readonly schema: z.ZodObject;
  /** Names of the groups whose options it joins, when it has none of its own; of two options of one name the last holds. */
  readonly joins?: readonly string[];
  /** Only in config files: it has no TypeScript types. */
  readonly fileOnly?: true;
}

/** Groups in the order of the docs page; one that is used inside another comes before it. */
export const optionGroups: readonly OptionGroupSource[] = [
  {
    name: "autoscalingPolicy",
    type: "AutoscalingPolicy",
    text: "`policy` of `autoscalingConfig`, and `autoscalingPolicy` of an application.",
    schema: autoscalingPolicySchema,
  },
  {
    name: "autoscaling",
    type: "Autoscaling",
    text: "`autoscalingConfig` of a deployment.",
    schema: autoscalingSchema,
  },
  { name: "batch", type: "Batch", text: "Options of `batch()`.", schema: batchSchema },
  { name: "multiplexed", type: "Multiplexed", text: "Options of `multiplexed()`.", schema: multiplexedSchema },
  {
    name: "backpressure",
    type: "Backpressure",
    text: "`backpressureConfig` of a deployment.",
    schema: backpressureSchema,
  },
  {
    name: "requestRouter",
    type: "RequestRouter",
    text: "`requestRouterConfig` of a deployment.",
    schema: requestRouterSchema,
  },
  {
    name: "logging",
    type: "Logging",
    text: "`loggingConfig` of a deployment, an application or an instance: the innermost that is given holds.",
    schema: loggingSchema,
  },
  {
    name: "fallback",
    type: "Fallback",
    text: "One of `fallbackStrategy` of `resources`.",
    schema: fallbackSchema,
  },
  {
    name: "resources",
    type: "Resource",
    text: "`resources` of a deployment: `ray_actor_options` in a config file.",
    schema: resourcesSchema,
  },
  {
    name: "runtimeEnv",
    type: "RuntimeEnv",
    text: "`runtimeEnv` of a deployment or an application.",
    schema: runtimeEnvSchema,
  },
  {
    name: "gangScheduling",
    type: "GangScheduling",
    text: "`gangSchedulingConfig` of a deployment.",
    schema: gangSchema,
  },
  {
    name: "deploymentActor",
    type: "DeploymentActor",
    text: "One of `deploymentActors` of a deployment.",
    schema: deploymentActorSchema,
  },
  {
    name: "deployment",
    type: "Deployment",
    text: "Options of `deployment()` and of `.options()` on a deployment.",
    schema: deploymentSchema,
  },
  { name: "handle", type: "Handle", text: "Options of `handle.options()`.", schema: handleSchema },
  {
    name: "application",
    type: "Application",
    text: "Options of one application, in `serve.run()` and `serve.runMany()`.",
    schema: applicationSchema,
  },
  { name: "http", type: "Http", text: "`http` of an instance: the proxy's HTTP server.", schema: httpSchema },
  { name: "admin", type: "Admin", text: "`admin` of an instance: the admin server.", schema: adminSchema },
  {
    name: "instance",
    type: "Instance",
    text: "Options of `serve.start()`. Joining an instance that runs already warns about other values and ignores them.",
    schema: instanceSchema,
  },
  {
    name: "run",
    type: "Run",
    text: "Options of `serve.run()`: those of the application and those of the instance that it may start.",
    schema: runSchema,
    joins: ["instance", "application"],
  },
  {
    name: "grpc",
    type: "Grpc",
    text: "`grpc_options` of a config file.",
    schema: grpcSchema,
    fileOnly: true,
  },
  {
    name: "tracing",
    type: "Tracing",
    text: "`tracing_config` of a config file.",
    schema: tracingSchema,
    fileOnly: true,
  },
  {
    name: "controllerEnv",
    type: "ControllerEnv",
    text: "`runtime_env` of `controller_options`.",
    schema: controllerEnvSchema,
    fileOnly: true,
  },
  {
    name: "controller",
    type: "Controller",
    text: "`controller_options` of a config file.",
    schema: controllerSchema,
    fileOnly: true,
  },
  {
    name: "fileApplication",
    type: "FileApplication",
    text: "One of `applications` of a config file.",
    schema: fileApplicationSchema,
    fileOnly: true,
  },
  { name: "configFile", type: "ConfigFile", text: "A whole config file.", schema: configFileSchema, fileOnly: true },
];
