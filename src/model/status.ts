// Statuses as REST and `serve.status()` show them: Ray Serve's words (reference 2.7), camelCase here, snake_case on REST.

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
export type ReplicaState = "STARTING" | "UPDATING" | "RECOVERING" | "RUNNING" | "STOPPING";
export type ProxyStatus = "STARTING" | "HEALTHY" | "UNHEALTHY" | "DRAINING" | "DRAINED";

export interface ReplicaDetails {
  readonly replicaId: string;
  readonly state: ReplicaState;
  readonly pid: number | null;
  /** Unix seconds. */
  readonly startTimeS: number;
  readonly nodeId: string;
  readonly logFilePath: string;
}

export interface DeploymentDetails {
  readonly name: string;
  readonly status: DeploymentStatus;
  readonly statusTrigger: DeploymentStatusTrigger;
  readonly message: string;
  readonly targetNumReplicas: number;
  readonly replicas: readonly ReplicaDetails[];
}

export interface ApplicationDetails {
  readonly name: string;
  readonly routePrefix: string | null;
  readonly status: ApplicationStatus;
  readonly message: string;
  /** Unix seconds. */
  readonly lastDeployedTimeS: number;
  readonly deployments: Readonly<Record<string, DeploymentDetails>>;
}

export interface ProxyDetails {
  readonly nodeId: string;
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

/** What `serve.status()` answers. */
export interface InstanceStatus {
  /** By node id. */
  readonly proxies: Readonly<Record<string, ProxyDetails>>;
  readonly applications: Readonly<Record<string, ApplicationDetails>>;
  /** Null until a proxy listens, or when there is none. */
  readonly http: Endpoint | null;
  readonly admin: Endpoint | null;
}
