import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AggregationFunction, aggregate, mergeSeries, type StepSeries } from "./step-series.ts";

const FOREVER_MS = 1e9;
/** Seconds, as the rules' examples are written. */
const inMs = (series: readonly (readonly [number, number])[]): StepSeries =>
  series.map(([second, value]) => [second * 1000, value]);

const R1 = inMs([
  [0.2, 5],
  [0.8, 7],
  [1.5, 6],
]);
const R2 = inMs([
  [0.1, 3],
  [0.9, 4],
  [1.4, 8],
]);

describe("mergeSeries", () => {
  it("adds step functions: the example of A4", () => {
    expect(mergeSeries([R1, R2])).toEqual(
      inMs([
        [0.1, 3],
        [0.2, 8],
        [0.8, 10],
        [0.9, 11],
        [1.4, 15],
        [1.5, 14],
      ]),
    );
  });

  it("rounds times to 10 ms and lets the newest of a moment count (R2)", () => {
    expect(
      mergeSeries([
        [
          [101, 1],
          [104, 2],
          [106, 3],
        ],
      ]),
    ).toEqual([
      [100, 2],
      [110, 3],
    ]);
  });

  it("leaves out empty series", () => {
    expect(mergeSeries([[], R1])).toEqual(R1);
    expect(mergeSeries([])).toEqual([]);
  });
});

describe("aggregate", () => {
  const cases: readonly [string, readonly StepSeries[], AggregationFunction, number, number, number | undefined][] = [
    ["the mean from where every series has a sample: 19.8 / 1.8", [R1, R2], "mean", FOREVER_MS, 2000, 11],
    ["the most of that window", [R1, R2], "max", FOREVER_MS, 2000, 15],
    ["the least of that window, not of what was before it", [R1, R2], "min", FOREVER_MS, 2000, 8],
    ["the value under way where the look-back begins", [R1], "mean", 1000, 2000, (7 * 0.5 + 6 * 0.5) / 1],
    ["the only value, which holds until now", [inMs([[0, 3]])], "mean", 30_000, 500_000, 3],
    ["a sample of this very moment, for at least 1 ms", [[[1000, 4]]], "mean", 30_000, 1000, 4],
    ["one sample now among older ones of another series", [[[1000, 4]], [[0, 2]]], "mean", 30_000, 1000, 6],
    ["nothing where there is no sample", [[], []], "mean", 30_000, 1000, undefined],
  ];
  for (const [what, series, by, lookBackMs, nowMs, expected] of cases) {
    it(`takes ${what}`, () => {
      const value = aggregate(series, by, lookBackMs, nowMs);
      if (expected === undefined) expect(value).toBeUndefined();
      else expect(value).toBeCloseTo(expected, 10);
    });
  }

  it("is exact for a load that does not change, however it was sampled", () => {
    const times = fc.uniqueArray(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 20 });
    const now = fc.double({ min: 60_000, max: 90_000, noNaN: true });
    const loads = fc.array(fc.tuple(fc.nat(50), times), { minLength: 1, maxLength: 5 });
    const property = fc.property(loads, now, (sources, nowMs) => {
      const series = sources.map(([value, at]) => [...at].sort((a, b) => a - b).map((t) => [t, value] as const));
      const total = sources.reduce((sum, [value]) => sum + value, 0);
      for (const by of ["mean", "max", "min"] as const) expect(aggregate(series, by, 30_000, nowMs)).toBe(total);
    });
    fc.assert(property);
  });

  it("keeps min <= mean <= max, and is the same whatever the order of the sources", () => {
    const sample = fc.tuple(fc.integer({ min: 0, max: 60_000 }), fc.nat(50));
    const property = fc.property(fc.array(fc.array(sample, { maxLength: 10 }), { maxLength: 5 }), (raw) => {
      const series = raw.map((one) => [...one].sort(([a], [b]) => a - b));
      const [min, mean, max] = (["min", "mean", "max"] as const).map((by) => aggregate(series, by, 30_000, 60_000));
      const reversed = aggregate(series.toReversed(), "mean", 30_000, 60_000);
      if (mean === undefined) expect([min, max, reversed]).toEqual([undefined, undefined, undefined]);
      else {
        expect(reversed).toBeCloseTo(mean, 9);
        expect(min as number).toBeLessThanOrEqual(mean + 1e-9);
        expect(max as number).toBeGreaterThanOrEqual(mean - 1e-9);
      }
    });
    fc.assert(property);
  });
});
