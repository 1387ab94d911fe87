// Chooses the replica that gets the next call. Pure: candidates and random numbers in, one of the inputs out.
//   P1  Two distinct random candidates with a free slot; the one with fewer ongoing calls wins.
//   R1  A suspect is taken only when nothing else has a free slot.
import { randomInt, type Random } from "../core/random.ts";

/** What the choice looks at. */
export interface Candidate {
  /** It may get a call from this caller now: connected, not full for us, not draining. */
  readonly free: boolean;
  /** Ongoing calls there: ours exactly, the others' as last told. */
  readonly load: number;
  /** It misses heartbeats. */
  readonly suspect: boolean;
}

/** Power of two choices. Undefined when no candidate has a free slot. */
export function chooseReplica<C extends Candidate>(candidates: readonly C[], random: Random): C | undefined {
  const count = candidates.length;
  if (count > 1) {
    const i = randomInt(random, count);
    const offset = 1 + randomInt(random, count - 1);
    const a = candidates[i] as C;
    const b = candidates[(i + offset) % count] as C;
    if (a.free && b.free && !a.suspect && !b.suspect) return b.load < a.load ? b : a;
  }
  return chooseAmongFree(candidates, random);
}

/** The rare case: one of the two picks was full or suspect, so the free ones are picked out first. */
function chooseAmongFree<C extends Candidate>(candidates: readonly C[], random: Random): C | undefined {
  const free = candidates.filter((candidate) => candidate.free);
  const sound = free.filter((candidate) => !candidate.suspect);
  const pool = sound.length > 0 ? sound : free;
  if (pool.length <= 2) return lessLoaded(pool[0], pool[1], random);
  const i = randomInt(random, pool.length);
  const offset = 1 + randomInt(random, pool.length - 1);
  return lessLoaded(pool[i], pool[(i + offset) % pool.length], random);
}

function lessLoaded<C extends Candidate>(a: C | undefined, b: C | undefined, random: Random): C | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.load === b.load) return random.next() < 0.5 ? a : b;
  return b.load < a.load ? b : a;
}
