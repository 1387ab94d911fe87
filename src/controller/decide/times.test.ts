import { describe, expect, it } from "vitest";
import { REDIAL_MS, deadlinesOf, earliest, isLost, isOver } from "./times.ts";

describe("moments of decisions", () => {
  const leaving = { phase: { kind: "leaving", untilMs: 700 }, linkLostAtMs: 500 } as const;

  it("are named before they come, and have come at that very millisecond", () => {
    expect(deadlinesOf(leaving)).toEqual([700, 500 + REDIAL_MS]);
    expect([699, 700].map((nowMs) => isOver(leaving, nowMs))).toEqual([false, true]);
    expect([499 + REDIAL_MS, 500 + REDIAL_MS].map((nowMs) => isLost(leaving, nowMs))).toEqual([false, true]);
  });

  it("never come for a phase without a limit and an open link", () => {
    const idle = { phase: { kind: "idle" }, linkLostAtMs: null } as const;
    expect(deadlinesOf(idle)).toEqual([]);
    expect([isOver(idle, 1e15), isLost(idle, 1e15)]).toEqual([false, false]);
  });

  it("are waited for by the first that is still to come", () => {
    expect(earliest([30, undefined, 10, 20])).toBe(10);
    expect(earliest([30, undefined, 10, 20], 10)).toBe(20);
    expect(earliest([undefined, 10], 10)).toBeUndefined();
  });
});
