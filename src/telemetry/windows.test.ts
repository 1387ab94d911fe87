import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BusyWindow, WindowMax } from "./windows.ts";

describe("WindowMax", () => {
  it("forgets what is older than the window, and needs no timer for it (R1)", () => {
    const max = new WindowMax(60_000, 6);
    expect(max.read(0)).toBe(0);
    max.add(1000, 7);
    max.add(2000, 3);
    max.add(15_000, 5);
    expect(max.read(59_000)).toBe(7);
    expect(max.read(61_000)).toBe(5);
    expect(max.read(500_000)).toBe(0);
    max.add(500_000, 1);
    expect(max.read(500_000)).toBe(1);
  });
});

describe("BusyWindow", () => {
  it("counts overlapping spans each, and those that still run", () => {
    const busy = new BusyWindow(600_000, 60);
    busy.add(0, 25_000);
    busy.add(5000, 15_000);
    expect(busy.read(25_000, [])).toBe(35_000);
    expect(busy.read(25_000, [20_000])).toBe(40_000);
    expect(busy.read(605_000, [])).toBe(20_000);
    expect(busy.read(2_000_000, [0])).toBe(600_000);
  });

  it("never tells more than the spans held, nor more than the window for one", () => {
    const span = fc.tuple(fc.nat(1_000_000), fc.nat(1_000_000));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 20 }), (spans) => {
        const busy = new BusyWindow(600_000, 60);
        const sorted = spans.map(([start, length]) => [start, start + length] as const).sort((a, b) => a[1] - b[1]);
        for (const [start, end] of sorted) busy.add(start, end);
        const nowMs = sorted.at(-1)?.[1] ?? 0;
        const told = busy.read(nowMs, []);
        expect(told).toBeGreaterThanOrEqual(0);
        expect(told).toBeLessThanOrEqual(sorted.reduce((sum, [start, end]) => sum + (end - start), 0) + 1e-6);
      }),
    );
  });
});
