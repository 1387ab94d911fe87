// Which known key a wrong one was meant to be. Pure.
import { RAY_ACTOR_OPTIONS, toCamelCase } from "./names.ts";

/**
 * The known key that `key` most likely stands for, or undefined when none is near: Ray's spelling of it, another
 * capitalisation, or at most a third of its letters (two at least) inserted, left out, swapped or changed.
 */
export function nearestKey(key: string, known: readonly string[]): string | undefined {
  if (key === RAY_ACTOR_OPTIONS.snake) return RAY_ACTOR_OPTIONS.camel.findLast((name) => known.includes(name));
  const wanted = toCamelCase(key.trim()).toLowerCase();
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) > limit) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Number of insertions, deletions, changes and swaps of neighbours that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const changed = at(previous, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let cost = Math.min(at(previous, column) + 1, at(current, column - 1) + 1, changed);
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, at(beforePrevious, column - 2) + 1);
      current.push(cost);
    }
    [beforePrevious, previous] = [previous, current];
  }
  return at(previous, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
