import { describe, expect, it } from "vitest";
import { formatDuration, formatTable } from "./table.ts";

describe("formatTable", () => {
  it("makes columns as wide as their widest cell and leaves no space at the end", () => {
    expect(formatTable(["A", "LONG"], [["wide cell", "x"], ["y"]])).toEqual(["A          LONG", "wide cell  x", "y"]);
  });
});

describe("formatDuration", () => {
  it.each([
    [-5, "0 ms"],
    [850, "850 ms"],
    [1000, "1 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [3_600_000, "1 h"],
    [47 * 3_600_000, "1 d"],
  ])("shows %d ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
