// The newest lines of what was done, and why: a ring for each application and each deployment, in memory. The log keeps
// the rest.
//   R1  Bounded: so many lines a ring, so many rings; the ring that was quiet for longest goes first.
//   R2  What is gone can still be asked for, while its ring lasts.
import { BoundedMap } from "../core/bounded-map.ts";
import type { HistoryEntry, HistoryFilter } from "../model/history.ts";
import { deploymentKey } from "../model/ids.ts";

/** Lines kept of one deployment. Chosen: a long rollout of 50 replicas fits. */
const LINES = 200;
/** Deployments and applications whose lines are kept. Chosen: far more than run at a time. */
const RINGS = 500;

export class History {
  /** By `deploymentKey`; the application as a whole under an empty name. */
  readonly #rings = new BoundedMap<string, HistoryEntry[]>(RINGS);

  add(entry: HistoryEntry): void {
    const key = deploymentKey(entry.application, entry.deployment);
    const ring = this.#rings.get(key) ?? [];
    ring.push(entry);
    if (ring.length > LINES) ring.shift();
    this.#rings.set(key, ring);
  }

  /** Oldest first. */
  list({ application, deployment, replicaId }: HistoryFilter): readonly HistoryEntry[] {
    const wanted = (entry: HistoryEntry): boolean =>
      (application === undefined || entry.application === application) &&
      (deployment === undefined || entry.deployment === deployment) &&
      (replicaId === undefined || entry.replicaId === replicaId);
    return [...this.#rings.values()].flatMap((ring) => ring.filter(wanted)).sort((a, b) => a.timeMs - b.timeMs);
  }
}
