import { describe, expect, it } from "vitest";
import { parseAutocannon, parseWrk } from "./load-reports.ts";

const wrkOutput = (fields: object): string => {
  const good = { requests: 1000, micros: 2_000_000, bytes: 150_000, p50Micros: 80, p99Micros: 1800 };
  const report = { ...good, badStatus: 0, socketErrors: 0, timeouts: 0, wrongBodies: 0, ...fields };
  return `Running 2s test @ http://127.0.0.1:1/\n  1000 requests in 2.00s\nreport ${JSON.stringify(report)}\n`;
};

const autocannonOutput = (fields: object): string => {
  const good = {
    duration: 2,
    "2xx": 1000,
    non2xx: 0,
    errors: 0,
    timeouts: 0,
    mismatches: 0,
    requests: { total: 1000 },
  };
  return JSON.stringify({ ...good, latency: { p50: 1, p99: 4 }, throughput: { total: 150_000 }, ...fields });
};

const figures = { perSecond: 500, answers: 1000, bytes: 150_000 };

describe("wrk", () => {
  it("reads the report line among what wrk itself prints", () => {
    expect(parseWrk(wrkOutput({}))).toEqual({ ...figures, p50Ms: 0.08, p99Ms: 1.8, faults: [] });
  });

  it("names each kind of bad answer with its count", () => {
    expect(parseWrk(wrkOutput({ badStatus: 3, wrongBodies: 2 })).faults).toEqual([
      "3 answers with an error status",
      "2 wrong bodies",
    ]);
    expect(parseWrk(wrkOutput({ socketErrors: 1, timeouts: 4 })).faults).toEqual(["1 socket errors", "4 time-outs"]);
  });

  it("refuses output without a report", () => {
    expect(() => parseWrk("unable to connect")).toThrow("wrk printed no report:\nunable to connect");
  });
});

describe("autocannon", () => {
  it("reads its JSON", () => {
    expect(parseAutocannon(autocannonOutput({}), 64)).toEqual({ ...figures, p50Ms: 1, p99Ms: 4, faults: [] });
  });

  it("takes the mean for the median with one connection, whole milliseconds being too coarse", () => {
    expect(parseAutocannon(autocannonOutput({}), 1).p50Ms).toBe(2);
  });

  it("names each kind of bad answer with its count", () => {
    const bad = autocannonOutput({ non2xx: 3, errors: 5, timeouts: 4, mismatches: 2 });
    expect(parseAutocannon(bad, 64).faults).toEqual([
      "3 answers with an error status",
      "1 socket errors",
      "4 time-outs",
      "2 wrong bodies",
    ]);
  });
});
