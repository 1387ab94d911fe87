// Which replicas a call may go to, in which order: model affinity (P3), locality (P2), then the deployment's router
// (P1, P4, P5). Pure: candidates, times and random numbers in, one of the inputs out.
//   R1  A call without a model goes to any replica that its router takes.
//   R2  A call with a model goes to those that hold it; for `matchMs` it waits for one of them, then any other may load it.
//   R3  Nobody holds the model: one of those with the fewest models.
//   R4  Of equally good replicas those on the caller's node go first.
import type { RouterName } from "../config/router-names.ts";
import type { Random } from "../core/random.ts";
import type { RoutedCall, RoutedReplica } from "../model/request-router.ts";
import { chooseReplica } from "./choose-replica.ts";
import { HashRing } from "./hash-ring.ts";

/** How a deployment's calls are spread over the replicas that suit them. */
export interface Strategy {
  /** It tells calls of one model apart by their session, or their id. */
  readonly bySession: boolean;
  /** One of `pool` that has a free slot; undefined: the call waits. */
  choose<R extends RoutedReplica>(pool: readonly R[], call: RoutedCall, random: Random): R | undefined;
  /** Whether the call may have a slot that frees at `replica`, which is in `pool`. */
  accepts<R extends RoutedReplica>(replica: R, pool: readonly R[], call: RoutedCall, random: Random): boolean;
}

/** Longest wait for a replica that holds the model (P3). */
const MATCH_MS = 1000;

/** The replica that gets a call now; undefined: it waits. @param node the caller's own, when its replicas go first */
export function routeCall<R extends RoutedReplica>(
  call: RoutedCall,
  replicas: readonly R[],
  strategy: Strategy,
  node: string | undefined,
  random: Random,
): R | undefined {
  for (const pool of poolsFor(call, replicas)) {
    const near = node === undefined ? [] : pool.filter((replica) => replica.node === node); // R4
    const chosen =
      (near.length > 0 && near.length < pool.length ? strategy.choose(near, call, random) : undefined) ??
      strategy.choose(pool, call, random);
    if (chosen !== undefined) return chosen;
  }
  return undefined;
}

/** Whether a call that waits may have a slot that frees at `replica`. */
export function mayUse<R extends RoutedReplica>(
  call: RoutedCall,
  replica: R,
  replicas: readonly R[],
  strategy: Strategy,
  random: Random,
): boolean {
  // Asked of each call that waits whenever a slot frees; most wait for another replica, which holds their model (R2).
  const { multiplexedModelId: model } = call;
  const isElsewhere = model !== "" && !replica.models.has(model) && replicas.some(({ models }) => models.has(model));
  if (isElsewhere && call.waitedMs < matchLimitMs(call)) return false;
  return poolsFor(call, replicas).some(
    (pool) => pool.includes(replica) && strategy.accepts(replica, pool, call, random),
  );
}

/** How long a call waits for a replica that holds its model, milliseconds after it began to wait (P3). */
export function matchLimitMs({ waitedMs, remainingMs }: Pick<RoutedCall, "waitedMs" | "remainingMs">): number {
  return Math.min(MATCH_MS, (waitedMs + remainingMs) / 10);
}

/** Replicas that suit a call, best first (R1, R2, R3). */
function poolsFor<R extends RoutedReplica>(call: RoutedCall, replicas: readonly R[]): readonly (readonly R[])[] {
  const { multiplexedModelId: model } = call;
  if (model === "") return [replicas];
  const holders = replicas.filter(({ models }) => models.has(model));
  if (holders.length === 0) return withFewestModels(replicas);
  if (call.waitedMs < matchLimitMs(call)) return [holders];
  return [holders, ...withFewestModels(replicas.filter((replica) => !holders.includes(replica)))];
}

/** Groups of equally many models, fewest first: a full one must not keep the call from the next. */
function withFewestModels<R extends RoutedReplica>(replicas: readonly R[]): readonly (readonly R[])[] {
  const counts = [...new Set(replicas.map(({ models }) => models.size))].sort((a, b) => a - b);
  return counts.map((count) => replicas.filter(({ models }) => models.size === count));
}

/** Any that is in the pool. */
const anyOfPool = (): boolean => true;

/** P1 */
const powerOfTwo: Strategy = {
  bySession: false,
  choose: (pool, _call, random) => chooseReplica(pool, random),
  accepts: anyOfPool,
};

/** The one with the fewest ongoing calls; suspects last. */
const leastLoaded: Strategy = {
  bySession: false,
  choose(pool, _call, random) {
    const free = soundFirst(pool.filter((replica) => replica.free));
    const least = Math.min(...free.map(({ load }) => load));
    const equal = free.filter(({ load }) => load === least);
    return equal[Math.floor(random.next() * equal.length)];
  },
  accepts: anyOfPool,
};

/** One after the other, from a random start; full ones are passed over. */
function roundRobin(random: Random): Strategy {
  let last = Math.floor(random.next() * 0xffff);
  return {
    bySession: false,
    choose(pool) {
      const sound = soundFirst(pool);
      for (const candidates of sound === pool ? [pool] : [sound, pool]) {
        for (let step = 1; step <= candidates.length; step++) {
          const at = (last + step) % candidates.length;
          const replica = candidates[at];
          if (replica?.free !== true) continue;
          last = at;
          return replica;
        }
      }
      return undefined;
    },
    accepts: anyOfPool,
  };
}

/** Rings that are kept, one for each set of replicas: all, a node's, a model's. Chosen: more than calls alternate between. */
const MAX_RINGS = 64;

/** P4: the key's own replica, then its neighbours on the ring, then waiting for one of them. */
function consistentHash(points: number | undefined, fallbacks: number): Strategy {
  const rings = new Map<string, HashRing>();
  let known: readonly RoutedReplica[] = [];
  let ring = new HashRing([]);
  const ringOf = (pool: readonly RoutedReplica[]): HashRing => {
    const ids = pool.map(({ id }) => id).sort();
    const key = ids.join();
    const found = rings.get(key) ?? new HashRing(ids, points);
    if (rings.size >= MAX_RINGS) rings.clear();
    rings.set(key, found);
    return found;
  };
  const owners = (pool: readonly RoutedReplica[], call: RoutedCall): readonly string[] => {
    if (pool !== known) [known, ring] = [pool, ringOf(pool)]; // most often it is the router's own list, again
    return ring.owners(call.sessionId || call.requestId, 1 + fallbacks);
  };
  return {
    bySession: true,
    choose(pool, call) {
      const candidates = owners(pool, call).flatMap((id) => pool.find((replica) => replica.id === id) ?? []);
      return soundFirst(candidates.filter(({ free }) => free))[0];
    },
    accepts: (replica, pool, call) => owners(pool, call).includes(replica.id),
  };
}

function soundFirst<R extends RoutedReplica>(replicas: readonly R[]): readonly R[] {
  const sound = replicas.filter(({ suspect }) => !suspect);
  return sound.length > 0 ? sound : replicas;
}

/** Fallbacks of the consistent-hash router unless told otherwise (P4). */
const FALLBACKS = 2;

/**
 * The strategy of a built-in router.
 * @param kwargs `requestRouterKwargs`: `num_virtual_nodes` and `num_fallback_replicas` are read
 */
export function createStrategy(
  router: RouterName,
  kwargs: Readonly<Record<string, unknown>>,
  random: Random,
): Strategy {
  switch (router) {
    case "pow2":
      return powerOfTwo;
    case "least-loaded":
      return leastLoaded;
    case "round-robin":
      return roundRobin(random);
    case "consistent-hash":
      return consistentHash(
        countOf(kwargs["num_virtual_nodes"], 1),
        countOf(kwargs["num_fallback_replicas"], 0) ?? FALLBACKS,
      );
  }
}

function countOf(value: unknown, least: number): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= least ? value : undefined;
}
