// Decides what to do with the replicas of one deployment so that it reaches its goal.
// Pure: no clock, no log, no process. Carried out by ../apply-actions.ts, called from ../controller.ts.
//   R1  Never more than `goal.replicas + goal.surge` live replicas, old and new: a rollout starts new ones beside the old
//       within that bound (D2).
//   R2  Never fewer than `goal.replicas` serving, old and new, where that many served: an old replica leaves when as many
//       others serve (D2). A smaller goal takes old ones away first, and then rolls.
//   R3  What does not serve yet and is of no more use is killed; what serves leaves, drains, and has its grace (D5).
//   R4  Same input, same actions in the same order: replicas are sorted by id, nothing is random.
//   R5  A replica whose link closed is given `REDIAL_MS`, one known from the checkpoint until its own limit (K1).
import { isServing, isStarting, isStopping } from "../../model/lifecycle.ts";
import type { ReplicaId } from "../../model/ids.ts";
import type { ReplicaSnapshot } from "../snapshot.ts";
import { freeRanks } from "./ranks.ts";
import { type StartMemory, startGate } from "./start-failures.ts";

/** How long a closed control link may stay closed before the process counts as dead (architecture 1). */
export const REDIAL_MS = 2_000;

/** What one deployment should have. */
export interface DeploymentGoal {
  readonly codeVersion: string;
  readonly configRevision: number;
  /** 0: all replicas stop. */
  readonly replicas: number;
  /** How many replicas a rollout may have beyond `replicas`, and how many it tells of new options at a time. */
  readonly surge: number;
  /** Failed starts that end the deploy (D4). */
  readonly startThreshold: number;
}

/** One thing to do, and why. */
export type ReplicaAction =
  | { readonly kind: "start"; readonly rank: number; readonly reason: string }
  | { readonly kind: "load"; readonly id: ReplicaId; readonly reason: string }
  | { readonly kind: "reconfigure"; readonly id: ReplicaId; readonly reason: string }
  /** Out of the published targets. */
  | { readonly kind: "leave"; readonly id: ReplicaId; readonly reason: string }
  | { readonly kind: "drain"; readonly id: ReplicaId; readonly reason: string }
  /** `died`: it counts as a death or a failed start, not as a wish of ours. */
  | { readonly kind: "kill"; readonly id: ReplicaId; readonly died: boolean; readonly reason: string }
  /** Nobody confirms its end; it is struck off. Should it live after all, it is a stranger when it dials in. */
  | { readonly kind: "forget"; readonly id: ReplicaId; readonly reason: string };

export interface ReplicaDecision {
  readonly actions: readonly ReplicaAction[];
  /** When time alone will change the decision, Unix milliseconds; undefined: never. */
  readonly wakeAtMs: number | undefined;
}

/** What brings a deployment from `seen` towards `goal`. */
export function decideReplicas(
  goal: DeploymentGoal,
  seen: readonly ReplicaSnapshot[],
  memory: StartMemory,
  nowMs: number,
): ReplicaDecision {
  const replicas = [...seen].sort(byId); // R4
  const due = replicas.flatMap((replica) => decideDue(replica, nowMs) ?? []);
  const dueIds = new Set(due.map(({ id }) => id));
  const live = replicas.filter((replica) => !dueIds.has(replica.id) && !isStopping(replica.phase));
  const stops = decideStops(goal, live);
  const stopIds = new Set(stops.map(({ id }) => id));
  const kept = live.filter((replica) => !stopIds.has(replica.id));
  const starts = decideStarts(goal, kept, memory, nowMs);
  const orders = decideOrders(goal, kept, memory, nowMs);
  const times = [
    ...replicas.flatMap(deadlinesOf),
    ...Object.values(memory.slots).map(({ notBeforeMs }) => notBeforeMs),
  ];
  const future = times.filter((time) => time > nowMs);
  return {
    actions: [...due, ...stops, ...starts, ...orders],
    wakeAtMs: future.length === 0 ? undefined : Math.min(...future),
  };
}

type StopAction = Extract<ReplicaAction, { kind: "leave" | "drain" | "kill" | "forget" }>;

/** What is due for one replica whatever the goal is. */
function decideDue(replica: ReplicaSnapshot, nowMs: number): StopAction | undefined {
  const { id, phase, linkLostAtMs, stuck } = replica;
  const over = "untilMs" in phase && nowMs >= phase.untilMs;
  if (phase.kind === "ending") return over ? { kind: "forget", id, reason: "its end was never confirmed" } : undefined;
  if (phase.kind === "failed") return { kind: "kill", id, died: false, reason: phase.error };
  if (stuck !== null) return { kind: "kill", id, died: true, reason: stuck };
  if (phase.kind === "draining")
    return over ? { kind: "kill", id, died: false, reason: "its grace ran out" } : undefined;
  if (phase.kind === "leaving") {
    if (replica.released) return { kind: "drain", id, reason: "every caller has let go of it" };
    return over ? { kind: "drain", id, reason: "a caller did not acknowledge in time" } : undefined;
  }
  if (phase.kind === "recovering" && over) {
    return { kind: "kill", id, died: true, reason: "did not dial in after the head's restart" };
  }
  if (linkLostAtMs !== null && nowMs >= linkLostAtMs + REDIAL_MS) {
    return { kind: "kill", id, died: true, reason: `control link closed for ${REDIAL_MS / 1000} s` };
  }
  return undefined;
}

/** Moments at which `decideDue` will say something else. */
function deadlinesOf({ phase, linkLostAtMs }: ReplicaSnapshot): number[] {
  const times = linkLostAtMs === null ? [] : [linkLostAtMs + REDIAL_MS];
  return "untilMs" in phase ? [...times, phase.untilMs] : times;
}

/** Which live replicas are too many, or of an old version and no longer needed. */
function decideStops(goal: DeploymentGoal, live: readonly ReplicaSnapshot[]): StopAction[] {
  const current = live.filter((replica) => isCurrent(replica, goal));
  const outdated = live.filter((replica) => !isCurrent(replica, goal));
  const excess = Math.max(0, current.length - goal.replicas);
  const surplusStarting = current
    .filter(({ phase }) => isStarting(phase))
    .sort(highestRankFirst)
    .slice(0, excess);
  // Replicas that have not dialled in since the head's restart are judged when they have.
  const serving = (group: readonly ReplicaSnapshot[]) => group.filter(({ phase }) => isServing(phase));
  const surplusServing = serving(current)
    .sort(highestRankFirst)
    .slice(0, excess - surplusStarting.length);
  const spare = Math.max(0, serving(live).length - goal.replicas); // R2
  const useless = [...outdated.filter(({ phase }) => isStarting(phase)), ...surplusStarting];
  const leaving = [...serving(outdated), ...surplusServing].slice(0, spare);
  const why = (replica: ReplicaSnapshot): string => {
    if (goal.replicas === 0) return "the deployment ends";
    if (isCurrent(replica, goal)) return `above the target of ${goal.replicas}`;
    return isServing(replica.phase) ? "outdated, and enough others serve" : "outdated before it served";
  };
  return [
    // R3
    ...useless.map((r): StopAction => ({ kind: "kill", id: r.id, died: false, reason: why(r) })),
    ...leaving.map((r): StopAction => ({ kind: "leave", id: r.id, reason: why(r) })),
  ];
}

/** New replicas in free slots, as many as the rollout allows. */
function decideStarts(
  goal: DeploymentGoal,
  kept: readonly ReplicaSnapshot[],
  memory: StartMemory,
  nowMs: number,
): ReplicaAction[] {
  const current = kept.filter((replica) => isCurrent(replica, goal));
  const missing = goal.replicas - current.length;
  if (missing <= 0) return [];
  const onTheWay = current.filter(({ phase }) => isStarting(phase)).length;
  const room = goal.replicas + goal.surge - kept.length; // R1
  // Those on the way may all fail, so they count as tries; the first starts are one for each replica in any case.
  const tries = memory.wasReady
    ? missing
    : Math.max(goal.startThreshold, goal.replicas) - memory.failedStarts - onTheWay;
  const outdated = kept.length - current.length;
  const reason = outdated > 0 ? "to replace an outdated replica" : `below the target of ${goal.replicas}`;
  return freeRanks(
    current.map(({ rank }) => rank),
    missing,
  )
    .filter((rank) => startGate(memory, goal.startThreshold, rank, nowMs).kind === "open")
    .slice(0, Math.max(0, Math.min(room, tries)))
    .map((rank) => ({ kind: "start", rank, reason }));
}

/** What current replicas have to be told. */
function decideOrders(
  goal: DeploymentGoal,
  kept: readonly ReplicaSnapshot[],
  memory: StartMemory,
  nowMs: number,
): ReplicaAction[] {
  const reachable = kept.filter((replica) => isCurrent(replica, goal) && replica.linkLostAtMs === null);
  const loads = reachable.filter(({ phase }) => phase.kind === "idle");
  const updating = reachable.filter(({ phase }) => phase.kind === "updating").length;
  const behind = reachable
    .filter(({ phase, configRevision }) => phase.kind === "running" && configRevision !== goal.configRevision)
    .filter(({ rank }) => startGate(memory, goal.startThreshold, rank, nowMs).kind === "open")
    .slice(0, Math.max(0, goal.surge - updating));
  return [
    ...loads.map(({ id }): ReplicaAction => ({ kind: "load", id, reason: "its process is up" })),
    ...behind.map(({ id }): ReplicaAction => ({ kind: "reconfigure", id, reason: "its options changed" })),
  ];
}

function isCurrent(replica: ReplicaSnapshot, goal: DeploymentGoal): boolean {
  return goal.replicas > 0 ? replica.codeVersion === goal.codeVersion : false;
}

function byId(a: ReplicaSnapshot, b: ReplicaSnapshot): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

/** The highest ranks go first, so that the ranks of the others stay without gaps. */
function highestRankFirst(a: ReplicaSnapshot, b: ReplicaSnapshot): number {
  return b.rank - a.rank || byId(a, b);
}
