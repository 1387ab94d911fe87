// One look at everything: for each deployment and for the proxies, what should be done and why, planned and ready to be
// carried out. This is where a reader sees how a decision is made; the decisions themselves are in decide/.
//   R1  A deployment that the target state does not name, but that has replicas, has the goal "nothing".
//   R2  Statuses are decided last, from what the plans have made of the state: what is called complete is published.
import type { NodeId } from "../model/ids.ts";
import { deploymentKey } from "../model/ids.ts";
import { type ApplicationTarget, type DeploymentTarget, findDeployment } from "../model/target-state.ts";
import { targetsKey } from "../protocol/control.ts";
import type { ActionApplier, Effect } from "./apply-actions.ts";
import type { ChangeFeed } from "./change-feed.ts";
import { decideProxies } from "./decide/proxies.ts";
import { decideReplicas } from "./decide/replicas.ts";
import { afterHealthy } from "./decide/start-failures.ts";
import { afterStatusEvent, decideStatus } from "./decide/status.ts";
import { factsOf, goalOf, mayMoveEntrance, stoppingDeployments } from "./goals.ts";
import type { Journal } from "./journal.ts";
import type { ReplicaSnapshot } from "./snapshot.ts";
import type { ControllerState, ReplicaRecord } from "./state.ts";

export interface Plan {
  readonly effects: readonly Effect[];
  /** When to look again although nothing happened, Unix milliseconds. */
  readonly wakeAtMs: number | undefined;
}

export interface ReconcileParts {
  readonly state: ControllerState;
  readonly applier: ActionApplier;
  readonly feed: ChangeFeed;
  readonly journal: Journal;
}

/** @param proxyNodes nodes that should have a proxy */
export function reconcile(parts: ReconcileParts, proxyNodes: readonly NodeId[], nowMs: number): Plan {
  const { state, applier } = parts;
  const effects: (Effect | undefined)[] = [...applier.planStrangers()];
  const times: (number | undefined)[] = [];
  endWhatIsOver(parts);
  for (const { application, deployment } of everyDeployment(state)) {
    const target = state.applications.get(application);
    const wanted = wantedTarget(state, target, deployment);
    const snapshots = state.replicasOf(application, deployment).map((record) => snapshotOf(record, parts.feed));
    const { starts, scale } = state.deployment(application, deployment);
    const decision = decideReplicas(goalOf(wanted, scale.target), snapshots, starts, nowMs);
    effects.push(
      ...decision.actions.map((action) => applier.planReplica(action, target, findDeployment(target, deployment))),
    );
    times.push(decision.wakeAtMs);
  }
  const proxies = decideProxies(proxyNodes, [...state.proxies.values()], state.proxyMemory, nowMs);
  effects.push(...proxies.actions.map((action) => applier.planProxy(action)));
  times.push(proxies.wakeAtMs);
  updateStatuses(parts, nowMs);
  const future = times.filter((time) => time !== undefined);
  return {
    effects: effects.filter((effect) => effect !== undefined),
    wakeAtMs: future.length === 0 ? undefined : Math.min(...future),
  };
}

/** Every deployment that is wanted or that has replicas (R1). */
function everyDeployment(state: ControllerState): { application: string; deployment: string }[] {
  const found = new Map<string, { application: string; deployment: string }>();
  const add = (application: string, deployment: string): void => {
    found.set(deploymentKey(application, deployment), { application, deployment });
  };
  for (const { name, deployments, retired } of state.applications.values()) {
    for (const { spec } of [...deployments, ...retired]) add(name, spec.name);
  }
  for (const { application, deployment } of state.replicas.values()) add(application, deployment);
  return [...found.values()];
}

/** The target of a deployment; undefined when it shall be gone. */
function wantedTarget(
  state: ControllerState,
  application: ApplicationTarget | undefined,
  deployment: string,
): DeploymentTarget | undefined {
  if (application === undefined) return undefined;
  const stopping = stoppingDeployments(application, state.replicasByDeployment(application.name));
  return stopping.has(deployment) ? undefined : findDeployment(application, deployment);
}

function snapshotOf(record: ReplicaRecord, feed: ChangeFeed): ReplicaSnapshot {
  const { id, codeVersion, configRevision, rank, phase, linkLostAtMs, stuck, application, deployment } = record;
  const released = phase.kind === "leaving" && feed.isAcknowledged(targetsKey(application, deployment));
  return { id, codeVersion, configRevision, rank, phase, linkLostAtMs, stuck, released };
}

/** Strikes off applications, retired deployments and memories that nothing is left of, and goes on with a shutdown. */
function endWhatIsOver({ state, journal }: ReconcileParts): void {
  const applications = new Map(state.applications);
  for (const [name, target] of applications) {
    const replicas = state.replicasByDeployment(name);
    if (target.deleting) {
      if (replicas.size === 0) applications.delete(name);
    } else if (state.standing !== "serving" && state.proxies.size === 0) {
      applications.set(name, { ...target, deleting: true });
    } else if (target.entrance !== target.ingress && mayMoveEntrance(target, replicas)) {
      journal.deployment(
        name,
        target.ingress,
        "application.entrance",
        `the route leads here instead of ${target.entrance}`,
      );
      applications.set(name, { ...target, entrance: target.ingress });
    } else if (target.retired.length > 0) {
      const over = stoppingDeployments(target, replicas);
      for (const deployment of over)
        journal.deployment(name, deployment, "deployment.retired", "no replica can call it any more");
      if (over.size > 0) applications.set(name, { ...target, retired: [] });
    }
  }
  const changed =
    applications.size !== state.applications.size ||
    [...applications].some(([k, v]) => state.applications.get(k) !== v);
  if (changed) state.applications = applications;
  const kept = new Set(everyDeployment(state).map((d) => deploymentKey(d.application, d.deployment)));
  for (const key of state.deployments.keys()) if (!kept.has(key)) state.deployments.delete(key);
}

/** R2 */
function updateStatuses({ state, journal }: ReconcileParts, nowMs: number): void {
  for (const { name, deployments, deleting } of state.applications.values()) {
    for (const target of deployments) {
      const deployment = state.deployment(name, target.spec.name);
      const before = deployment.status;
      const facts = factsOf(target, deployment.scale.target, state.replicasOf(name, target.spec.name), nowMs);
      const after = deleting ? afterStatusEvent(before, "delete", "") : decideStatus(before, facts, deployment.starts);
      deployment.status = after;
      if (after.status === "HEALTHY") deployment.starts = afterHealthy(deployment.starts);
      if (after.status === before.status && after.trigger === before.trigger) continue;
      const bad = after.status === "DEPLOY_FAILED" || after.status === "UNHEALTHY";
      const words = `${before.status} -> ${after.status} (${after.trigger})${after.message === "" ? "" : `: ${after.message}`}`;
      journal.deployment(name, target.spec.name, "deployment.status", words, bad ? "warn" : "info");
    }
  }
}
