// What runs on which node, counted: the input of decide/placement.ts.
import type { NodeInfo } from "../engine/engine.ts";
import type { NodeId } from "../model/ids.ts";
import { isServing, isStopping } from "../model/lifecycle.ts";
import { NO_RESOURCES, type NodeLoad, addResources, nodesToFree } from "./decide/placement.ts";
import type { ControllerState, ReplicaRecord } from "./state.ts";

/** Nodes that take replicas, with what lives there; `own` counts those of one deployment. */
export function nodeLoads(
  state: ControllerState,
  nodes: readonly NodeInfo[],
  application: string,
  deployment: string,
): NodeLoad[] {
  const live = [...state.replicas.values()].filter(({ phase }) => !isStopping(phase));
  const isOwn = (r: ReplicaRecord): boolean => r.application === application && r.deployment === deployment;
  return nodes
    .filter(({ id }) => !state.drainingNodes.has(id))
    .map(({ id, resources: total }) => {
      const here = live.filter(({ node }) => node === id);
      const claimed = here.map(({ resources }) => resources).reduce(addResources, NO_RESOURCES);
      return { id, total, claimed, replicas: here.length, own: here.filter(isOwn).length };
    });
}

/** Nodes in the order in which replicas are taken from them. The head's own is the engine's first. */
export function freeingOrder(state: ControllerState, nodes: readonly NodeInfo[]): readonly NodeId[] {
  const serving = new Map<NodeId, number>(nodes.map(({ id }) => [id, 0]));
  for (const { node, phase } of state.replicas.values()) {
    if (isServing(phase)) serving.set(node, (serving.get(node) ?? 0) + 1);
  }
  return nodesToFree(
    nodes.map(({ id }) => ({ id, replicas: serving.get(id) ?? 0 })),
    nodes[0]?.id ?? "",
  );
}
