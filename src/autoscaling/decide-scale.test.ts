import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FULL_CAPACITY } from "./capacity.ts";
import { decideScale, type ScaleInputs } from "./decide-scale.ts";
import type { ScaleMemory } from "./scale-memory.ts";
import type { ScalingRules } from "./scaling-rules.ts";
import { rulesWith } from "./testing/rules.ts";

function look(
  rules: Partial<ScalingRules>,
  memory: ScaleMemory,
  inputs: Partial<ScaleInputs>,
  nowMs = 0,
): ReturnType<typeof decideScale> {
  const all = {
    running: memory.target,
    requests: 0,
    isWaiting: false,
    policy: null,
    capacity: FULL_CAPACITY,
    holdDownUntilMs: 0,
  };
  return decideScale(rulesWith(rules), memory, { ...all, ...inputs }, nowMs);
}

/** The targets of so many looks where every replica starts at once. */
function targets(rules: Partial<ScalingRules>, first: number, requests: number, looks: number): number[] {
  const seen = [];
  let memory: ScaleMemory = { target: first };
  for (let i = 0; i < looks; i++) {
    memory = look(rules, memory, { requests }, i * 100).memory;
    seen.push(memory.target);
  }
  return seen;
}

describe("decideScale", () => {
  it("goes down to none in steps of an anti-stuck factor: 4, 3, 2, 1, 0", () => {
    expect(targets({ downFactor: 0.2 }, 5, 0, 6)).toEqual([4, 3, 2, 1, 0, 0]);
  });

  it("goes to one first, whatever the factor, and then to none", () => {
    expect(targets({ downFactor: 10 }, 5, 0, 3)).toEqual([1, 0, 0]);
  });

  it("does not compound a cold start while the replicas are on their way (A1)", () => {
    let memory: ScaleMemory = { target: 0 };
    for (let i = 0; i < 10; i++) memory = look({ upFactor: 2 }, memory, { running: 0, requests: 50 }, i).memory;
    expect(memory.target).toBe(2);
    expect(look({ upFactor: 2 }, memory, { running: 0, requests: 0 }).memory).toBe(memory);
  });

  it("starts the first replica at once, whatever the delay (R2)", () => {
    const outcome = look({ upDelayMs: 30_000 }, { target: 0 }, { requests: 1 }, 500);
    expect(outcome).toMatchObject({ memory: { target: 1, lastUpMs: 500 }, wakeAtMs: undefined });
    expect(outcome.reason).toBe("requests wait and no replica serves: 1 wanted");
  });

  it("starts it also where the look-back knows of none yet: the least of a window with a moment of waiting (A5)", () => {
    expect(look({ aggregation: "min" }, { target: 0 }, { isWaiting: true }).memory.target).toBe(1);
    expect(look({}, { target: 1 }, { running: 0, isWaiting: true }).memory.target).toBe(1);
  });

  it("keeps a cold start within the most replicas", () => {
    expect(look({ upFactor: 50, maxReplicas: 4 }, { target: 0 }, { requests: 1 }).memory.target).toBe(4);
  });

  it("holds a wish, says until when, and tells both in words", () => {
    const rules = { targetOngoingRequests: 2, upDelayMs: 30_000 };
    const held = look(rules, { target: 4 }, { requests: 12.4 }, 1000);
    expect(held).toEqual({
      memory: { target: 4, pending: { direction: "up", sinceMs: 1000 } },
      wanted: 7,
      reason:
        "12.4 requests on average over 30 s at target 2 per replica: 7 wanted; kept at 4 until that has held for 30 s",
      wakeAtMs: 31_000,
    });
    expect(look(rules, held.memory, { requests: 12.4 }, 1500).memory).toBe(held.memory);
    expect(look(rules, held.memory, { requests: 12.4 }, 31_000)).toEqual({
      memory: { target: 7, lastUpMs: 31_000 },
      wanted: 7,
      reason: "12.4 requests on average over 30 s at target 2 per replica: 7 wanted; held for 30 s",
      wakeAtMs: undefined,
    });
  });

  it("stays at 123 while the down delay holds 10: the inventory's example", () => {
    const outcome = look({ downDelayMs: 600_000 }, { target: 123 }, { running: 4, requests: 10 });
    expect(outcome).toMatchObject({ memory: { target: 123 }, wanted: 10 });
  });

  it("stays within the bounds and says so", () => {
    const over = look({ maxReplicas: 10 }, { target: 4 }, { requests: 100 });
    expect(over).toMatchObject({ memory: { target: 10 }, wanted: 10 });
    expect(over.reason).toContain("100 wanted, at most 10 allowed");
    const under = look({ minReplicas: 2 }, { target: 2 }, { requests: 0 });
    expect(under.memory).toEqual({ target: 2 });
    expect(under.reason).toContain("0 wanted, at least 2 required");
  });

  it("moves a target outside of new bounds into them at once, delays or not (R1)", () => {
    const delays = { upDelayMs: 30_000, downDelayMs: 600_000 };
    expect(look({ ...delays, maxReplicas: 5 }, { target: 9 }, { requests: 9 }).memory.target).toBe(5);
    expect(look({ ...delays, minReplicas: 3 }, { target: 1 }, { requests: 0 }).memory.target).toBe(3);
    const none = { percent: 0, direction: "DOWN" } as const;
    expect(look(delays, { target: 9 }, { requests: 9, capacity: none }).memory.target).toBe(0);
  });

  it("has at least its initial replicas while the capacity rises", () => {
    const rules = { minReplicas: 1, initialReplicas: 10, maxReplicas: 20 };
    const capacity = { percent: 50, direction: "UP" } as const;
    expect(look(rules, { target: 0 }, { capacity }).memory.target).toBe(5);
    expect(look(rules, { target: 5 }, { capacity }).memory.target).toBe(5);
  });

  it("goes up but not down until a look-back has passed after the head's restart (A6)", () => {
    const outcome = look({}, { target: 4 }, { requests: 1, holdDownUntilMs: 30_000 }, 29_999);
    expect(outcome).toMatchObject({ memory: { target: 4 }, wanted: 1, wakeAtMs: 30_000 });
    expect(outcome.reason).toContain("kept at 4 until callers have reported for 30 s");
    expect(look({}, { target: 4 }, { requests: 9, holdDownUntilMs: 30_000 }, 29_999).memory.target).toBe(9);
    expect(look({}, { target: 4 }, { requests: 1, holdDownUntilMs: 30_000 }, 30_000).memory.target).toBe(1);
  });

  it("wraps a policy's number with factor, bounds and delay (A7)", () => {
    const policy = { kind: "replicas", replicas: 8.5 } as const;
    const outcome = look({ upFactor: 0.5, maxReplicas: 5 }, { target: 4 }, { policy });
    expect(outcome.memory.target).toBe(5);
    expect(outcome.reason).toBe("the policy says 8.5: 7 wanted, at most 5 allowed");
    expect(look({ upDelayMs: 30_000 }, { target: 4 }, { policy }).memory.pending?.direction).toBe("up");
  });

  it("keeps the target when a policy fails, and forgets what was held (R3)", () => {
    const memory: ScaleMemory = { target: 4, pending: { direction: "down", sinceMs: 0 } };
    const outcome = look({}, memory, { policy: { kind: "unknown", reason: "the policy threw Error: no" } });
    expect(outcome).toEqual({
      memory: { target: 4 },
      wanted: 4,
      reason: "the policy threw Error: no",
      wakeAtMs: undefined,
    });
  });

  it("starts a cold replica also with a policy that says nothing of it, for somebody waits", () => {
    const policy = { kind: "replicas", replicas: 0 } as const;
    expect(look({}, { target: 0 }, { requests: 1, policy }).memory.target).toBe(1);
  });

  it("is always within bounds, and says the same of the same", () => {
    const rules = fc.record({
      minReplicas: fc.nat(5),
      maxReplicas: fc.integer({ min: 5, max: 50 }),
      upFactor: fc.double({ min: 0.1, max: 10, noNaN: true }),
      downFactor: fc.double({ min: 0.1, max: 10, noNaN: true }),
      upDelayMs: fc.nat(1000),
      downDelayMs: fc.nat(1000),
    });
    const inputs = fc.record({ running: fc.nat(60), requests: fc.double({ min: 0, max: 100, noNaN: true }) });
    const property = fc.property(rules, fc.nat(60), inputs, fc.nat(5000), (partial, target, seen, nowMs) => {
      const outcome = look(partial, { target }, seen, nowMs);
      expect(outcome.memory.target).toBeGreaterThanOrEqual(partial.minReplicas);
      expect(outcome.memory.target).toBeLessThanOrEqual(partial.maxReplicas);
      expect(look(partial, { target }, seen, nowMs)).toEqual(outcome);
      if (outcome.wakeAtMs !== undefined) expect(outcome.wakeAtMs).toBeGreaterThan(nowMs);
    });
    fc.assert(property);
  });
});
