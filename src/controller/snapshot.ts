// What was observed, as values: the input of the decisions. Taken from the state in reconcile.ts, never changed.
import type { EngineEvent, Resources } from "../engine/engine.ts";
import type { ProxyPhase, ReplicaPhase } from "../model/lifecycle.ts";
import type { NodeId, ProcessId, ReplicaId } from "../model/ids.ts";
import type { HealthMemory, Silence } from "./decide/health.ts";

/** One replica. Times are Unix milliseconds. */
export interface ReplicaSnapshot {
  readonly id: ReplicaId;
  readonly codeVersion: string;
  /** Of the options it runs with. */
  readonly configRevision: number;
  readonly rank: number;
  /** How many replicas it believes there are; 0: nobody knows what it believes. */
  readonly worldSize: number;
  /** What it claims of its node. */
  readonly resources: Resources;
  /** Where it runs or shall run; empty: the engine has not said. */
  readonly node: NodeId;
  /** When it was ordered. */
  readonly startMs: number;
  /** Its node is being emptied: another replica takes its place. */
  readonly displaced: boolean;
  /** Why the engine has not started it yet; null: it has, or said nothing. */
  readonly pending: Extract<EngineEvent, { type: "pending" }>["cause"] | null;
  readonly health: HealthMemory;
  readonly phase: ReplicaPhase;
  /** Since when its control link is closed; null: it is open, or there was none yet. */
  readonly linkLostAtMs: number | null;
  /** What the engine says when the process cannot run on (state T); null: nothing. */
  readonly stuck: string | null;
  /** Every caller has acknowledged targets without it. Means something while it is `leaving`. */
  readonly released: boolean;
}

/** One proxy. */
export interface ProxySnapshot {
  readonly id: ProcessId;
  readonly node: NodeId;
  readonly phase: ProxyPhase;
  readonly linkLostAtMs: number | null;
  readonly stuck: string | null;
  /** It is not heard over its open link; null: it is. */
  readonly silent: Silence | null;
}
