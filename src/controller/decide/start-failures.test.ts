import { describe, expect, it } from "vitest";
import {
  type StartMemory,
  afterDeath,
  afterEngineFailure,
  afterFailedStart,
  afterHealthy,
  afterReady,
  freshMemory,
  gaveUp,
  startGate,
  startThreshold,
} from "./start-failures.ts";

const NOW = 5_000_000;
const fresh = freshMemory("v1@1");
const times = (n: number, memory: StartMemory, step: (memory: StartMemory) => StartMemory): StartMemory =>
  Array.from({ length: n }).reduce<StartMemory>((m) => step(m), memory);
const fail = (memory: StartMemory): StartMemory => afterFailedStart(memory, 0, "no weights", NOW);
const waitOf = (memory: StartMemory): number => Math.max(0, (memory.slots[0]?.notBeforeMs ?? 0) - NOW);

describe("start failures", () => {
  it.each([
    [20, 1, 3],
    [20, 2, 6],
    [20, 5, 15],
    [20, 7, 20],
    [1, 4, 1],
  ])("a limit of %i and %i replicas end after %i failures (D4)", (limit, replicas, expected) => {
    const threshold = startThreshold(limit, replicas);
    expect(threshold).toBe(expected);
    expect(gaveUp(times(expected - 1, fresh, fail), threshold)).toBe(false);
    expect(gaveUp(times(expected, fresh, fail), threshold)).toBe(true);
  });

  it("are retried at once while nothing was ever ready (D4)", () => {
    expect(startGate(times(2, fresh, fail), 3, 0, NOW)).toEqual({ kind: "open" });
    expect(startGate(times(3, fresh, fail), 3, 0, NOW)).toEqual({ kind: "gave up" });
  });

  it("wait 1, 2, 4 ... 64 s once the version was ready, and never end (D4)", () => {
    const waits = Array.from({ length: 9 }, (_, n) => waitOf(times(n + 1, afterReady(fresh, 0), fail)) / 1000);
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64]);
    expect(gaveUp(times(50, afterReady(fresh, 0), fail), 3)).toBe(false);
  });

  it("of one slot do not hold up another", () => {
    const memory = fail(afterReady(fresh, 0));
    expect(startGate(memory, 3, 0, NOW)).toEqual({ kind: "waits", untilMs: NOW + 1000 });
    expect(startGate(memory, 3, 1, NOW)).toEqual({ kind: "open" });
  });

  it("of the engine wait, and are not the user's (R5)", () => {
    const memory = times(4, fresh, (m) => afterEngineFailure(m, 0, "no such folder", NOW));
    expect(waitOf(memory)).toBe(8_000);
    expect(memory.failedStarts).toBe(0);
  });

  it("are forgotten when the deployment is healthy", () => {
    expect(afterHealthy(fail(afterReady(fresh, 0)))).toMatchObject({ failedStarts: 0, lastError: "" });
  });
});

describe("a generation that replaces a healthy one (R6)", () => {
  const rollout = freshMemory("v2@1", true);

  it("is retried at once and given up at the threshold, although some of its replicas were ready", () => {
    const memory = times(2, afterReady(rollout, 0), fail);
    expect(startGate(memory, 3, 0, NOW)).toEqual({ kind: "open" });
    expect(gaveUp(fail(memory), 3)).toBe(true);
  });

  it("counts deaths in service as failures", () => {
    const memory = times(3, afterReady(rollout, 0), (m) => afterDeath(m, 0, 60_000, "killed", NOW));
    expect(gaveUp(memory, 3)).toBe(true);
  });

  it("is as any other once the deployment was healthy", () => {
    const memory = times(9, afterHealthy(fail(rollout)), fail);
    expect(memory).toMatchObject({ rollout: false, wasHealthy: true });
    expect(gaveUp(memory, 3)).toBe(false);
  });
});

describe("quick deaths", () => {
  const die = (servedMs: number) => (memory: StartMemory) => afterDeath(memory, 0, servedMs, "killed", NOW);

  it("make a slot wait from the third in a row (K2)", () => {
    const waits = [1, 2, 3, 4, 5].map((n) => waitOf(times(n, fresh, die(29_999))));
    expect(waits).toEqual([0, 0, 1_000, 2_000, 4_000]);
  });

  it("begin anew after a replica that lived 30 s (K2)", () => {
    expect(waitOf(die(10)(die(30_000)(times(2, fresh, die(10)))))).toBe(0);
  });
});
