// Decides what to do with the replicas of one deployment so that it reaches its goal: what is due for each whatever the
// goal is, which to stop and start (rollout.ts), and what those that stay must be told.
// Pure: no clock, no log, no process. Carried out by ../apply-actions.ts, called from ../reconcile.ts.
//   R1  What serves leaves, drains, and has its grace; what does not serve is killed (D5).
//   R2  Same input, same actions in the same order: replicas are sorted by id, nothing is random.
//   R3  A replica whose link closed is given `REDIAL_MS`, one known from the checkpoint until its own limit (K1).
//   R4  Changed options are told to `goal.rollout.batch` replicas at a time.
//   R5  A replica's rank and the number of replicas are told at once, to all: that costs nobody a request.
//   R6  A death that is decided here counts for the starts that are decided here (K2).
import { isServing, isStopping } from "../../model/lifecycle.ts";
import type { ReplicaId } from "../../model/ids.ts";
import type { ReplicaSnapshot } from "../snapshot.ts";
import type { DeploymentGoal, ReplicaAction, StopAction } from "./goal.ts";
import { unhealthyReason } from "./health.ts";
import type { Places } from "./placement.ts";
import { compactRanks } from "./ranks.ts";
import { decideStarts, decideStops, isCurrent } from "./rollout.ts";
import { type StartMemory, afterDeath, generationOf, startGate } from "./start-failures.ts";
import { REDIAL_MS, deadlinesOf, earliest, isLost, isOver } from "./times.ts";

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
  places: Places,
  nowMs: number,
): ReplicaDecision {
  const replicas = [...seen].sort(byId); // R2
  const due = replicas.flatMap((replica) => decideDue(replica, nowMs) ?? []);
  const dueIds = new Set(due.map(({ id }) => id));
  const rest = replicas.filter((replica) => !dueIds.has(replica.id));
  const known = withDeaths(memory, replicas, due, nowMs); // R6
  const stops = decideStops(goal, rest, known, places);
  const stopIds = new Set(stops.map(({ id }) => id));
  const kept = rest.filter((replica) => !stopIds.has(replica.id) && !isStopping(replica.phase));
  const starts = decideStarts(goal, kept, known, nowMs);
  const orders = decideOrders(goal, kept, known, nowMs);
  const times = [...replicas.flatMap(deadlinesOf), ...Object.values(known.slots).map(({ notBeforeMs }) => notBeforeMs)];
  return {
    actions: [...due, ...stops, ...starts, ...orders],
    wakeAtMs: earliest(times, nowMs),
  };
}

/** What will be remembered when `due` is carried out (R6). */
function withDeaths(
  memory: StartMemory,
  replicas: readonly ReplicaSnapshot[],
  due: readonly StopAction[],
  nowMs: number,
): StartMemory {
  const reasons = new Map(due.filter((a) => "died" in a && a.died).map(({ id, reason }) => [id, reason]));
  return replicas.reduce((known, replica) => {
    const { phase, rank } = replica;
    const reason = reasons.get(replica.id);
    if (reason === undefined || !isServing(phase) || generationOf(replica) !== memory.generation) return known;
    return afterDeath(known, rank, nowMs - phase.readySinceMs, reason, nowMs);
  }, memory);
}

/** What is due for one replica whatever the goal is. */
function decideDue(replica: ReplicaSnapshot, nowMs: number): StopAction | undefined {
  const { id, phase, stuck } = replica;
  const over = isOver(replica, nowMs);
  if (phase.kind === "ending") return over ? { kind: "forget", id, reason: "its end was never confirmed" } : undefined;
  if (phase.kind === "failed") return { kind: "kill", id, died: false, reason: phase.error.split("\n")[0] ?? "" };
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
  if (isLost(replica, nowMs)) {
    return { kind: "kill", id, died: true, reason: `control link closed for ${REDIAL_MS / 1000} s` };
  }
  const unhealthy = isServing(phase) ? unhealthyReason(replica.health) : undefined;
  return unhealthy === undefined ? undefined : { kind: "leave", id, died: true, reason: unhealthy };
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
  const running = reachable.filter(({ phase }) => phase.kind === "running");
  const updating = reachable.filter(({ phase }) => phase.kind === "updating").length;
  const behind = running
    .filter(({ configRevision }) => configRevision !== goal.configRevision && !goal.stalled)
    .filter(({ rank }) => startGate(memory, goal.startThreshold, rank, nowMs).kind === "open")
    .slice(0, Math.max(0, goal.rollout.batch - updating)); // R4
  const upToDate = running.filter(({ configRevision }) => configRevision === goal.configRevision);
  return [
    ...loads.map(({ id }): ReplicaAction => ({ kind: "load", id, reason: "its process is up" })),
    ...behind.map(({ id }): ReplicaAction => ({ kind: "reconfigure", id, reason: "its options changed" })),
    ...decidePlaces(goal, upToDate, kept.length),
  ];
}

/** R5. Ranks move only where nothing else does, so that they are right at once and for long. */
function decidePlaces(goal: DeploymentGoal, upToDate: readonly ReplicaSnapshot[], kept: number): ReplicaAction[] {
  const isSettled = upToDate.length === goal.replicas && kept === goal.replicas;
  const ranks = isSettled ? compactRanks(upToDate) : new Map<ReplicaId, number>();
  return upToDate.flatMap(({ id, rank, worldSize }) => {
    const wanted = ranks.get(id) ?? rank;
    if (wanted === rank && worldSize === goal.replicas) return [];
    const reason = wanted === rank ? `there are ${goal.replicas} replicas now` : `rank ${rank} -> ${wanted}`;
    return [{ kind: "place", id, rank: wanted, reason }];
  });
}

function byId(a: ReplicaSnapshot, b: ReplicaSnapshot): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}
