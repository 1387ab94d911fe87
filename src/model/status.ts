// Statuses as REST and `serve.status()` show them: Ray Serve's words (reference 2.7), camelCase here, snake_case on REST.
import type { ResolvedDeploymentOptions, ResolvedHttpOptions } from "../config/options.generated.ts";
import type { ApplicationConfig, OptionOrigin } from "../config/config-types.ts";

export type ApplicationStatus = "NOT_STARTED" | "DEPLOYING" | "DEPLOY_FAILED" | "RUNNING" | "UNHEALTHY" | "DELETING";
export type DeploymentStatus = "UPDATING" | "HEALTHY" | "UNHEALTHY" | "DEPLOY_FAILED" | "UPSCALING" | "DOWNSCALING";
export type DeploymentStatusTrigger =
  | "UNSPECIFIED"
  | "CONFIG_UPDATE_STARTED"
  | "CONFIG_UPDATE_COMPLETED"
  | "UPSCALE_COMPLETED"
  | "DOWNSCALE_COMPLETED"
  | "AUTOSCALING"
  | "REPLICA_STARTUP_FAILED"
  | "HEALTH_CHECK_FAILED"
  | "INTERNAL_ERROR"
  | "DELETING";
/** `STOPPED`: among `recentDeadReplicas` only. */
export type ReplicaState = "STARTING" | "UPDATING" | "RECOVERING" | "RUNNING" | "STOPPING" | "STOPPED";
export type ProxyStatus = "STARTING" | "HEALTHY" | "UNHEALTHY" | "DRAINING" | "DRAINED";

export interface ReplicaDetails {
  readonly replicaId: string;
  readonly state: ReplicaState;
  readonly pid: number | null;
  /** Unix seconds. */
  readonly startTimeS: number;
  readonly nodeId: string;
  readonly nodeIp: string;
  readonly logFilePath: string;
}

/** One change of a deployment's size, and why. */
export interface ScaleDecision {
  /** Unix seconds. */
  readonly timestampS: number;
  readonly reason: string;
  readonly prevNumReplicas: number;
  readonly currNumReplicas: number;
  /** Name of the policy; `default`, a user's, `external` or `config`. */
  readonly policy: string;
}

/** What a deployment's autoscaler sees and did. */
export interface AutoscalingDetails {
  readonly scalingStatus: "UPSCALING" | "DOWNSCALING" | "STABLE";
  /** What the last look came to, in words and numbers. */
  readonly reason: string;
  /** Oldest first, the newest 50. */
  readonly decisions: readonly ScaleDecision[];
  /** By name: `totalRequests`, `queuedRequests`, `desiredReplicas`, a user's own. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly metricsHealth: "healthy" | "delayed" | "unavailable";
  readonly errors: readonly string[];
}

export interface DeploymentDetails {
  readonly name: string;
  readonly status: DeploymentStatus;
  readonly statusTrigger: DeploymentStatusTrigger;
  readonly message: string;
  readonly targetNumReplicas: number;
  /** Effective options: code, config file and defaults together. */
  readonly options: ResolvedDeploymentOptions;
  /** Where each option comes from. */
  readonly origins: Readonly<Record<string, OptionOrigin>>;
  /** Names of the deployments that it was bound with. */
  readonly calls: readonly string[];
  readonly codeVersion: string;
  readonly replicas: readonly ReplicaDetails[];
  /** The newest ten that ended, oldest first. */
  readonly recentDeadReplicas: readonly ReplicaDetails[];
  /** Null: it does not scale by itself. */
  readonly autoscaling: AutoscalingDetails | null;
}

export interface ApplicationDetails {
  readonly name: string;
  readonly routePrefix: string | null;
  readonly status: ApplicationStatus;
  readonly message: string;
  /** Unix seconds. */
  readonly lastDeployedTimeS: number;
  readonly source: "imperative" | "declarative";
  /** Where it serves its documentation: the field `docsPath` of its ingress, while a replica of that runs. */
  readonly docsPath: string | null;
  /** Empty while it was never built. */
  readonly ingress: string;
  readonly externalScalerEnabled: boolean;
  /** What a config file said of it, as it was sent; null: none did. */
  readonly deployedAppConfig: ApplicationConfig | null;
  readonly deployments: Readonly<Record<string, DeploymentDetails>>;
}

export interface ProxyDetails {
  readonly id: string;
  readonly nodeId: string;
  readonly nodeIp: string;
  readonly status: ProxyStatus;
  readonly pid: number | null;
  readonly logFilePath: string;
}

/** Where a door of the instance listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

/** The head. */
export interface ControllerDetails {
  readonly pid: number;
  readonly nodeId: string;
  readonly nodeIp: string;
  readonly logFilePath: string;
  /** Unix seconds. */
  readonly startTimeS: number;
}

/** What `serve.status()` answers. */
export interface InstanceStatus {
  /** Null: nothing runs. */
  readonly controller: ControllerDetails | null;
  readonly proxyLocation: "Disabled" | "HeadOnly" | "EveryNode";
  /** Null: there are no proxies. */
  readonly httpOptions: ResolvedHttpOptions | null;
  /** 0 to 100; null: all of it. */
  readonly targetCapacity: number | null;
  /** By node id. */
  readonly proxies: Readonly<Record<string, ProxyDetails>>;
  readonly applications: Readonly<Record<string, ApplicationDetails>>;
  /** Null until a proxy listens, or when there is none. */
  readonly http: Endpoint | null;
  readonly admin: Endpoint | null;
}

/** What `serve.status()` answers where nothing runs. */
export const NO_INSTANCE: InstanceStatus = {
  controller: null,
  proxyLocation: "EveryNode",
  httpOptions: null,
  targetCapacity: null,
  proxies: {},
  applications: {},
  http: null,
  admin: null,
};
