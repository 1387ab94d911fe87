// What the engine is told to start: replicas and proxies as process specifications. Pure.
import type { ProcessSpec, Resources } from "../engine/engine.ts";
import type { NodeId, ProcessId } from "../model/ids.ts";
import type { ApplicationTarget, DeploymentTarget } from "../model/target-state.ts";
import { logFileName, outputFileName } from "../telemetry/file-names.ts";
import type { LogComponent } from "../telemetry/log-format.ts";
import type { Bootstrap } from "./controller-options.ts";

/** The controller never starts an id twice. */
export const EPOCH = 1;

/** What a replica uses when its deployment does not say (Ray Serve's `num_cpus` of 1). */
const REPLICA_RESOURCES: Resources = { cpus: 1, gpus: 0, memoryBytes: 0, custom: {} };
const PROXY_RESOURCES: Resources = { cpus: 0, gpus: 0, memoryBytes: 0, custom: {} };

/** One replica. The way to the head cannot be changed by the deployment's own environment. */
export function replicaSpec(
  id: ProcessId,
  application: ApplicationTarget,
  target: DeploymentTarget,
  bootstrap: Bootstrap,
): ProcessSpec {
  const { name, options } = target.spec;
  return {
    id,
    epoch: EPOCH,
    program: "replica",
    runtime: "node",
    args: bootstrap.args,
    env: { ...options.runtimeEnv.envVars, ...bootstrap.env },
    cwd: application.workingDir,
    outputFile: outputFileName({ kind: "replica", application: application.name, deployment: name, replicaId: id }),
    resources: REPLICA_RESOURCES,
    placement: { kind: "spread" },
  };
}

/** One proxy of a node. */
export function proxySpec(id: ProcessId, node: NodeId, nodeIp: string, cwd: string, bootstrap: Bootstrap): ProcessSpec {
  return {
    id,
    epoch: EPOCH,
    program: "proxy",
    runtime: "node",
    args: bootstrap.args,
    env: bootstrap.env,
    cwd,
    outputFile: outputFileName({ kind: "proxy", id: nodeIp }),
    resources: PROXY_RESOURCES,
    placement: { kind: "node", nodeId: node, soft: false },
  };
}

/** Ray Serve's form of a log's place: relative to the folder above `serve/`, with a slash in front. */
export function logFilePathOf(component: LogComponent): string {
  return `/serve/${logFileName(component)}`;
}
