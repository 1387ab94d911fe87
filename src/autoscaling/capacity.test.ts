import { describe, expect, it } from "vitest";
import { adjustForCapacity, boundsOf, clamp } from "./capacity.ts";
import { rulesWith } from "./testing/rules.ts";

describe("adjustForCapacity", () => {
  const cases: readonly [number, number | null, number][] = [
    [7, null, 7],
    [7, 100, 7],
    [7, 0, 0],
    [0, 50, 0],
    [10, 1, 1],
    [1, 1, 1],
    [10, 25, 3],
    [10, 24, 2],
    [5, 50, 3],
    [3, 50, 2],
    [10, 99.9, 10],
    [0, null, 0],
  ];
  for (const [replicas, percent, expected] of cases) {
    it(`makes ${expected} of ${replicas} at ${percent} percent`, () => {
      expect(adjustForCapacity(replicas, percent)).toBe(expected);
    });
  }
});

describe("boundsOf", () => {
  const rules = rulesWith({ minReplicas: 2, initialReplicas: 6, maxReplicas: 10 });

  it("adjusts both bounds", () => {
    expect(boundsOf(rules, { percent: null, direction: null })).toEqual({ lower: 2, upper: 10 });
    expect(boundsOf(rules, { percent: 50, direction: "DOWN" })).toEqual({ lower: 1, upper: 5 });
    expect(boundsOf(rules, { percent: 0, direction: "DOWN" })).toEqual({ lower: 0, upper: 0 });
  });

  it("has the initial replicas as the lower bound while the capacity rises", () => {
    expect(boundsOf(rules, { percent: 50, direction: "UP" })).toEqual({ lower: 3, upper: 5 });
    expect(boundsOf(rules, { percent: 100, direction: "UP" })).toEqual({ lower: 6, upper: 10 });
    expect(boundsOf({ ...rules, initialReplicas: null }, { percent: 50, direction: "UP" }).lower).toBe(1);
  });
});

describe("clamp", () => {
  it("moves into the bounds", () => {
    expect([-3, 1, 2, 5, 10, 11].map((n) => clamp(n, { lower: 2, upper: 10 }))).toEqual([2, 2, 2, 5, 10, 10]);
  });
});
