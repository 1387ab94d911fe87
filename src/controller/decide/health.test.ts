import { describe, expect, it } from "vitest";
import type { ReplicaPhase } from "../../model/lifecycle.ts";
import {
  type HealthMemory,
  type HealthSnapshot,
  type Silence,
  afterCheck,
  afterCheckBegan,
  afterSilentLook,
  decideHealth,
  freshHealth,
  silenceText,
  unhealthyReason,
} from "./health.ts";

const RULES = { periodMs: 10_000, timeoutMs: 30_000 };
const RUNNING: ReplicaPhase = { kind: "running", address: { kind: "memory", name: "x" }, readySinceMs: 0 };
const replica = (over: Partial<HealthSnapshot> = {}): HealthSnapshot => ({
  id: "a",
  phase: RUNNING,
  linkLostAtMs: null,
  health: freshHealth(0, 0.5),
  ...over,
});
const asked = (seen: HealthSnapshot[], nowMs: number): string[] =>
  decideHealth(RULES, seen, nowMs).actions.map(({ id }) => id);
const checks = (memory: HealthMemory, ...outcomes: (string | null | undefined)[]): HealthMemory =>
  outcomes.reduce((m, outcome) => afterCheck(afterCheckBegan(m, 0, 0.5), outcome), memory);

describe("decideHealth", () => {
  it("asks after a period, each replica after 0.9 to 1.1 of it (R1)", () => {
    const early = replica({ id: "early", health: freshHealth(0, 0) });
    const late = replica({ id: "late", health: freshHealth(0, 1) });
    expect(asked([early, late], 8_999)).toEqual([]);
    expect(decideHealth(RULES, [early, late], 8_999).wakeAtMs).toBe(9_000);
    expect(asked([early, late], 9_000)).toEqual(["early"]);
    expect(asked([early, late], 11_001)).toEqual(["early", "late"]);
  });

  it("waits for a mark of a grid, so that one look serves many (R5)", () => {
    const dues = [0, 0.001, 0.5, 1].map((random) =>
      decideHealth(RULES, [replica({ health: freshHealth(0, random) })], 1),
    );
    expect(dues.map(({ wakeAtMs }) => wakeAtMs)).toEqual([9_000, 9_200, 10_000, 10_800]);
  });

  it("counts the period from question to question, and says how long the answer may take (R1)", () => {
    const health = afterCheck(afterCheckBegan(freshHealth(0, 0.5), 10_000, 0.5), null);
    const { actions, wakeAtMs } = decideHealth(RULES, [replica({ health })], 15_000);
    expect({ actions, wakeAtMs }).toEqual({ actions: [], wakeAtMs: 20_000 });
    expect(decideHealth(RULES, [replica({ health })], 20_000).actions).toEqual([
      { kind: "check", id: "a", timeoutMs: 30_000, periodMs: 10_000 },
    ]);
  });

  it.each<[string, Partial<HealthSnapshot>]>([
    ["while a question is open (R2)", { health: afterCheckBegan(freshHealth(0, 0), 0, 0) }],
    ["over a closed link (R2)", { linkLostAtMs: 5 }],
    ["a replica that does not serve", { phase: { kind: "loading", awaited: true, idle: false } }],
    ["a replica on its way out", { phase: { kind: "draining", untilMs: 1 } }],
  ])("does not ask %s", (_what, over) => {
    expect(decideHealth(RULES, [replica(over)], 99_000)).toEqual({ actions: [], wakeAtMs: undefined });
  });
});

describe("health", () => {
  it("ends at the third failure in a row, with the last error (R3)", () => {
    const fresh = freshHealth(0, 0.5);
    expect(unhealthyReason(checks(fresh, "a", "b"))).toBeUndefined();
    expect(unhealthyReason(checks(fresh, "a", "b", "no database"))).toBe(
      "3 health checks failed in a row. Last error: no database",
    );
  });

  it("forgets failures at one success (R3)", () => {
    expect(unhealthyReason(checks(freshHealth(0, 0.5), "a", "b", null, "c", "d"))).toBeUndefined();
  });

  it("is not judged by a link that closed (R4)", () => {
    const memory = checks(freshHealth(0, 0.5), "a", "b", undefined);
    expect(memory).toMatchObject({ failures: 2, checking: false });
  });
});

describe("a silent process", () => {
  const look = (before: Silence | null, cpuMs: number | null, nowMs: number): Silence =>
    afterSilentLook(before, 1_000, cpuMs, nowMs);

  it("is blocked when it uses the CPU, and waits when it does not; the first look cannot know (H2)", () => {
    const first = look(null, 5_000, 4_000);
    expect(silenceText(first, 4_000)).toBe("not responding for 3 s");
    expect(silenceText(look(first, 5_990, 5_000), 5_000)).toBe("not responding for 4 s (its event loop is blocked)");
    expect(silenceText(look(first, 5_010, 5_000), 5_000)).toBe(
      "not responding for 4 s (it waits without using the CPU)",
    );
  });

  it("is only silent where nobody can see its CPU time", () => {
    expect(silenceText(look(look(null, null, 4_000), null, 5_000), 5_000)).toBe("not responding for 4 s");
  });
});
