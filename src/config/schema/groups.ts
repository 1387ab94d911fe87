// The groups of options that are checked, typed and documented. A new group is a line here.
import { z } from "zod";
import { applicationSchema, handleSchema } from "./application.ts";
import { deploymentSchema, runtimeEnvSchema } from "./deployment.ts";
import { adminSchema, httpSchema, instanceSchema, loggingSchema } from "./instance.ts";

/** What `serve.run` takes: the options of the instance it may start, and those of the application. */
export const runSchema = z.strictObject({ ...applicationSchema.shape, ...instanceSchema.shape });

/** How a group appears: the name in `checkOptions`, the name of its types, and a sentence for its readers. */
export interface OptionGroupSource {
  readonly name: string;
  /** `Deployment` gives `DeploymentOptions` and `ResolvedDeploymentOptions`. */
  readonly type: string;
  readonly text: string;
  readonly schema: z.ZodObject;
  /** Names of the groups whose options it joins, when it has none of its own. */
  readonly joins?: readonly string[];
}

/** Groups in the order of the docs page; one that is used inside another comes before it. */
export const optionGroups: readonly OptionGroupSource[] = [
  { name: "runtimeEnv", type: "RuntimeEnv", text: "`runtimeEnv` of a deployment.", schema: runtimeEnvSchema },
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
  { name: "logging", type: "Logging", text: "`loggingConfig` of an instance.", schema: loggingSchema },
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
    joins: ["application", "instance"],
  },
];
