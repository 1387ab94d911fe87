// The read model of `serve.status()` and REST: what the controller knows, in the words of status. Pure.
import type { OptionOrigin } from "../config/config-types.ts";
import { urlOf } from "../config/hosts.ts";
import { PROXY_STATUSES, REPLICA_STATES } from "../model/lifecycle.ts";
import type { ResolvedHttpOptions } from "../config/options.generated.ts";
import type { DeploymentSpec } from "../model/application-spec.ts";
import type { NodeId } from "../model/ids.ts";
import {
  type ApplicationDetails,
  type AutoscalingDetails,
  type ControllerDetails,
  type DeploymentDetails,
  type Endpoint,
  type InstanceStatus,
  type ProxyDetails,
  type ReplicaDetails,
  NO_INSTANCE,
} from "../model/status.ts";
import type { ApplicationTarget, DeploymentTarget } from "../model/target-state.ts";
import type { ControllerOptions } from "./controller-options.ts";
import { applicationStatus } from "./decide/status.ts";
import { logFilePathOf } from "./process-specs.ts";
import { type Serving, servingNow } from "./serving.ts";
import { nodeIpOf } from "../engine/engine.ts";
import { type ControllerState, isEmpty, type ProxyRecord, type ReplicaRecord } from "./state.ts";

/** Everything, as of now. */
export function readStatus(
  state: ControllerState,
  autoscaling: AutoscalingOf,
  options: ControllerOptions,
  startMs: number,
): InstanceStatus {
  if (state.standing === "emptied" && isEmpty(state)) return { ...NO_INSTANCE, admin: options.admin() };
  const serving = servingNow(state.config, options);
  const nodes = options.engine.nodes();
  const nodeIp: NodeIp = (node) => nodeIpOf(nodes, node);
  return {
    controller: controllerDetails(options, startMs),
    proxyLocation: serving.proxyLocation,
    httpOptions: redacted(serving.http),
    targetCapacity: state.capacity.percent,
    proxies: Object.fromEntries([...state.proxies.values()].map((p) => [p.node, proxyDetails(p, nodeIp)])),
    applications: Object.fromEntries(
      [...state.applications].map(([name, target]) => [name, applicationDetails(state, target, nodeIp, autoscaling)]),
    ),
    http: httpEndpoint(state, options),
    admin: options.admin(),
  };
}

/** The password of a key is for the proxy alone. */
function redacted(http: ResolvedHttpOptions | null): ResolvedHttpOptions | null {
  return http === null || http.sslKeyfilePassword === null ? http : { ...http, sslKeyfilePassword: "<redacted>" };
}

type NodeIp = (node: NodeId) => string;
/** What a deployment's autoscaler sees and did; null: it has none. */
type AutoscalingOf = (application: string, deployment: string) => AutoscalingDetails | null;

function controllerDetails({ engine, pid }: ControllerOptions, startMs: number): ControllerDetails {
  const [node] = engine.nodes();
  const logFilePath = logFilePathOf({ kind: "controller", id: String(pid) });
  return { pid, nodeId: node?.id ?? "", nodeIp: node?.ip ?? "", logFilePath, startTimeS: startMs / 1000 };
}

/** Status and message of one application. */
export function readApplicationStatus(
  state: ControllerState,
  target: ApplicationTarget,
): ReturnType<typeof applicationStatus> {
  const infos = target.deployments.map(
    ({ spec }) => [spec.name, state.deployment(target.name, spec.name).status] as const,
  );
  return applicationStatus(target.deleting, target.build, new Map(infos));
}

/** True when a deployment serves, but the replicas that it should have besides fail to start: nobody need wait for them. */
export function hasFailedStarts(state: ControllerState, target: ApplicationTarget): boolean {
  return target.deployments.some(({ spec }) => {
    const { status, trigger } = state.deployment(target.name, spec.name).status;
    return status === "UNHEALTHY" && trigger === "REPLICA_STARTUP_FAILED";
  });
}

/** Where the proxies listen; null until one does. */
export function httpEndpoint(state: ControllerState, options: Serving): Endpoint | null {
  const listening = [...state.proxies.values()].find(({ phase }) => phase.kind === "listening")?.phase;
  if (listening?.kind !== "listening") return null;
  const { host, port } = listening;
  const isSecure = typeof servingNow(state.config, options).http?.sslCertfile === "string";
  return { host, port, url: urlOf(host, port, isSecure ? "https" : "http") };
}

function applicationDetails(
  state: ControllerState,
  target: ApplicationTarget,
  nodeIp: NodeIp,
  autoscaling: AutoscalingOf,
): ApplicationDetails {
  const { name, routePrefix, source, ingress, externalScalerEnabled } = target;
  return {
    name,
    routePrefix,
    ...readApplicationStatus(state, target),
    lastDeployedTimeS: target.lastDeployedMs / 1000,
    source,
    docsPath: target.docsPath ?? reportedDocsPath(state, target),
    ingress,
    externalScalerEnabled,
    deployedAppConfig: target.declared,
    deployments: Object.fromEntries(
      target.deployments.map((one) => [one.spec.name, deploymentDetails(state, name, one, nodeIp, autoscaling)]),
    ),
  };
}

/** What the ingress's newest replica says; null while none has said anything. */
function reportedDocsPath(state: ControllerState, { name, ingress }: ApplicationTarget): string | null {
  return state.replicasOf(name, ingress).findLast(({ docsPath }) => docsPath !== undefined)?.docsPath ?? null;
}

function deploymentDetails(
  state: ControllerState,
  application: string,
  { spec, codeVersion }: DeploymentTarget,
  nodeIp: NodeIp,
  autoscaling: AutoscalingOf,
): DeploymentDetails {
  const { name, options, calls } = spec;
  const { status: info, scale, dead } = state.deployment(application, name);
  return {
    name,
    status: info.status,
    statusTrigger: info.trigger,
    message: info.message,
    targetNumReplicas: scale.target,
    options,
    origins: spec.origins ?? originsOf(spec),
    calls,
    codeVersion,
    replicas: state.replicasOf(application, name).map((record) => replicaDetails(record, nodeIp(record.node))),
    recentDeadReplicas: dead,
    autoscaling: autoscaling(application, name),
  };
}

/** Where each option comes from, where no config file has a say. */
function originsOf({ input, options }: DeploymentSpec): DeploymentDetails["origins"] {
  const origin = (name: string): OptionOrigin => (name in input ? "code" : "default");
  return Object.fromEntries(Object.keys(options).map((name) => [name, origin(name)]));
}

/** One replica. @param nodeIp address of its node */
export function replicaDetails(record: ReplicaRecord, nodeIp: string): ReplicaDetails {
  const { id, application, deployment } = record;
  return {
    replicaId: id,
    state: REPLICA_STATES[record.phase.kind],
    pid: record.pid,
    startTimeS: record.startMs / 1000,
    nodeId: record.node,
    nodeIp,
    logFilePath: logFilePathOf({ kind: "replica", application, deployment, replicaId: id }),
  };
}

function proxyDetails({ id, node, phase, pid, silent }: ProxyRecord, nodeIp: NodeIp): ProxyDetails {
  const logFilePath = logFilePathOf({ kind: "proxy", id: nodeIp(node) });
  const status = silent === null ? PROXY_STATUSES[phase.kind] : "UNHEALTHY";
  return { id, nodeId: node, nodeIp: nodeIp(node), status, pid, logFilePath };
}
