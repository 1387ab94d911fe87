// What a config file holds besides the options that code has as well (reference 2.1 to 2.3): which applications, and
// how instance-wide servers run. An option that exists in code and in files stands with its group; `file` in its
// entry says how a file differs.
import { z } from "zod";
import { applicationSchema } from "./application.ts";
import { deploymentSchema } from "./deployment.ts";
import { jsonValue } from "./json-schema.ts";
import { optionDocs } from "./option-docs.ts";
import { instanceSchema } from "./instance.ts";
import { loggingSchema } from "./logging.ts";

const since = "0.1.0";

/** `grpc_options`. */
export const grpcSchema = z.strictObject({
  port: z.int().min(0).max(65_535).default(9000).register(optionDocs, {
    text: "Port on which the gRPC server listens.",
    unit: null,
    update: "restart",
    rayName: "port",
    since,
  }),
  grpcServicerFunctions: z.array(z.string()).default([]).register(optionDocs, {
    text: "Import paths of the functions that add services; without one there is no gRPC server.",
    unit: null,
    update: "restart",
    rayName: "grpc_servicer_functions",
    since,
  }),
  requestTimeoutS: z.number().min(0).nullable().default(null).register(optionDocs, {
    text: "Deadline of each gRPC request; null: none.",
    unit: "s",
    update: "restart",
    rayName: "request_timeout_s",
    since,
  }),
  enableReflection: z.boolean().default(true).register(optionDocs, {
    text: "Whether the server lists its services to those who ask.",
    unit: null,
    update: "restart",
    rayName: "enable_reflection",
    since,
  }),
});

/** `tracing_config`. */
export const tracingSchema = z.strictObject({
  enabled: z.boolean().default(false).register(optionDocs, {
    text: "Whether spans are exported.",
    unit: null,
    update: "restart",
    rayName: "enabled",
    since,
  }),
  exporterImportPath: z.string().default("").register(optionDocs, {
    text: "Import path of the exporter.",
    unit: null,
    update: "restart",
    rayName: "exporter_import_path",
    since,
  }),
  samplingRatio: z.number().min(0).max(1).default(0.01).register(optionDocs, {
    text: "Share of the requests that leave a trace.",
    unit: null,
    update: "restart",
    rayName: "sampling_ratio",
    since,
  }),
});

/** `runtime_env` of `controller_options`. */
export const controllerEnvSchema = z.strictObject({
  envVars: z.record(z.string(), z.string()).default({}).register(optionDocs, {
    text: "Environment variables of Ray's controller; the head of an instance that runs has its own.",
    unit: null,
    update: "restart",
    rayName: "env_vars",
    since,
    expected: "strings by name",
    secret: true,
  }),
});

/** `controller_options`. */
export const controllerSchema = z.strictObject({
  runtimeEnv: controllerEnvSchema.nullable().default(null).register(optionDocs, {
    text: "Environment of the controller.",
    unit: null,
    update: "restart",
    rayName: "runtime_env",
    since,
  }),
});

/** One of `applications`. */
export const fileApplicationSchema = z.strictObject({
  importPath: z
    .string()
    .regex(/^(?:[^:]+:[^:]+|[^:]+\.[^:.]+)$/)
    .register(optionDocs, {
      text: "Where the application is: `./app.ts:app`, or `package.module:attribute` in Python.",
      unit: null,
      update: "restart",
      rayName: "import_path",
      since,
      expected: "a module and an export with one colon between them: ./app.ts:app; or package.module.attribute",
    }),
  ...applicationSchema.shape,
  args: z.record(z.string(), jsonValue()).default({}).register(optionDocs, {
    text: "Arguments of an application builder, by name.",
    unit: null,
    update: "restart",
    rayName: "args",
    since,
    expected: "an object of JSON data",
  }),
  deployments: z.array(deploymentSchema).default([]).register(optionDocs, {
    text: "Options that override those in the code, by deployment. Taken out again, the code's value holds again.",
    unit: null,
    update: "live",
    rayName: "deployments",
    since,
  }),
});

/** The whole file. */
export const configFileSchema = z.strictObject({
  proxyLocation: instanceSchema.shape.proxyLocation,
  http: instanceSchema.shape.http,
  grpcOptions: grpcSchema.prefault({}).register(optionDocs, {
    text: "The gRPC server of the proxies; planned: checked, and without effect in this version.",
    unit: null,
    update: "restart",
    rayName: "grpc_options",
    since,
  }),
  controllerOptions: controllerSchema.nullable().default(null).register(optionDocs, {
    text: "Ray's controller; checked, and without effect here.",
    unit: null,
    update: "restart",
    rayName: "controller_options",
    since,
  }),
  loggingConfig: loggingSchema.nullable().default(null).register(optionDocs, {
    text: "Logs of all applications that have no `logging_config` of their own.",
    unit: null,
    update: "reconfigure",
    rayName: "logging_config",
    since,
  }),
  tracingConfig: tracingSchema.nullable().default(null).register(optionDocs, {
    text: "Traces of requests; planned: checked, and without effect in this version.",
    unit: null,
    update: "restart",
    rayName: "tracing_config",
    since,
  }),
  targetCapacity: z.number().min(0).max(100).nullable().default(null).register(optionDocs, {
    text: "Share of all numbers of replicas that shall run, in percent; null: all of them.",
    unit: null,
    update: "live",
    rayName: "target_capacity",
    since,
  }),
  applications: z.array(fileApplicationSchema).register(optionDocs, {
    text: "All applications that shall run by config file: what is missing here is deleted.",
    unit: null,
    update: "restart",
    rayName: "applications",
    since,
  }),
});
