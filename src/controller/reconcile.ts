// One look at everything: for each deployment and for the proxies, what should be done and why, planned and ready to be
// carried out. This is where a reader sees how a decision is made; the decisions themselves are in decide/.
//   R1  A deployment that the target state does not name, but that has replicas, has the goal "nothing".
//   R2  Statuses are decided last, from what the plans have made of the state: what is called complete is published.
import type { Clock } from "../core/clock.ts";
import type { NodeInfo } from "../engine/engine.ts";
import type { NodeId } from "../model/ids.ts";
import { deploymentKey } from "../model/ids.ts";
import { type ApplicationTarget, type DeploymentTarget, findDeployment } from "../model/target-state.ts";
import { targetsKey } from "../protocol/control.ts";
import type { ActionApplier, Effect } from "./apply-actions.ts";
import type { ChangeFeed } from "./change-feed.ts";
import { decideProxies } from "./decide/proxies.ts";
import { decideHealth } from "./decide/health.ts";
import { choosePlace, freePlaces, type NodeLoad, withReplica } from "./decide/placement.ts";
import { decideReplicas } from "./decide/replicas.ts";
import { earliest } from "./decide/times.ts";
import { goalOf, holdingTarget, mayMoveEntrance, stoppingDeployments } from "./goals.ts";
import type { Journal } from "./journal.ts";
import type { ControllerMeter } from "./meter.ts";
import { freeingOrder, nodeLoads } from "./node-loads.ts";
import { resourcesOf } from "./process-specs.ts";
import type { Scaling } from "./scaling.ts";
import type { ReplicaSnapshot } from "./snapshot.ts";
import type { ControllerState, ReplicaRecord } from "./state.ts";
import { updateStatuses } from "./update-statuses.ts";

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
  readonly scaling: Scaling;
  readonly meter: ControllerMeter;
  /** What the engine has to run replicas on; the head's own first. */
  readonly nodes: readonly NodeInfo[];
  readonly clock: Pick<Clock, "monotonic">;
}

/** @param proxyNodes nodes that should have a proxy */
export function reconcile(parts: ReconcileParts, proxyNodes: readonly NodeId[], nowMs: number): Plan {
  const { state, applier, clock } = parts;
  const effects: (Effect | undefined)[] = [...applier.planStrangers()];
  const times: (number | undefined)[] = [];
  const held = new Map<string, string>();
  const begunMs = clock.monotonic();
  endWhatIsOver(parts);
  times.push(parts.scaling.look(nowMs));
  const emptiest = freeingOrder(state, parts.nodes);
  for (const { application, deployment } of everyDeployment(state)) {
    const plan = planDeployment(parts, application, deployment, emptiest, nowMs);
    effects.push(...plan.effects);
    times.push(...plan.times);
    held.set(deploymentKey(application, deployment), plan.held);
  }
  const deploymentsMs = clock.monotonic();
  const proxies = decideProxies(proxyNodes, [...state.proxies.values()], state.proxyMemory, nowMs);
  effects.push(...proxies.actions.map((action) => applier.planProxy(action)));
  times.push(proxies.wakeAtMs);
  const proxiesMs = clock.monotonic();
  const notes = (application: string, deployment: string): string =>
    held.get(deploymentKey(application, deployment)) || parts.scaling.trouble(application, deployment);
  updateStatuses(parts, notes, nowMs);
  parts.meter.ticked({
    deploymentsMs: deploymentsMs - begunMs,
    proxiesMs: proxiesMs - deploymentsMs,
    statusesMs: clock.monotonic() - proxiesMs,
  });
  return { effects: effects.filter((effect) => effect !== undefined), wakeAtMs: earliest(times) };
}

interface DeploymentPlan {
  readonly effects: readonly (Effect | undefined)[];
  readonly times: readonly (number | undefined)[];
  /** Why starts are held back; empty: none is. */
  readonly held: string;
}

/**
 * One deployment: what its replicas should do, where new ones go, which are asked for their health.
 * @param emptiest nodes in the order in which to take replicas from them
 */
function planDeployment(
  parts: ReconcileParts,
  name: string,
  deployment: string,
  emptiest: readonly NodeId[],
  nowMs: number,
): DeploymentPlan {
  const { state, applier, nodes } = parts;
  const application = state.applications.get(name);
  const { starts, scale, failure } = state.deployment(name, deployment);
  const wanted = holdingTarget(wantedTarget(state, application, deployment), failure);
  const target = holdingTarget(findDeployment(application, deployment), failure);
  const seen = state.replicasOf(name, deployment).map((record) => snapshotOf(record, parts));
  const goal = goalOf(wanted, scale.target, failure !== null);
  const maxReplicasPerNode = target?.spec.options.maxReplicasPerNode ?? null;
  const count = () => nodeLoads(state, nodes, name, deployment);
  const free = maxReplicasPerNode === null ? Infinity : freePlaces(maxReplicasPerNode, count());
  const decision = decideReplicas(goal, seen, starts, { nodesToFree: emptiest, free }, nowMs);
  const effects: (Effect | undefined)[] = [];
  let loads: readonly NodeLoad[] | undefined; // counted when the first is to start
  let held = "";
  for (const action of decision.actions) {
    if (action.kind !== "start") {
      effects.push(applier.planReplica(action, application, target));
    } else if (application !== undefined && target !== undefined) {
      const needs = { resources: resourcesOf(target.spec.options.resources), maxReplicasPerNode };
      loads ??= count();
      const node = choosePlace(needs, loads);
      if (node === null) held = `no node for another replica: ${whyNoNode(maxReplicasPerNode)}`;
      else {
        effects.push(applier.planStart(action, node, application, target));
        loads = loads.map((load) => (load.id === node ? withReplica(load, needs.resources) : load));
      }
    }
  }
  if (target === undefined) return { effects, times: [decision.wakeAtMs], held };
  const { healthCheckPeriodS, healthCheckTimeoutS } = target.spec.options;
  const rules = { periodMs: healthCheckPeriodS * 1000, timeoutMs: healthCheckTimeoutS * 1000 };
  const health = decideHealth(rules, seen, nowMs);
  effects.push(...health.actions.map((action) => applier.planCheck(action)));
  return { effects, times: [decision.wakeAtMs, health.wakeAtMs], held };
}

function whyNoNode(maxReplicasPerNode: number | null): string {
  return maxReplicasPerNode === null ? "none takes any" : `maxReplicasPerNode is ${maxReplicasPerNode}`;
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

function snapshotOf(record: ReplicaRecord, { state, feed, nodes }: ReconcileParts): ReplicaSnapshot {
  const { phase, node, application, deployment } = record;
  const isThere = node === "" || nodes.some(({ id }) => id === node);
  return {
    ...record,
    pending: record.pending?.cause ?? null,
    displaced: !isThere || state.drainingNodes.has(node),
    released: phase.kind === "leaving" && feed.isAcknowledged(targetsKey(application, deployment)),
  };
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
      const why = state.standing === "ending" ? "the instance ends" : "everything is removed by command";
      journal.application(name, "application.delete", why);
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
