import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideByQueueLength, decideReplicasWanted } from "./replicas-wanted.ts";
import type { ScalingRules } from "./scaling-rules.ts";
import { rulesWith } from "./testing/rules.ts";

/** The built-in policy, as decideScale asks for it. */
function wanted(running: number, target: number, requests: number, rules: ScalingRules): number {
  const raw = running === 0 ? null : decideByQueueLength(requests, rules);
  return decideReplicasWanted({ running, target }, raw, requests > 0, rules).replicas;
}

interface Case {
  readonly R: number;
  readonly T: number;
  readonly Q: number;
  readonly t?: number;
  readonly up?: number;
  readonly down?: number;
  readonly N: number;
}

// The worked examples of semantics (A1, A2) and of the inventory (2.1); T where a delay holds the wish is delays' matter.
const CASES: readonly Case[] = [
  { R: 4, T: 4, Q: 20, t: 5, N: 4 },
  { R: 4, T: 4, Q: 100, t: 5, N: 20 },
  { R: 4, T: 4, Q: 10, t: 5, N: 2 },
  { R: 1, T: 1, Q: 100, N: 100 },
  { R: 1, T: 100, Q: 100, N: 100 },
  { R: 3, T: 100, Q: 123, N: 123 },
  { R: 4, T: 123, Q: 10, N: 10 },
  { R: 2, T: 2, Q: 10, t: 2, up: 2, N: 8 },
  { R: 10, T: 10, Q: 5, down: 0.5, N: 8 },
  { R: 5, T: 5, Q: 4, down: 0.2, N: 4 },
  { R: 5, T: 5, Q: 0, down: 0.2, N: 4 },
  { R: 1, T: 1, Q: 0, down: 0.2, N: 0 },
  { R: 5, T: 5, Q: 0, down: 10, N: -45 },
  { R: 0, T: 0, Q: 1, up: 10, N: 10 },
  { R: 0, T: 0, Q: 1, up: 0.5, N: 1 },
  { R: 0, T: 0, Q: 0, up: 2, N: 0 },
  { R: 0, T: 2, Q: 0, t: 2, up: 2, N: 2 },
  { R: 0, T: 2, Q: 500, up: 2, N: 2 },
  { R: 0, T: 1, Q: 1, up: 2.5, N: 3 },
  { R: 2, T: 2, Q: 4.2, t: 2, N: 3 },
  { R: 2, T: 2, Q: 4, t: 2, up: 3, N: 2 },
];

describe("decideReplicasWanted with the built-in policy (A1, A2)", () => {
  for (const { R, T, Q, t = 1, up = 1, down = 1, N } of CASES) {
    it(`answers ${N} for R=${R} T=${T} Q=${Q} t=${t} up=${up} down=${down}`, () => {
      expect(wanted(R, T, Q, rulesWith({ targetOngoingRequests: t, upFactor: up, downFactor: down }))).toBe(N);
    });
  }

  it("says that a cold start is one, and only then", () => {
    const rules = rulesWith({});
    expect(decideReplicasWanted({ running: 0, target: 0 }, null, true, rules).isColdStart).toBe(true);
    expect(decideReplicasWanted({ running: 0, target: 0 }, null, false, rules).isColdStart).toBe(false);
    expect(decideReplicasWanted({ running: 1, target: 1 }, 5, true, rules).isColdStart).toBe(false);
  });

  it("takes a policy's number as it is where nothing runs: no factor", () => {
    const rules = rulesWith({ upFactor: 5 });
    expect(decideReplicasWanted({ running: 0, target: 0 }, 2.5, false, rules).replicas).toBe(3);
  });

  it("always moves towards the load, and gets there in the end", () => {
    const factor = fc.double({ min: 0.05, max: 1, noNaN: true });
    const property = fc.property(fc.nat(200), fc.nat(400), factor, factor, (start, load, up, down) => {
      const rules = rulesWith({ upFactor: up, downFactor: down });
      let running = start + 1;
      for (let step = 0; step < 2000 && running !== load; step++) {
        const next = wanted(running, running, load, rules);
        if (running < load) expect(next).toBeGreaterThan(running);
        else expect(next).toBeLessThan(running);
        running = Math.max(1, next);
        if (running === 1 && load === 0) break;
      }
      expect(running).toBe(Math.max(1, load));
    });
    fc.assert(property);
  });
});
