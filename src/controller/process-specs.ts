// What the engine is told of processes: those to start as specifications, those that are known from before. Pure.
import type { KnownProcess, ProcessSpec, Resources } from "../engine/engine.ts";
import type { ResolvedResourceOptions, ResolvedRuntimeEnvOptions } from "../config/options.generated.ts";
import type { NodeId, ProcessId } from "../model/ids.ts";
import type { ApplicationTarget, DeploymentTarget } from "../model/target-state.ts";
import { logFileName, outputFileName } from "../telemetry/file-names.ts";
import type { LogComponent } from "../telemetry/log-format.ts";
import type { Bootstrap } from "./controller-options.ts";
import type { ControllerState } from "./state.ts";

/** The controller never starts an id twice. */
export const EPOCH = 1;

const PROXY_RESOURCES: Resources = { cpus: 0, gpus: 0, memoryBytes: 0, custom: {} };

/** What a replica claims of an accelerator's type: so little that any number fits beside it, as in Ray. */
const ACCELERATOR_SHARE = 0.001;

/** What one replica claims, by Ray's names where the resource is custom. */
export function resourcesOf({ cpus, gpus, memoryBytes, acceleratorType, custom }: ResolvedResourceOptions): Resources {
  const accelerator = acceleratorType === null ? {} : { [`accelerator_type:${acceleratorType}`]: ACCELERATOR_SHARE };
  return { cpus, gpus, memoryBytes: memoryBytes ?? 0, custom: { ...custom, ...accelerator } };
}

/** One replica. The way to the head cannot be changed by the deployment's own environment. */
export function replicaSpec(
  { id, node, resources }: { readonly id: ProcessId; readonly node: NodeId; readonly resources: Resources },
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
    env: { ...environmentOf(options.runtimeEnv), ...bootstrap.env },
    cwd: options.runtimeEnv.workingDir ?? application.workingDir,
    outputFile: outputFileName({ kind: "replica", application: application.name, deployment: name, replicaId: id }),
    resources,
    placement: { kind: "node", nodeId: node, soft: false },
  };
}

/** Node reads its flags from a variable as well, where a user may have put some. */
function environmentOf({ envVars, nodeOptions }: ResolvedRuntimeEnvOptions): Readonly<Record<string, string>> {
  if (nodeOptions.length === 0) return envVars;
  const own = envVars["NODE_OPTIONS"];
  return { ...envVars, NODE_OPTIONS: [...(own === undefined ? [] : [own]), ...nodeOptions].join(" ") };
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

/** Processes of the last checkpoint, as the engine takes them up. */
export function knownProcesses({ replicas, proxies }: Pick<ControllerState, "replicas" | "proxies">): KnownProcess[] {
  return [
    ...[...replicas.values()].map(({ id, pid, resources, gpuIds }): KnownProcess => ({
      id,
      epoch: EPOCH,
      pid,
      program: "replica",
      claim: { resources, gpuIds },
    })),
    ...[...proxies.values()].map(({ id, pid }): KnownProcess => ({ id, epoch: EPOCH, pid, program: "proxy" })),
  ];
}

/** Ray Serve's form of a log's place: relative to the folder above `serve/`, with a slash in front. */
export function logFilePathOf(component: LogComponent): string {
  return `/serve/${logFileName(component)}`;
}
