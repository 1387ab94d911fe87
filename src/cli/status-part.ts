// The part of a status that the CLI shows, whether it comes over a control link or from the REST API.
import type { ApplicationDetails, DeploymentDetails, InstanceStatus, ReplicaDetails } from "../model/status.ts";

/** What is said of a deployment. */
export interface DeploymentPart extends Pick<
  DeploymentDetails,
  "name" | "status" | "statusTrigger" | "message" | "targetNumReplicas"
> {
  readonly replicas: readonly Pick<ReplicaDetails, "replicaId" | "state">[];
}

/** What is said of an application. */
export interface ApplicationPart extends Pick<
  ApplicationDetails,
  "name" | "routePrefix" | "status" | "message" | "lastDeployedTimeS" | "deployedAppConfig"
> {
  readonly deployments: Readonly<Record<string, DeploymentPart>>;
}

/** What is said of an instance; an `InstanceStatus` is one. */
export interface StatusPart {
  readonly proxies: Readonly<Record<string, Pick<InstanceStatus["proxies"][string], "status">>>;
  readonly applications: Readonly<Record<string, ApplicationPart>>;
  readonly targetCapacity: number | null;
  readonly http: Pick<NonNullable<InstanceStatus["http"]>, "url"> | null;
}
