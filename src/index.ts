// The public names of `manta-serve`, listed by hand (docs/reference/api.md has a section for each; a test compares).
// At run time it imports api/ and core/ only: a replica that loads user code loads no driver. `serve` brings the driver by `import()`.
import { createServe, type Serve } from "./api/serve.ts";

export { appBuilder } from "./api/app-builder.ts";
export { autoscalingPolicy } from "./api/autoscaling-policy.ts";
export { batch } from "./api/batch.ts";
export { replicaContext, requestContext } from "./api/context.ts";
export { deployment } from "./api/deployment.ts";
export { ingress } from "./api/ingress.ts";
export { logger } from "./api/logger.ts";
export { metrics } from "./api/metrics.ts";
export { multiplexed, multiplexedModelId } from "./api/multiplexed.ts";
export { requestRouter } from "./api/request-router.ts";
export { sse } from "./api/sse.ts";
export {
  BackPressureError,
  ConfigError,
  DeploymentUnavailableError,
  ReplicaGoneError,
  RequestCancelledError,
  RequestTimeoutError,
  SerializationError,
  ServeError,
  UserCodeError,
  isServeError,
} from "./core/errors.ts";

export type { BatchControls, BatchFunction, BatchOptions, BatchStreamFunction } from "./api/batch.ts";
export type { MultiplexedFunction } from "./api/multiplexed.ts";
export type { BatchStats } from "./batching/batch-plan.ts";
export type { NodeApp, NodeServerApp } from "./api/ingress.ts";
export type { CloseReason } from "./batching/form-batches.ts";
export type { Counter, Gauge, Histogram, HistogramOptions, MetricOptions, Metrics } from "./api/metrics.ts";
export type {
  ApplicationPolicy,
  ApplicationPolicyClass,
  AutoscalingPolicy,
  AutoscalingPolicyClass,
  PolicyReply,
} from "./api/autoscaling-policy.ts";
export type { AppBuilder, ArgsIssue, ArgsSchema, CheckedArgs } from "./api/app-builder.ts";
export type { ReplicaContext, ReplicaRank } from "./api/runtime.ts";
export type { RunManyItem, Serve } from "./api/serve.ts";
export type { SseEvent, SseEventFields } from "./api/sse.ts";
export type {
  Application,
  Deployment,
  DeploymentResponse,
  DeploymentResponseStream,
  Handle,
  HandleControls,
  RemoteMethod,
  RemoteResult,
  RequestContext,
} from "./api/types.ts";
export type {
  AdminOptions,
  ApplicationOptions,
  AutoscalingOptions,
  AutoscalingPolicyOptions,
  DeploymentOptions,
  HandleOptions,
  HttpOptions,
  InstanceOptions,
  LoggingOptions,
  RunOptions,
  RuntimeEnvOptions,
} from "./config/options.generated.ts";
export type { ApplicationConfig, DeploymentConfig, ServeConfig } from "./config/serve-config.ts";
export type { ErrorCode } from "./core/error-codes.ts";
export type {
  BackPressureDetails,
  ConfigErrorDetails,
  DeploymentUnavailableDetails,
  ErrorDetails,
  ReplicaGoneDetails,
  RequestCancelledDetails,
  RequestTimeoutDetails,
  SerializationDetails,
  UserCodeDetails,
} from "./core/errors.ts";
export type { LogFields, Logger } from "./core/logger.ts";
export type { RequestRouter, RequestRouterClass, RoutedCall, RoutedReplica } from "./model/request-router.ts";
export type { AutoscalingContext, TimeStampedValue } from "./model/autoscaling-context.ts";
export type {
  ApplicationDetails,
  ApplicationStatus,
  AutoscalingDetails,
  DeploymentDetails,
  DeploymentStatus,
  DeploymentStatusTrigger,
  Endpoint,
  InstanceStatus,
  ProxyDetails,
  ProxyStatus,
  ReplicaDetails,
  ReplicaState,
  ScaleDecision,
} from "./model/status.ts";

/** Runs and manages applications: `await serve.run(app)`. */
export const serve: Serve = createServe(async () => (await import("./serve/driver.ts")).driver);
