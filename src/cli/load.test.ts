import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatencyHistogram } from "./latency-histogram.ts";
import { figuresOf, formatFigures, hasFailures } from "./load-report.ts";

const histogramOf = (latencies: readonly number[]): LatencyHistogram => {
  const histogram = new LatencyHistogram();
  for (const ms of latencies) histogram.record(ms);
  return histogram;
};

describe("LatencyHistogram", () => {
  it("has quantiles within one percent of the sorted values (R1)", () => {
    const latency = fc.double({ min: 0.02, max: 60_000, noNaN: true });
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 200 }), fc.constantFrom(0.5, 0.9, 0.99), (all, q) => {
        const exact = all.toSorted((a, b) => a - b)[Math.ceil(q * all.length) - 1]!;
        const told = histogramOf(all).quantileMs(q);
        expect(Math.abs(told - exact) / exact).toBeLessThan(0.0101);
      }),
    );
  });

  it("is 0 where nothing was recorded, and exact at its ends", () => {
    expect([histogramOf([]).quantileMs(0.5), histogramOf([]).meanMs]).toEqual([0, 0]);
    expect([histogramOf([1, 3]).meanMs, histogramOf([1, 3]).maxMs, histogramOf([1, 3]).count]).toEqual([2, 3, 2]);
  });
});

describe("the report of a load", () => {
  const plan = {
    url: new URL("http://127.0.0.1:8000/shop"),
    method: "GET",
    headers: {},
    body: undefined,
    connections: 2,
    durationMs: 2000,
  };
  const result = {
    elapsedMs: 2000,
    latencies: histogramOf([1, 2, 4]),
    statuses: new Map([
      [503, 1],
      [200, 2],
    ]),
    errors: new Map([["ECONNRESET", 1]]),
    bodyBytes: 3 << 20,
    clientBusy: 0.97,
  };

  it("counts answers, errors and time", () => {
    expect(figuresOf(plan, result)).toMatchObject({
      connections: 2,
      requests: 3,
      requestsPerS: 1.5,
      statuses: { 200: 2, 503: 1 },
      errors: { ECONNRESET: 1 },
      latencyMs: { max: 4 },
    });
  });

  it("says when the client was what was measured", () => {
    const text = formatFigures(figuresOf(plan, result));
    expect(text).toContain("answers  2 x 200, 1 x 503");
    expect(text).toContain("errors   1 x ECONNRESET");
    expect(text).toContain("computed 97 % of the time");
    expect(formatFigures({ ...figuresOf(plan, result), clientBusy: 0.4 })).not.toContain("computed");
  });

  it.each([
    [{ statuses: new Map([[200, 3]]), errors: new Map() }, false],
    [{ statuses: new Map([[302, 3]]), errors: new Map() }, false],
    [{ statuses: new Map([[404, 3]]), errors: new Map() }, true],
    [{ statuses: new Map([[200, 3]]), errors: new Map([["ECONNREFUSED", 1]]) }, true],
    [{ latencies: histogramOf([]), statuses: new Map(), errors: new Map() }, true],
  ])("is a failure when an answer was: %j", (seen, failed) => {
    expect(hasFailures(figuresOf(plan, { ...result, ...seen }))).toBe(failed);
  });
});
