// Decides which replicas of one deployment to stop and how many to start, so that it gets from one version, or one size,
// to another. Pure; the same whatever the order of the replicas given.
//   R1  Never more than `goal.replicas + rollout.surge` live replicas, old and new: new ones start beside the old within
//       that bound (D2). A replica on its way out does not count.
//   R2  Never fewer than `goal.replicas` serving, old and new, where that many served: an old replica leaves when as many
//       others serve, a batch at a time (D2). A smaller goal takes old ones away first, and then rolls.
//   R3  Where the engine has no room for a new one, or no node a place, as many old ones leave as wait, at most a batch
//       (D2); but none for a resource that the old ones do not hold.
//   R4  With `stopFirst` old ones leave first: max(batch - (replicas - new running - old active), 0), as Ray Serve counts.
//   R5  A version that was given up is not started any more, and costs no old replica (D6).
//   R6  Of those that may go, old versions go before the goal's, then what frees a node soonest, then the newest.
import { isServing, isStarting, isStopping } from "../../model/lifecycle.ts";
import type { ReplicaSnapshot } from "../snapshot.ts";
import type { DeploymentGoal, ReplicaAction, RolloutRule, StopAction } from "./goal.ts";
import { type Places, byVictimOrder, mayMakeRoom } from "./placement.ts";
import { freeRanks } from "./ranks.ts";
import { type StartMemory, gaveUp, isOnTrial, startGate } from "./start-failures.ts";

/**
 * The rule that the options ask for (D2, reference 4.11).
 * @param share `rollingUpdatePercentage` @param surgePercent `maxSurgePercent`; null: as many beside the old as a batch has
 */
export function rolloutRule(replicas: number, share: number, surgePercent: number | null): RolloutRule {
  const batch = Math.max(1, Math.floor(share * replicas));
  if (surgePercent === null) return { surge: batch, batch, stopFirst: false };
  return { surge: Math.ceil((surgePercent * replicas) / 100), batch, stopFirst: surgePercent === 0 };
}

/** True when a replica is of the version that the goal wants, and where it can stay. */
export function isCurrent(replica: ReplicaSnapshot, goal: DeploymentGoal): boolean {
  return goal.replicas > 0 && replica.codeVersion === goal.codeVersion && !replica.displaced;
}

/** Which replicas are too many, or of an old version and no longer needed. @param seen all but those that end anyway */
export function decideStops(
  goal: DeploymentGoal,
  seen: readonly ReplicaSnapshot[],
  memory: StartMemory,
  places: Places,
): StopAction[] {
  const live = seen.filter(({ phase }) => !isStopping(phase)).sort(byVictimOrder(places.nodesToFree)); // R6
  const outdated = live.filter((replica) => !isCurrent(replica, goal));
  const starting = live.filter((replica) => isCurrent(replica, goal) && isStarting(replica.phase));
  const excess = Math.max(0, counted(live, goal).length - goal.replicas);
  const useless = [...outdated.filter(({ phase }) => isStarting(phase)), ...starting.slice(0, excess)];
  const surplus = Math.max(0, excess - starting.length);
  // Replicas that have not dialled in since the head's restart are judged when they have.
  const serving = live.filter(({ phase }) => isServing(phase));
  const old = serving.filter((replica) => !isCurrent(replica, goal));
  const current = serving.filter((replica) => isCurrent(replica, goal));
  const tooMany = Math.max(0, serving.length - goal.replicas);
  const going = old.slice(0, oldThatMayGo(goal, seen, memory, places));
  const leaving = [...going, ...current.slice(0, Math.min(surplus, Math.max(0, tooMany - going.length)))];
  return [
    ...useless.map((r): StopAction => ({ kind: "kill", id: r.id, died: false, reason: whyStopped(goal, r) })),
    ...leaving.map((r): StopAction => ({ kind: "leave", id: r.id, died: false, reason: whyStopped(goal, r) })),
  ];
}

/** New replicas in free slots, as many as the rollout allows. @param kept live replicas that stay */
export function decideStarts(
  goal: DeploymentGoal,
  kept: readonly ReplicaSnapshot[],
  memory: StartMemory,
  nowMs: number,
): Extract<ReplicaAction, { kind: "start" }>[] {
  const here = counted(kept, goal);
  const missing = goal.replicas - here.length;
  if (missing <= 0) return [];
  const onTheWay = here.filter(({ phase }) => isStarting(phase)).length;
  const room = goal.replicas + goal.rollout.surge - kept.length; // R1
  // Those on the way may all fail, so they count as tries; the first starts are one for each replica in any case.
  const tries = isOnTrial(memory)
    ? Math.max(goal.startThreshold, goal.replicas) - memory.failedStarts - onTheWay
    : missing;
  const isReplacing = kept.length > here.length;
  const reason = isReplacing ? "to replace an outdated replica" : `below the target of ${goal.replicas}`;
  return freeRanks(
    here.map(({ rank }) => rank),
    missing,
  )
    .filter((rank) => startGate(memory, goal.startThreshold, rank, nowMs).kind === "open") // R5
    .slice(0, Math.max(0, Math.min(room, tries)))
    .map((rank) => ({ kind: "start", rank, reason }));
}

/** Replicas that make up the goal's number: its own, and while a rollout is stalled whatever serves (R5). */
function counted(live: readonly ReplicaSnapshot[], goal: DeploymentGoal): readonly ReplicaSnapshot[] {
  return live.filter((r) => isCurrent(r, goal) || (goal.stalled && !r.displaced && isServing(r.phase)));
}

/** How many replicas of other versions may leave now. */
function oldThatMayGo(
  goal: DeploymentGoal,
  seen: readonly ReplicaSnapshot[],
  memory: StartMemory,
  places: Places,
): number {
  const { replicas, rollout } = goal;
  const serving = seen.filter(({ phase }) => isServing(phase));
  const tooMany = serving.length - replicas;
  if (replicas === 0) return serving.length;
  if (goal.stalled) return Math.max(0, tooMany); // R5
  if (rollout.stopFirst && tooMany <= 0) {
    const newRunning = serving.filter((replica) => isCurrent(replica, goal)).length;
    const oldActive = serving.length - newRunning;
    const mayStop = gaveUp(memory, goal.startThreshold) ? 0 : rollout.batch - (replicas - newRunning - oldActive); // R4
    return Math.max(0, mayStop);
  }
  const isOnItsWayOut = (r: ReplicaSnapshot) => r.phase.kind === "leaving" && r.codeVersion !== goal.codeVersion;
  const batch = rollout.batch - seen.filter(isOnItsWayOut).length;
  const own = seen.filter((r) => isCurrent(r, goal) && !isStopping(r.phase));
  const old = serving.filter((replica) => !isCurrent(replica, goal));
  const waiting = own.filter(({ phase, pending }) => isStarting(phase) && pending === "busy");
  const withoutRoom = waiting.filter((r) => old.some((o) => mayMakeRoom(o.resources, r.resources))).length;
  const withoutPlace = Math.max(0, replicas - own.length - places.free);
  const spare = tooMany + Math.min(rollout.batch, withoutRoom + withoutPlace); // R2, R3
  // What a smaller goal makes superfluous goes at once; what new replicas replace goes in batches.
  return Math.max(0, tooMany - rollout.surge, Math.min(spare, batch));
}

function whyStopped(goal: DeploymentGoal, replica: ReplicaSnapshot): string {
  if (goal.replicas === 0) return goal.codeVersion === "" ? "the deployment ends" : "above the target of 0";
  if (replica.displaced) return "its node is being emptied";
  if (isCurrent(replica, goal)) return `above the target of ${goal.replicas}`;
  if (goal.stalled) return "of a version that was given up";
  if (!isServing(replica.phase)) return "outdated before it served";
  return goal.rollout.stopFirst ? "outdated; another takes its place" : "outdated, and enough others serve";
}
