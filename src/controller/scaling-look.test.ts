import { expect, it } from "vitest";
import type { StepSeries } from "../autoscaling/step-series.ts";
import { rulesWith } from "../autoscaling/testing/rules.ts";
import { aggregatedStats, type ScalingLook } from "./scaling-look.ts";

it("gives numbers by name and replica, whatever a user calls them", () => {
  const always = (value: number): StepSeries => [[0, value]];
  const one = new Map([["load", always(2)]]);
  const two = new Map([
    ["load", always(4)],
    ["__proto__", always(6)],
  ]);
  const stats = new Map([
    ["r1", one],
    ["r2", two],
  ]);
  const look: Partial<ScalingLook> = { stats, rules: rulesWith({}), monotonicMs: 1000 };
  expect(Object.entries(aggregatedStats(look as ScalingLook))).toEqual([
    ["load", { r1: 2, r2: 4 }],
    ["__proto__", { r2: 6 }],
  ]);
  expect("r2" in {}).toBe(false);
});
