// What follows from the target state for each deployment: its goal, and the counted facts its status is made of. Pure.
import { isServing, isStopping, publishedAddress } from "../model/lifecycle.ts";
import type { ApplicationTarget, DeploymentTarget } from "../model/target-state.ts";
import type { DeploymentGoal } from "./decide/goal.ts";
import { silenceText } from "./decide/health.ts";
import { rolloutRule } from "./decide/rollout.ts";
import { startThreshold } from "./decide/start-failures.ts";
import type { DeploymentFacts } from "./decide/status.ts";
import { deploymentsToStop, mayDropRetired } from "./decide/teardown.ts";
import type { ReplicaRecord } from "./state.ts";

/** How long a replica may take to load before its status says so. Chosen: longer than most, shorter than a person's patience. */
const SLOW_LOAD_MS = 10_000;

/** A deployment that shall be gone. */
const NOTHING: DeploymentGoal = {
  codeVersion: "",
  configRevision: 0,
  replicas: 0,
  rollout: { surge: 0, batch: 1, stopFirst: false },
  startThreshold: 0,
  stalled: false,
};

/**
 * The target that holds now: where the rollout to the newest one was given up, the one before it (D6).
 * @param failure of the deployment's state
 */
export function holdingTarget<T extends DeploymentTarget | undefined>(
  target: T,
  failure: object | null,
): T | DeploymentTarget {
  return failure === null ? target : (target?.fallback ?? target);
}

/**
 * What a deployment should have.
 * @param target the one that holds; undefined: it shall be gone
 * @param replicas how many it should have
 * @param stalled the newest target was given up
 */
export function goalOf(target: DeploymentTarget | undefined, replicas: number, stalled = false): DeploymentGoal {
  if (target === undefined) return NOTHING;
  const { rollingUpdatePercentage, maxSurgePercent, maxConstructorRetryCount } = target.spec.options;
  return {
    codeVersion: target.codeVersion,
    configRevision: target.configRevision,
    replicas,
    rollout: rolloutRule(replicas, rollingUpdatePercentage, maxSurgePercent),
    startThreshold: startThreshold(maxConstructorRetryCount, replicas),
    stalled,
  };
}

/** Deployments of an application that shall be gone, with the replicas it has by deployment. */
export function stoppingDeployments(
  application: ApplicationTarget,
  replicas: ReadonlyMap<string, readonly ReplicaRecord[]>,
): ReadonlySet<string> {
  if (application.deleting) {
    return deploymentsToStop(application, new Map([...replicas].map(([name, records]) => [name, records.length])));
  }
  const versions = new Map(
    [...replicas].map(([name, records]) => [name, records.map(({ codeVersion }) => codeVersion)]),
  );
  const isEntered = application.entrance !== application.ingress;
  const dropped = !isEntered && mayDropRetired(application, versions) ? application.retired : [];
  return new Set(dropped.map(({ spec }) => spec.name));
}

/** True when the route may lead to the ingress of the newest deploy: it serves, or the one before has nobody left (D6). */
export function mayMoveEntrance(
  { ingress, entrance }: ApplicationTarget,
  replicas: ReadonlyMap<string, readonly ReplicaRecord[]>,
): boolean {
  const serves = (replicas.get(ingress) ?? []).some(({ phase }) => isServing(phase));
  return serves || hasNobody(replicas.get(entrance) ?? []);
}

/** Counts what a status is decided from. @param held why starts are held back, or the size is kept; empty: neither */
export function factsOf(
  target: DeploymentTarget,
  replicas: number,
  records: readonly ReplicaRecord[],
  held: string,
  nowMs: number,
): DeploymentFacts {
  const goal = goalOf(target, replicas);
  const live = records.filter(({ phase }) => !isStopping(phase));
  const current = live.filter(({ codeVersion }) => codeVersion === target.codeVersion);
  const upToDate = current.filter((r) => r.phase.kind === "running" && r.configRevision === target.configRevision);
  return {
    target: goal.replicas,
    upToDate: upToDate.length,
    changing: live.filter(({ phase }) => phase.kind !== "running").length,
    outdated: live.length - current.length,
    stopping: records.length - live.length,
    recovering: live.filter(({ phase }) => phase.kind === "recovering").length,
    startThreshold: goal.startThreshold,
    note:
      [silence(live, nowMs), changedCode(live), held, waiting(live), slowLoad(live, nowMs)].find((n) => n !== "") ?? "",
  };
}

/** H2 */
function silence(live: readonly ReplicaRecord[], nowMs: number): string {
  const silent = live.find((record) => record.silent !== null);
  return silent?.silent ? `replica ${silent.id}: ${silenceText(silent.silent, nowMs)}` : "";
}

function changedCode(live: readonly ReplicaRecord[]): string {
  const changed = [...new Set(live.flatMap(({ changedFiles }) => changedFiles))];
  return changed.length === 0 ? "" : `code changed on disk: ${changed.join(", ")}`;
}

function waiting(live: readonly ReplicaRecord[]): string {
  const pending = live.find((record) => record.pending !== null)?.pending;
  return pending ? `waiting for the engine (${pending.cause}): ${pending.detail}` : "";
}

/** Names a replica whose load does not end: an import that waits for ever fails nothing, so somebody has to be told. */
function slowLoad(live: readonly ReplicaRecord[], nowMs: number): string {
  const slow = live.find(({ phase, startMs }) => phase.kind === "loading" && nowMs - startMs >= SLOW_LOAD_MS);
  if (slow === undefined) return "";
  return `replica ${slow.id} is still loading after ${SLOW_LOAD_MS / 1000} s: its import, constructor, setup() or first health check has not ended`;
}

/** True when callers have nowhere to go: none serves, and none is published from before the head's restart. */
export function hasNobody(records: readonly ReplicaRecord[]): boolean {
  return records.every(({ phase }) => !isServing(phase) && publishedAddress(phase) === null);
}
