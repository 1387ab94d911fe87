import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyDelays, type PendingScale } from "./delays.ts";

const DELAYS = { upDelayMs: 30_000, downDelayMs: 600_000, toZeroDelayMs: 60_000 };

/** Looks every `periodMs` at the same wish until it comes true. @returns the call that acted, counted from 1 */
function callsUntil(target: number, wanted: number, periodMs: number, delays = DELAYS): number {
  let pending: PendingScale | null = null;
  for (let call = 1; call < 100_000; call++) {
    const delayed = applyDelays(target, wanted, pending, delays, call * periodMs);
    if (delayed.target !== target) return call;
    pending = delayed.pending;
  }
  return Infinity;
}

describe("applyDelays (A3)", () => {
  it("acts at the 301st look of 0.1 s with a delay of 30 s", () => {
    expect(callsUntil(1, 5, 100)).toBe(301);
  });

  it("acts by time, not by the number of looks", () => {
    expect(callsUntil(1, 5, 10_000)).toBe(4);
    expect(callsUntil(1, 5, 1_000_000)).toBe(2);
  });

  it("acts at the first look with no delay", () => {
    expect(callsUntil(1, 5, 100, { upDelayMs: 0, downDelayMs: 0, toZeroDelayMs: 0 })).toBe(1);
  });

  it("allows for a millionth of a second", () => {
    const pending = { direction: "up", sinceMs: 0 } as const;
    expect(applyDelays(1, 2, pending, DELAYS, 29_999.9995).target).toBe(2);
    expect(applyDelays(1, 2, pending, DELAYS, 29_999.9).target).toBe(1);
  });

  it("takes the number wished at that moment", () => {
    const pending = { direction: "up", sinceMs: 0 } as const;
    expect(applyDelays(1, 9, pending, DELAYS, 30_000)).toMatchObject({ target: 9, pending: null });
  });

  it("begins anew when the direction changes, or nothing is wished (R2)", () => {
    const pending = { direction: "up", sinceMs: 0 } as const;
    expect(applyDelays(4, 2, pending, DELAYS, 29_000).pending).toEqual({ direction: "down", sinceMs: 29_000 });
    expect(applyDelays(4, 4, pending, DELAYS, 29_000).pending).toBeNull();
  });

  it("reaches none from one only, with its own delay (R3)", () => {
    const down = { direction: "down", sinceMs: 0 } as const;
    expect(applyDelays(5, 0, down, DELAYS, 600_000).target).toBe(1);
    expect(applyDelays(1, 0, down, DELAYS, 59_999).target).toBe(1);
    expect(applyDelays(1, 0, down, DELAYS, 60_000).target).toBe(0);
    expect(callsUntil(2, 1, 1000)).toBe(601);
  });

  it("says when a held wish is due", () => {
    expect(applyDelays(1, 2, null, DELAYS, 5000)).toEqual({
      target: 1,
      pending: { direction: "up", sinceMs: 5000 },
      dueMs: 35_000,
      delayMs: 30_000,
    });
  });

  it("is not held up by a clock that was set back", () => {
    const pending = { direction: "up", sinceMs: 1_000_000 } as const;
    expect(applyDelays(1, 2, pending, DELAYS, 5000).dueMs).toBe(35_000);
  });

  it("never overshoots the wish, and never acts before the delay", () => {
    const step = fc.record({ afterMs: fc.nat(40_000), wanted: fc.nat(20) });
    const property = fc.property(fc.nat(20), fc.array(step, { maxLength: 50 }), (first, steps) => {
      let [target, nowMs, pending] = [first, 0, null as PendingScale | null];
      let heldSinceMs = 0;
      for (const { afterMs, wanted } of steps) {
        nowMs += afterMs;
        const direction = Math.sign(wanted - target);
        const before = pending?.direction === "up" ? 1 : pending === null ? 0 : -1;
        if (direction !== before) heldSinceMs = nowMs;
        const delayed = applyDelays(target, wanted, pending, DELAYS, nowMs);
        if (delayed.target !== target) {
          expect(delayed.target).toBe(target > 1 && wanted === 0 ? 1 : wanted);
          expect(nowMs - heldSinceMs).toBeGreaterThanOrEqual(direction > 0 ? 30_000 : target === 1 ? 60_000 : 600_000);
        }
        ({ target, pending } = delayed);
      }
    });
    fc.assert(property);
  });
});
