// The contract with whatever starts processes (architecture section 6). An engine starts, stops and watches processes
// on some substrate and says what it has. It never routes, never scales, never reads user config.
//   R1  Outcomes arrive as events, never as return values.
//   R2  `start` is idempotent per (id, epoch); an (id, epoch) that exited is never started again.
//   R3  Every start ends in exactly one `exited`.
//   R4  `close` never touches a process.
import type { NodeId, ProcessId } from "../model/ids.ts";
import type { StateStore } from "./state-store.ts";

export type ProgramName = "replica" | "proxy" | "builder" | "policy";

/** What a process may use. Fractions are allowed; the local engine treats cpus and memory as advisory. */
export interface Resources {
  readonly cpus: number;
  readonly gpus: number;
  readonly memoryBytes: number;
  readonly custom: Readonly<Record<string, number>>;
}

export type Placement =
  | { readonly kind: "spread" }
  | { readonly kind: "pack" }
  | { readonly kind: "node"; readonly nodeId: NodeId; readonly soft: boolean };

/** One process to start. */
export interface ProcessSpec {
  readonly id: ProcessId;
  /** Counts the starts of one id. A retired epoch that dials in is refused and ends itself. */
  readonly epoch: number;
  readonly program: ProgramName;
  readonly runtime: "node" | "python";
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Working directory, absolute. */
  readonly cwd: string;
  /** Basename (without folder) of the file below `logs/serve/` that gets stdout and stderr. */
  readonly outputFile: string;
  readonly resources: Resources;
  readonly placement: Placement;
}

export interface NodeInfo {
  readonly id: NodeId;
  readonly ip: string;
  readonly resources: Resources;
}

/** Address of a node; its name where the engine does not know it any more. */
export function nodeIpOf(nodes: readonly NodeInfo[], node: NodeId): string {
  return nodes.find(({ id }) => id === node)?.ip ?? node;
}

export type ExitReason = "stopped" | "exited" | "killed" | "host-lost" | "node-lost" | "start-failed";

export type EngineEvent =
  | {
      readonly type: "pending";
      readonly id: ProcessId;
      readonly cause: "infeasible" | "busy" | "booting";
      readonly detail: string;
    }
  | {
      readonly type: "started";
      readonly id: ProcessId;
      readonly epoch: number;
      readonly node: NodeId;
      readonly nodeIp: string;
      readonly gpuIds: readonly string[];
      /** Null where the engine has no process of its own (memory). */
      readonly pid: number | null;
      readonly adopted: boolean;
    }
  | { readonly type: "suspect"; readonly id: ProcessId; readonly detail: string }
  | {
      readonly type: "exited";
      readonly id: ProcessId;
      readonly epoch: number;
      readonly code: number | null;
      readonly reason: ExitReason;
      /** True when the user's code ended the process; a start that died otherwise is retried and not the user's failure. */
      readonly userFault: boolean;
      /** How it ended, in one line; what it printed last may follow in further lines. */
      readonly detail: string;
    }
  | { readonly type: "node"; readonly change: "added" | "removed" | "draining"; readonly node: NodeInfo }
  | { readonly type: "engine"; readonly state: "up" | "lost"; readonly detail: string };

export interface Engine {
  readonly name: string;
  readonly store: StateStore;
  start(spec: ProcessSpec): void;
  /** Asks the process to end (SIGTERM), kills it after `graceMs`. */
  stop(id: ProcessId, graceMs: number): void;
  kill(id: ProcessId): void;
  nodes(): readonly NodeInfo[];
  /** CPU time that a process has used so far, milliseconds; null: the engine cannot tell. */
  cpuTimeMs(id: ProcessId): number | null;
  /** Ends when `signal` aborts. One consumer. Events that came before the call are kept for it. */
  events(signal: AbortSignal): AsyncIterable<EngineEvent>;
  /**
   * Takes over what an earlier head left running: `known` are the processes of the last checkpoint. Those alive are
   * announced by `started` with `adopted: true`, dead ones by `exited`. Call it before any `start`.
   */
  adopt(known: readonly KnownProcess[]): Promise<void>;
  close(): Promise<void>;
}

/** A process as the checkpoint recorded it. */
export interface KnownProcess {
  readonly id: ProcessId;
  readonly epoch: number;
  readonly pid: number | null;
  readonly program: ProgramName;
  /** What it was started with; absent: nothing that is counted. */
  readonly claim?: { readonly resources: Resources; readonly gpuIds: readonly string[] };
}
