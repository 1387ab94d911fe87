// Decides on which node a replica starts, and from which nodes replicas are taken first when there are too many. Pure.
//   R1  Spread: of the nodes that have room, the one with the fewest replicas of the deployment, then of all deployments.
//   R2  `maxReplicasPerNode` is kept here; what a node has in resources is the engine's to judge. A node that has enough
//       in all is preferred to one that must wait; where none could ever have enough, the engine says what is missing.
//   R3  Replicas are taken from the node with the fewest of all deployments first, so that nodes become free; the head's
//       node comes last; within a node the newest goes first (reference 4.10).
//   R4  Same input, same answer: ties are broken by id.
import type { Resources } from "../../engine/engine.ts";
import type { NodeId, ReplicaId } from "../../model/ids.ts";
import type { ReplicaSnapshot } from "../snapshot.ts";

/** A node and what runs on it. */
export interface NodeLoad {
  readonly id: NodeId;
  /** All it has. */
  readonly total: Resources;
  /** What live replicas of all deployments claim there. */
  readonly claimed: Resources;
  /** Live replicas there, of all deployments. */
  readonly replicas: number;
  /** Those of the deployment in question. */
  readonly own: number;
}

/** What one replica needs of its node. */
export interface PlacementNeeds {
  readonly resources: Resources;
  /** Null: no limit. */
  readonly maxReplicasPerNode: number | null;
}

/** What nodes mean for the replicas of one deployment. */
export interface Places {
  /** Nodes in the order in which to take replicas from them. */
  readonly nodesToFree: readonly NodeId[];
  /** How many more replicas `maxReplicasPerNode` has places for; Infinity where it sets no limit. */
  readonly free: number;
}

/** No limit, and no node before another. */
export const ANYWHERE: Places = { nodesToFree: [], free: Infinity };

export const NO_RESOURCES: Resources = { cpus: 0, gpus: 0, memoryBytes: 0, custom: {} };

/** The node for one more replica; null: `maxReplicasPerNode` leaves none (R1, R2). */
export function choosePlace(needs: PlacementNeeds, nodes: readonly NodeLoad[]): NodeId | null {
  const open = nodes.filter(({ own }) => needs.maxReplicasPerNode === null || own < needs.maxReplicasPerNode);
  const level = ({ total, claimed }: NodeLoad): number => {
    if (fits(addResources(claimed, needs.resources), total)) return 0;
    return fits(needs.resources, total) ? 1 : 2;
  };
  const [best] = open.sort(
    (a, b) => level(a) - level(b) || a.own - b.own || a.replicas - b.replicas || (a.id < b.id ? -1 : 1), // R4
  );
  return best?.id ?? null;
}

/** How many more replicas of a deployment the nodes have places for (R2). */
export function freePlaces(maxReplicasPerNode: number, nodes: readonly Pick<NodeLoad, "own">[]): number {
  return nodes.reduce((sum, { own }) => sum + Math.max(0, maxReplicasPerNode - own), 0);
}

/** A node with one more replica of the deployment in question. */
export function withReplica(load: NodeLoad, resources: Resources): NodeLoad {
  const claimed = addResources(load.claimed, resources);
  return { ...load, claimed, replicas: load.replicas + 1, own: load.own + 1 };
}

/** Nodes in the order in which to take replicas from them (R3). @param head the head's node */
export function nodesToFree(nodes: readonly Pick<NodeLoad, "id" | "replicas">[], head: NodeId): readonly NodeId[] {
  const order = [...nodes].sort(
    (a, b) =>
      Number(a.id === head) - Number(b.id === head) ||
      a.replicas - b.replicas ||
      (a.id < b.id ? -1 : Number(a.id > b.id)),
  );
  return order.map(({ id }) => id);
}

type Victim = Pick<ReplicaSnapshot, "node" | "startMs" | "rank"> & { readonly id: ReplicaId };

/** Compares replicas by who goes first (R3). A node that is not named goes first: nobody knows it any more. */
export function byVictimOrder(order: readonly NodeId[]): (a: Victim, b: Victim) => number {
  const place = new Map(order.map((id, index) => [id, index]));
  const placeOf = ({ node }: Victim): number => place.get(node) ?? -1;
  return (a, b) => placeOf(a) - placeOf(b) || b.startMs - a.startMs || b.rank - a.rank || (a.id < b.id ? -1 : 1);
}

/** True when the end of a replica that claims `held` may make room for one that needs `needed`: it has some of each kind. */
export function mayMakeRoom(held: Resources, needed: Resources): boolean {
  const special: [needed: number, held: number][] = [
    [needed.gpus, held.gpus],
    ...Object.entries(needed.custom).map(([name, amount]): [number, number] => [amount, held.custom[name] ?? 0]),
  ];
  const asked = special.filter(([amount]) => amount > 0);
  // Every replica claims cpus, so they tell something only where nothing else is asked for.
  return asked.length === 0 ? needed.cpus === 0 || held.cpus > 0 : asked.every(([, amount]) => amount > 0);
}

/** Both together. */
export function addResources(a: Resources, b: Resources): Resources {
  const names = new Set([...Object.keys(a.custom), ...Object.keys(b.custom)]);
  return {
    cpus: a.cpus + b.cpus,
    gpus: a.gpus + b.gpus,
    memoryBytes: a.memoryBytes + b.memoryBytes,
    custom: Object.fromEntries([...names].map((name) => [name, (a.custom[name] ?? 0) + (b.custom[name] ?? 0)])),
  };
}

/** cpus and memory are advisory where the engine says so; a replica that does not fit by them alone is placed all the same. */
function fits(needed: Resources, total: Resources): boolean {
  return (
    needed.cpus <= total.cpus &&
    needed.gpus <= total.gpus &&
    needed.memoryBytes <= total.memoryBytes &&
    Object.entries(needed.custom).every(([name, amount]) => amount <= (total.custom[name] ?? 0))
  );
}
