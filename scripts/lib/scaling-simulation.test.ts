import { describe, expect, it } from "vitest";
import { loadCurves } from "./load-curves.ts";
import { configOf, SIMULATION } from "./scaling-page.ts";
import { minutesOf } from "./scaling-report.ts";
import { simulate, type SimulationOptions } from "./scaling-simulation.ts";

const run = (name: string, changes: Partial<SimulationOptions> = {}) => {
  const curve = loadCurves.find((one) => one.name === name);
  if (curve === undefined) throw new Error(`no curve ${name}`);
  return simulate(curve.at, { ...SIMULATION, ...changes });
};

describe("simulate", () => {
  it("gives the same numbers for the same seed, and others for another (S1)", () => {
    expect(run("sine")).toEqual(run("sine"));
    expect(run("sine", { seed: 2 }).seconds).not.toEqual(run("sine").seconds);
  });

  it("ends every load with about what it needs", () => {
    for (const { name } of loadCurves) {
      for (const seed of [1, 2, 3]) {
        const [last] = minutesOf(run(name, { seed }), SIMULATION).slice(-1);
        expect(Math.abs((last?.target ?? 0) - (last?.needed ?? 0)), `${name}, seed ${seed}`).toBeLessThan(5);
        expect(last?.p95).toBeLessThan(5);
      }
    }
  });

  it("follows a step sooner without a delay, so that fewer wait", () => {
    const autoscaling = configOf({ ...SIMULATION.autoscaling, upscaleDelayS: 0 });
    const firstGrowth = (changes: Partial<SimulationOptions>) =>
      run("step", changes).decisions.find(({ second, to }) => second >= 180 && to > 4)?.second ?? Infinity;
    expect(firstGrowth({ autoscaling })).toBeLessThan(firstGrowth({}));
    const longest = (changes: Partial<SimulationOptions>) =>
      Math.max(...run("step", changes).seconds.map(({ queued }) => queued));
    expect(longest({ autoscaling })).toBeLessThan(longest({}));
  });

  it("starts from none for the first request, one start later it is served (A5)", () => {
    const autoscaling = configOf({ minReplicas: 0, maxReplicas: 5 });
    const { seconds, decisions } = simulate((second) => (second >= 30 ? 2 : 0), {
      ...SIMULATION,
      autoscaling,
      durationS: 60,
    });
    expect(seconds.slice(0, 30).every(({ target }) => target === 0)).toBe(true);
    expect(decisions[0]).toMatchObject({ from: 0, to: 1, reason: "requests wait and no replica serves: 1 wanted" });
    expect(decisions[0]?.second).toBeLessThan(34);
    expect(seconds.at(-1)).toMatchObject({ ready: 1 });
  });
});
