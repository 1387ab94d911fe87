import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { LoopMonitor } from "./loop-monitor.ts";

const TURN = { totalMs: 3, sleptMs: 700, deploymentsMs: 1, proxiesMs: 0, statusesMs: 2 };

describe("LoopMonitor", () => {
  it("says how many turns there were, and when the last one ended", async () => {
    const clock = new ManualClock(5_000);
    const monitor = new LoopMonitor(clock);
    expect(monitor.read()).toEqual({ nowMs: 5_000, startMs: 5_000, loops: 0, lastLoopMs: 5_000, turns: [] });
    await clock.advance(700);
    monitor.add(TURN);
    await clock.advance(300);
    expect(monitor.read()).toEqual({ nowMs: 6_000, startMs: 5_000, loops: 1, lastLoopMs: 5_700, turns: [TURN] });
  });

  it("keeps the newest hundred turns", () => {
    const monitor = new LoopMonitor(new ManualClock());
    for (let turn = 0; turn < 250; turn++) monitor.add({ ...TURN, totalMs: turn });
    const { loops, turns } = monitor.read();
    expect(loops).toBe(250);
    expect(turns).toHaveLength(100);
    expect(turns.at(-1)?.totalMs).toBe(249);
  });
});
