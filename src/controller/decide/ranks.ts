// Which rank a new replica gets: the smallest that no live replica of its version holds. Pure.

/** The `count` smallest ranks that are not taken, ascending. */
export function freeRanks(taken: Iterable<number>, count: number): readonly number[] {
  const held = new Set(taken);
  const free: number[] = [];
  for (let rank = 0; free.length < count; rank++) {
    if (!held.has(rank)) free.push(rank);
  }
  return free;
}
