// The life of a replica and of a proxy as the controller sees it: unions in which each phase holds its own data, and one
// table of legal moves each, used by the code, by a test and by docs/concepts/lifecycle.md. Pure.
//   R1  Every phase change goes through `canMove`; `gone` is the end of every life.
//   R2  Only `running`, `updating` and a `recovering` replica whose address is known stand in published targets.
//   R3  `leaving` comes before `draining`: callers are told before the replica refuses (D5).
import type { Address } from "./address.ts";
import type { ProxyStatus, ReplicaState } from "./status.ts";

/** Where a replica is in its life. Times are Unix milliseconds. */
export type ReplicaPhase =
  /** The engine was asked for a process; it has not dialled in. */
  | { readonly kind: "launching" }
  /** Dialled in, without code. */
  | { readonly kind: "idle" }
  /** Has its load order. `awaited`: the answer is to come; `idle`: it has said meanwhile that it holds no code. */
  | { readonly kind: "loading"; readonly awaited: boolean; readonly idle: boolean }
  /** Its load order failed; its process is of no more use. */
  | { readonly kind: "failed"; readonly error: string }
  /** Serves. */
  | { readonly kind: "running"; readonly address: Address; readonly readySinceMs: number }
  /** Serves, and applies changed options in place. */
  | { readonly kind: "updating"; readonly address: Address; readonly readySinceMs: number }
  /** Known from the checkpoint, not heard of since the head started; `address` is where it served, null: it did not. */
  | {
      readonly kind: "recovering";
      readonly address: Address | null;
      readonly readySinceMs: number;
      readonly untilMs: number;
    }
  /** Out of the published targets; callers are acknowledging that. */
  | { readonly kind: "leaving"; readonly untilMs: number }
  /** Refuses new calls and finishes accepted ones. */
  | { readonly kind: "draining"; readonly untilMs: number }
  /** Told to die, without grace. */
  | { readonly kind: "ending"; readonly untilMs: number };

export type ReplicaPhaseKind = ReplicaPhase["kind"];

/** Legal moves of a replica. `gone` is reached when its process has ended. */
export const REPLICA_MOVES = {
  launching: ["idle", "ending", "gone"],
  idle: ["loading", "ending", "gone"],
  loading: ["idle", "running", "failed", "ending", "gone"],
  failed: ["ending", "gone"],
  running: ["updating", "leaving", "draining", "ending", "gone"],
  updating: ["running", "leaving", "draining", "ending", "gone"],
  recovering: ["idle", "loading", "running", "draining", "ending", "gone"],
  leaving: ["draining", "ending", "gone"],
  draining: ["ending", "gone"],
  ending: ["gone"],
  gone: [],
} as const satisfies Record<ReplicaPhaseKind | "gone", readonly (ReplicaPhaseKind | "gone")[]>;

/** Where a proxy is in its life. */
export type ProxyPhase =
  | { readonly kind: "launching" }
  /** Dialled in, without a port. */
  | { readonly kind: "idle" }
  /** Has its order to listen. */
  | { readonly kind: "starting" }
  /** Could not listen; its process is of no more use. */
  | { readonly kind: "failed"; readonly error: string }
  | { readonly kind: "listening"; readonly host: string; readonly port: number; readonly sinceMs: number }
  | { readonly kind: "recovering"; readonly untilMs: number }
  | { readonly kind: "draining"; readonly untilMs: number }
  | { readonly kind: "ending"; readonly untilMs: number };

export type ProxyPhaseKind = ProxyPhase["kind"];

/** Legal moves of a proxy. */
export const PROXY_MOVES = {
  launching: ["idle", "ending", "gone"],
  idle: ["starting", "listening", "ending", "gone"],
  starting: ["idle", "listening", "failed", "ending", "gone"],
  failed: ["ending", "gone"],
  listening: ["draining", "ending", "gone"],
  recovering: ["idle", "listening", "draining", "ending", "gone"],
  draining: ["ending", "gone"],
  ending: ["gone"],
  gone: [],
} as const satisfies Record<ProxyPhaseKind | "gone", readonly (ProxyPhaseKind | "gone")[]>;

/** True when `table` allows the move. */
export function canMove(table: Readonly<Record<string, readonly string[]>>, from: string, to: string): boolean {
  return table[from]?.includes(to) === true;
}

/** The state that status shows for a phase (Ray Serve's words). */
export const REPLICA_STATES = {
  launching: "STARTING",
  idle: "STARTING",
  loading: "STARTING",
  failed: "STOPPING",
  running: "RUNNING",
  updating: "UPDATING",
  recovering: "RECOVERING",
  leaving: "STOPPING",
  draining: "STOPPING",
  ending: "STOPPING",
} as const satisfies Record<ReplicaPhaseKind, ReplicaState>;

/** The status that is shown for a phase of a proxy (Ray Serve's words). */
export const PROXY_STATUSES = {
  launching: "STARTING",
  idle: "STARTING",
  starting: "STARTING",
  failed: "UNHEALTHY",
  listening: "HEALTHY",
  recovering: "STARTING",
  draining: "DRAINING",
  ending: "DRAINED",
} as const satisfies Record<ProxyPhaseKind, ProxyStatus>;

/** True while a replica takes calls. */
export function isServing(phase: ReplicaPhase): phase is ReplicaPhase & { kind: "running" | "updating" } {
  return phase.kind === "running" || phase.kind === "updating";
}

/** True while a replica is on its way to serving. */
export function isStarting(phase: ReplicaPhase): boolean {
  return phase.kind === "launching" || phase.kind === "idle" || phase.kind === "loading";
}

/** True once a replica is on its way out. */
export function isStopping(phase: ReplicaPhase): boolean {
  return REPLICA_STATES[phase.kind] === "STOPPING";
}

/** Address under which callers may reach a replica in this phase; null: they may not (R2). */
export function publishedAddress(phase: ReplicaPhase): Address | null {
  return isServing(phase) || phase.kind === "recovering" ? phase.address : null;
}
