// Which rank a replica has: a new one the smallest that no live replica of its version holds, and when nothing changes
// any more the ranks are 0 to n - 1 (reference 4.13). Pure.
import type { ReplicaId } from "../../model/ids.ts";

/** The `count` smallest ranks that are not taken, ascending. */
export function freeRanks(taken: Iterable<number>, count: number): readonly number[] {
  const held = new Set(taken);
  const free: number[] = [];
  for (let rank = 0; free.length < count; rank++) {
    if (!held.has(rank)) free.push(rank);
  }
  return free;
}

/** New ranks that close all gaps with the fewest moves, by replica: only those that hold too high a rank, or one twice, move. */
export function compactRanks(
  replicas: readonly { readonly id: ReplicaId; readonly rank: number }[],
): ReadonlyMap<ReplicaId, number> {
  const held = new Set<number>();
  const moving = replicas.filter(({ rank }) => {
    if (rank >= replicas.length || held.has(rank)) return true;
    held.add(rank);
    return false;
  });
  const free = freeRanks(held, moving.length);
  return new Map(moving.map(({ id }, index) => [id, free[index] ?? 0]));
}
