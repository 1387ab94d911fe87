import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../core/random.ts";
import { chooseReplica, type Candidate } from "./choose-replica.ts";

interface Named extends Candidate {
  readonly id: number;
}

const candidate = (id: number, load: number, free = true, suspect = false): Named => ({ id, load, free, suspect });

describe("choosing a replica", () => {
  it("takes the less loaded of two (P1)", () => {
    const random = seededRandom(1);
    for (let i = 0; i < 50; i++) {
      expect(chooseReplica([candidate(0, 3), candidate(1, 1)], random)?.id).toBe(1);
    }
  });

  it("answers nothing when none is free", () => {
    expect(chooseReplica([], seededRandom(1))).toBeUndefined();
    expect(chooseReplica([candidate(0, 0, false), candidate(1, 0, false)], seededRandom(1))).toBeUndefined();
  });

  it("takes a suspect only when nothing else is free (R1)", () => {
    const random = seededRandom(1);
    const suspect = candidate(0, 0, true, true);
    for (let i = 0; i < 50; i++) {
      expect(chooseReplica([suspect, candidate(1, 9), candidate(2, 8)], random)?.id).not.toBe(0);
    }
    expect(chooseReplica([suspect, candidate(1, 0, false)], random)?.id).toBe(0);
  });

  it("returns a free one of its inputs whenever there is one, a sound one before a suspect", () => {
    const one = fc.record({ load: fc.nat(5), free: fc.boolean(), suspect: fc.boolean() });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), fc.nat(), (candidates, seed) => {
        const chosen = chooseReplica(candidates, seededRandom(seed));
        const free = candidates.filter((each) => each.free);
        expect(chosen === undefined).toBe(free.length === 0);
        if (chosen === undefined) return;
        expect(free).toContain(chosen);
        if (free.some((each) => !each.suspect)) expect(chosen.suspect).toBe(false);
      }),
    );
  });

  it("starves nobody: equal replicas get equal shares within a few per cent", () => {
    const random = seededRandom(7);
    const loads = [0, 0, 0, 0, 0];
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const chosen = chooseReplica(
        loads.map((load, id) => candidate(id, load)),
        random,
      ) as Named;
      counts[chosen.id] = (counts[chosen.id] ?? 0) + 1;
      loads[chosen.id] = (loads[chosen.id] ?? 0) + 1;
      const done = Math.floor(random.next() * 5);
      loads[done] = Math.max(0, (loads[done] ?? 0) - 1);
    }
    for (const count of counts) expect(Math.abs(count - 4000)).toBeLessThan(200);
  });
});
