// The read model of `serve.status()` and REST: what the controller knows, in the words of status. Pure.
import { urlOf } from "../config/hosts.ts";
import { PROXY_STATUSES, REPLICA_STATES } from "../model/lifecycle.ts";
import type {
  ApplicationDetails,
  DeploymentDetails,
  Endpoint,
  InstanceStatus,
  ProxyDetails,
  ReplicaDetails,
} from "../model/status.ts";
import type { ApplicationTarget } from "../model/target-state.ts";
import { applicationStatus } from "./decide/status.ts";
import { logFilePathOf } from "./process-specs.ts";
import type { ControllerState, ReplicaRecord } from "./state.ts";

/** Everything, as of now. */
export function readStatus(
  state: ControllerState,
  nodeIps: ReadonlyMap<string, string>,
  admin: Endpoint | null,
): InstanceStatus {
  return {
    proxies: Object.fromEntries([...state.proxies.values()].map((p) => [p.node, proxyDetails(p, nodeIps)])),
    applications: Object.fromEntries(
      [...state.applications].map(([name, target]) => [name, applicationDetails(state, target)]),
    ),
    http: httpEndpoint(state),
    admin,
  };
}

/** Status and message of one application. */
export function readApplicationStatus(
  state: ControllerState,
  target: ApplicationTarget,
): ReturnType<typeof applicationStatus> {
  const infos = target.deployments.map(
    ({ spec }) => [spec.name, state.deployment(target.name, spec.name).status] as const,
  );
  return applicationStatus(target.deleting, new Map(infos));
}

/** True when a deployment serves, but the replicas that it should have besides fail to start: nobody need wait for them. */
export function hasFailedStarts(state: ControllerState, target: ApplicationTarget): boolean {
  return target.deployments.some(({ spec }) => {
    const { status, trigger } = state.deployment(target.name, spec.name).status;
    return status === "UNHEALTHY" && trigger === "REPLICA_STARTUP_FAILED";
  });
}

/** Where the proxies listen; null until one does. */
export function httpEndpoint(state: ControllerState): Endpoint | null {
  const listening = [...state.proxies.values()].find(({ phase }) => phase.kind === "listening")?.phase;
  if (listening?.kind !== "listening") return null;
  const { host, port } = listening;
  return { host, port, url: urlOf(host, port) };
}

function applicationDetails(state: ControllerState, target: ApplicationTarget): ApplicationDetails {
  return {
    name: target.name,
    routePrefix: target.routePrefix,
    ...readApplicationStatus(state, target),
    lastDeployedTimeS: target.lastDeployedMs / 1000,
    deployments: Object.fromEntries(
      target.deployments.map(({ spec }) => [
        spec.name,
        deploymentDetails(state, target.name, spec.name, spec.options.numReplicas),
      ]),
    ),
  };
}

function deploymentDetails(
  state: ControllerState,
  application: string,
  name: string,
  targetNumReplicas: number,
): DeploymentDetails {
  const { status, trigger, message } = state.deployment(application, name).status;
  const replicas = state.replicasOf(application, name).map(replicaDetails);
  return { name, status, statusTrigger: trigger, message, targetNumReplicas, replicas };
}

function replicaDetails(record: ReplicaRecord): ReplicaDetails {
  const { id, application, deployment } = record;
  return {
    replicaId: id,
    state: REPLICA_STATES[record.phase.kind],
    pid: record.pid,
    startTimeS: record.startMs / 1000,
    nodeId: record.node,
    logFilePath: logFilePathOf({ kind: "replica", application, deployment, replicaId: id }),
  };
}

function proxyDetails(
  {
    node,
    phase,
    pid,
  }: {
    readonly node: string;
    readonly phase: { readonly kind: keyof typeof PROXY_STATUSES };
    readonly pid: number | null;
  },
  nodeIps: ReadonlyMap<string, string>,
): ProxyDetails {
  const logFilePath = logFilePathOf({ kind: "proxy", id: nodeIps.get(node) ?? node });
  return { nodeId: node, status: PROXY_STATUSES[phase.kind], pid, logFilePath };
}
