// Everything the controller knows, each fact once: what should be (applications), what was observed (replicas, proxies),
// what decisions remember (starts, statuses). Changed by observe-*.ts, apply-actions.ts, reconcile.ts and controller.ts, read by all.
//   R1  A replica's phase changes by `move`, which holds to the table of legal moves.
//   R2  Records are of this head's knowledge; what decisions get are snapshots of them.
import { PROXY_MOVES, type ProxyPhase, REPLICA_MOVES, type ReplicaPhase, canMove } from "../model/lifecycle.ts";
import { type NodeId, type ProcessId, deploymentKey } from "../model/ids.ts";
import { type Capacity, FULL_CAPACITY } from "../autoscaling/capacity.ts";
import type { ScaleMemory } from "../autoscaling/scale-memory.ts";
import type { ServeConfig } from "../config/serve-config.ts";
import type { EngineEvent, Resources } from "../engine/engine.ts";
import type { ReplicaDetails } from "../model/status.ts";
import type { ApplicationTarget } from "../model/target-state.ts";
import type { HealthMemory, Silence } from "./decide/health.ts";
import type { ProxyMemory } from "./decide/proxies.ts";
import { type StartMemory, freshMemory } from "./decide/start-failures.ts";
import type { Serving } from "./serving.ts";
import { NEW_DEPLOYMENT, type StatusInfo } from "./decide/status.ts";
import { History } from "./history.ts";
import { ReplicaTable } from "./replica-table.ts";

/** What replicas and proxies have in common: a process and a link. Times are Unix milliseconds. */
export interface ProcessRecord {
  readonly id: ProcessId;
  readonly startMs: number;
  pid: number | null;
  node: NodeId;
  linkLostAtMs: number | null;
  /** The engine's words when the process cannot run on. */
  stuck: string | null;
  /** It misses heartbeats: chosen last, and shown in status (H2); null: it is heard. */
  silent: Silence | null;
  /** When it was told to leave, to drain or to die; null: it was not. */
  stopSinceMs: number | null;
}

export interface ReplicaRecord extends ProcessRecord {
  readonly application: string;
  readonly deployment: string;
  rank: number;
  /** How many replicas it believes there are; 0: nobody knows what it believes. */
  worldSize: number;
  /** What it claims of its node, and the gpus it was given. */
  readonly resources: Resources;
  gpuIds: readonly string[];
  /** Grace of its deployment when it started, for the day when the deployment is no more. */
  readonly graceMs: number;
  codeVersion: string;
  configRevision: number;
  phase: ReplicaPhase;
  health: HealthMemory;
  /** Why the engine has not started it yet; null when it has. */
  pending: PendingStart | null;
  /** Files that differed from the deploy when it started (D3). */
  changedFiles: readonly string[];
  /** Multiplexed models that it holds. */
  models: readonly string[];
  /** What its `recordRoutingStats` returned last; undefined: nothing. */
  stats: Readonly<Record<string, unknown>> | undefined;
  /** Where it serves the application's documentation, as an ingress; undefined: nowhere. */
  docsPath: string | undefined;
}

/** What the engine said of a start that it could not make yet. */
export interface PendingStart {
  readonly cause: Extract<EngineEvent, { type: "pending" }>["cause"];
  readonly detail: string;
}

export interface ProxyRecord extends ProcessRecord {
  phase: ProxyPhase;
}

/** What is remembered of one deployment beside its target. */
export interface DeploymentState {
  status: StatusInfo;
  starts: StartMemory;
  /** The rollout to the target was given up: until the next deploy the target's `fallback` is what holds (D6). */
  failure: RolloutFailure | null;
  /** `scale.target` is how many replicas it should have: every reader takes it from here. */
  scale: ScaleMemory;
  /** The newest replicas that ended, oldest first; not in the checkpoint. */
  dead: readonly ReplicaDetails[];
}

/** A rollout that was given up. */
export interface RolloutFailure {
  /** Of the target that failed, as `generationOf` names it. */
  readonly generation: string;
  readonly message: string;
}

/** The config file that holds, as it was accepted. */
export interface AcceptedConfig {
  readonly document: ServeConfig;
  /** Absolute folder that its relative import paths start from. */
  readonly workingDir: string;
  /** Unix milliseconds. */
  readonly acceptedMs: number;
  /** How the proxies listen, as a file said to which nothing ran; null: as the head was started. */
  readonly serving: Serving | null;
}

/** An order that was accepted. */
export interface AcceptedOrder {
  readonly id: string;
  /** The applications that it was about. */
  readonly applications: readonly string[];
}

/**
 * What the instance is there for: to serve; `emptied`: everything is removed by command, and no proxy runs until the next
 * deploy; `ending`: it ends, and so does the head.
 */
export type Standing = "serving" | "emptied" | "ending";

export class ControllerState {
  applications: ReadonlyMap<string, ApplicationTarget> = new Map();
  /** By `deploymentKey`. */
  deployments = new Map<string, DeploymentState>();
  /** Null: none was ever accepted. */
  config: AcceptedConfig | null = null;
  /** `target_capacity` of the config file. */
  capacity: Capacity = FULL_CAPACITY;
  readonly replicas = new ReplicaTable<ReplicaRecord>();
  readonly proxies = new Map<ProcessId, ProxyRecord>();
  readonly history = new History();
  readonly proxyMemory = new Map<NodeId, ProxyMemory>();
  /** Nodes that are being emptied. */
  readonly drainingNodes = new Set<NodeId>();
  /** Processes that dialled in and that nobody knows. */
  readonly strangers = new Map<ProcessId, "replica" | "proxy">();
  /** Where the first proxy listened; later ones do so, too, until a config file moves them (serving.ts R2). */
  endpoint: { readonly host: string; readonly port: number } | null = null;
  /** Why the newest proxy could not listen; empty when it could. */
  proxyError = "";
  /** False while the engine says that it lost its substrate: then nothing is decided. */
  engineUp = true;
  standing: Standing = "serving";
  /** Orders that were accepted, newest last, by which one that comes again is known. */
  orders: readonly AcceptedOrder[] = [];

  /** The memory of a deployment; a new one begins empty. */
  deployment(application: string, deployment: string): DeploymentState {
    const key = deploymentKey(application, deployment);
    let state = this.deployments.get(key);
    if (state === undefined) {
      const scale = { target: 0 };
      state = { status: NEW_DEPLOYMENT, starts: freshMemory(""), failure: null, scale, dead: [] };
      this.deployments.set(key, state);
    }
    return state;
  }

  /** Replicas of a deployment, in whatever phase. */
  replicasOf(application: string, deployment: string): ReplicaRecord[] {
    return this.replicas.of(application, deployment);
  }

  /** Replicas of an application by deployment, in whatever phase. */
  replicasByDeployment(application: string): Map<string, ReplicaRecord[]> {
    return this.replicas.byDeployment(application);
  }
}

/** True when nothing is left of what ran. */
export function isEmpty({ applications, replicas, proxies }: ControllerState): boolean {
  return applications.size + replicas.size + proxies.size === 0;
}

/** True while everything is being removed by command. */
export function isEmptying(state: ControllerState): boolean {
  return state.standing === "emptied" && !isEmpty(state);
}

/** Moves a replica on, if the move is legal (R1). @returns whether it moved */
export function moveReplica(record: ReplicaRecord, phase: ReplicaPhase): boolean {
  const legal = canMove(REPLICA_MOVES, record.phase.kind, phase.kind);
  if (legal) record.phase = phase;
  return legal;
}

/** Moves a proxy on, if the move is legal. @returns whether it moved */
export function moveProxy(record: ProxyRecord, phase: ProxyPhase): boolean {
  const legal = canMove(PROXY_MOVES, record.phase.kind, phase.kind);
  if (legal) record.phase = phase;
  return legal;
}
