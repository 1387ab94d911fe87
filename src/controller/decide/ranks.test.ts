import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compactRanks, freeRanks } from "./ranks.ts";

const ranked = (...ranks: number[]) => ranks.map((rank, index) => ({ id: `r${index}`, rank }));

describe("ranks", () => {
  it("are the smallest free ones for new replicas", () => {
    expect(freeRanks([0, 2], 3)).toEqual([1, 3, 4]);
  });

  it.each([
    [ranked(0, 1, 2), {}],
    [ranked(0, 3, 1), { r1: 2 }],
    [ranked(5, 7, 0), { r0: 1, r1: 2 }],
    [ranked(0, 0, 1), { r1: 2 }],
  ])("move as little as possible to close gaps and to be unique", (replicas, expected) => {
    expect(Object.fromEntries(compactRanks(replicas))).toEqual(expected);
  });

  it("are 0 to n - 1 afterwards, whatever they were", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 12 }), (ranks) => {
        const replicas = ranked(...ranks);
        const moved = compactRanks(replicas);
        const after = replicas.map(({ id, rank }) => moved.get(id) ?? rank).sort((a, b) => a - b);
        expect(after).toEqual(replicas.map((_, index) => index));
      }),
    );
  });
});
