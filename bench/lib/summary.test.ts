import { describe, expect, it } from "vitest";
import { caseTitles, rows } from "../targets.ts";
import { median } from "./stats.ts";
import { summarise } from "./summary.ts";
import { formatFigure, formatTable } from "./table.ts";

describe("median", () => {
  it("is the middle value, or the mean of the two in the middle", () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])]).toEqual([2, 2.5, 7]);
    expect(median([])).toBeNaN();
  });
});

describe("summary", () => {
  it("judges the ratio of the medians", () => {
    const met = summarise({ row: "hello.rate", bare: [100, 90, 500], manta: [60, 10, 70] });
    expect([met.bare, met.manta, met.ratio, met.met]).toEqual([100, 60, 0.6, true]);
    expect(summarise({ row: "hello.rate", bare: [100], manta: [59] }).met).toBe(false);
    expect(summarise({ row: "hello.p50", bare: [1], manta: [2.7] }).met).toBe(false);
  });

  it("judges the figure where the target says so, with or without a bare server", () => {
    expect(summarise({ row: "calls.p50", manta: [0.15] }).met).toBe(true);
    expect(summarise({ row: "calls.rate", manta: [59_999] }).met).toBe(false);
    expect(summarise({ row: "stream.c1", bare: [9e6], manta: [500_000] }).met).toBe(true);
  });

  it("judges neither a row without a target nor meets one with a figure that is none", () => {
    expect(summarise({ row: "start.first", manta: [9000] }).met).toBeUndefined();
    expect(summarise({ row: "calls.p50", manta: [] }).met).toBe(false);
  });
});

describe("table", () => {
  it("shows figures, ratio, target, verdict, and marks anchors as from other runs", () => {
    const table = formatTable([summarise({ row: "hello.rate", bare: [60_000], manta: [40_000, 48_210, 50_000] })]);
    const [header, , line] = table.split("\n").map((text) => text.split(/ {2,}/));
    expect(header?.at(-1)).toBe("anchors: other runs, other days");
    expect(line).toEqual([
      "T1",
      "hello, c=64",
      "60,000",
      "48,210 req/s",
      "40,000-50,000",
      "0.80 x",
      ">= 0.60 x",
      "met",
      "10.0 x Ray best (4,821), 107.9 x Ray default (447)",
    ]);
  });

  it("counts an anchor the other way round where less is better", () => {
    expect(formatTable([summarise({ row: "start.second", manta: [308] })])).toContain("50.0 x Ray default (15,400)");
  });

  it("writes figures with as many digits as mean something", () => {
    expect([48_210.4, 350, 64.52, 0.0712].map(formatFigure)).toEqual(["48,210", "350", "64.5", "0.071"]);
  });
});

it("each case has a row", () => {
  expect(new Set(Object.values(rows).map((row) => row.case))).toEqual(new Set(Object.keys(caseTitles)));
});
