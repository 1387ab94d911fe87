import { describe, expect, it } from "vitest";

import type { DeploymentOptions } from "../config/options.generated.ts";
import { resolveDeployment } from "../config/resolve-deployment.ts";
import { FULL_CAPACITY } from "./capacity.ts";
import { fixedScale, type KnownSize, scaleAfterDeploy } from "./scale-after-deploy.ts";
import type { ScaleMemory } from "./scale-memory.ts";
import { rulesOf } from "./scaling-rules.ts";

const options = (input: DeploymentOptions) => resolveDeployment(input, "deployment");
const auto = (input: NonNullable<DeploymentOptions["autoscalingConfig"]>) => options({ autoscalingConfig: input });
const known = (of: ReturnType<typeof options>, memory: ScaleMemory): KnownSize => ({ options: of, memory });
const HALF = { percent: 50, direction: "DOWN" } as const;

describe("scaleAfterDeploy", () => {
  it("gives a new autoscaled deployment its initial replicas, else the fewest (R1)", () => {
    expect(scaleAfterDeploy(undefined, auto({ minReplicas: 2, maxReplicas: 9 }), FULL_CAPACITY).target).toBe(2);
    const initial = auto({ minReplicas: 2, initialReplicas: 4, maxReplicas: 9 });
    expect(scaleAfterDeploy(undefined, initial, FULL_CAPACITY).target).toBe(4);
    expect(scaleAfterDeploy(undefined, initial, HALF).target).toBe(2);
  });

  it("leaves an autoscaled deployment as large as it is, within its bounds", () => {
    const before = auto({ minReplicas: 1, maxReplicas: 9 });
    const memory: ScaleMemory = { target: 7, pending: { direction: "down", sinceMs: 5 }, lastUpMs: 3 };
    expect(scaleAfterDeploy(known(before, memory), before, FULL_CAPACITY)).toEqual(memory);
    const smaller = auto({ minReplicas: 1, maxReplicas: 5 });
    expect(scaleAfterDeploy(known(before, memory), smaller, FULL_CAPACITY)).toEqual({ ...memory, target: 5 });
    expect(scaleAfterDeploy(known(options({ numReplicas: 3 }), { target: 3 }), before, FULL_CAPACITY).target).toBe(3);
  });

  it("begins with its initial replicas again when its rules changed, and only then", () => {
    const before = auto({ minReplicas: 1, initialReplicas: 3, maxReplicas: 9 });
    const after = auto({ minReplicas: 1, initialReplicas: 3, maxReplicas: 8 });
    expect(scaleAfterDeploy(known(before, { target: 6 }), after, FULL_CAPACITY).target).toBe(3);
    expect(scaleAfterDeploy(known(before, { target: 6 }), before, FULL_CAPACITY).target).toBe(6);
  });

  it("keeps what an external scaler asked for until the options ask for another number (R2)", () => {
    const two = options({ numReplicas: 2 });
    const scaled = { target: 5, external: 5 };
    expect(scaleAfterDeploy(known(two, scaled), two, FULL_CAPACITY)).toEqual(scaled);
    expect(scaleAfterDeploy(known(two, scaled), two, HALF)).toEqual({ target: 3, external: 5 });
    expect(scaleAfterDeploy(known(two, scaled), options({ numReplicas: 3 }), FULL_CAPACITY)).toEqual({ target: 3 });
  });
});

describe("fixedScale", () => {
  it("takes the capacity's share of a fixed number, and changes nothing needlessly", () => {
    const memory = { target: 4 };
    expect(fixedScale(memory, 4, FULL_CAPACITY)).toBe(memory);
    expect(fixedScale(memory, 4, HALF)).toEqual({ target: 2 });
    expect(fixedScale({ target: 2 }, 4, FULL_CAPACITY)).toEqual({ target: 4 });
  });
});

describe("rulesOf", () => {
  const rules = (input: NonNullable<DeploymentOptions["autoscalingConfig"]>) => {
    const { autoscalingConfig } = auto(input);
    return autoscalingConfig === null ? undefined : rulesOf(autoscalingConfig);
  };

  it("has Ray Serve's defaults, in milliseconds", () => {
    expect(rules({})).toEqual({
      minReplicas: 1,
      initialReplicas: null,
      maxReplicas: 1,
      targetOngoingRequests: 2,
      upFactor: 1,
      downFactor: 1,
      upDelayMs: 30_000,
      downDelayMs: 600_000,
      toZeroDelayMs: 600_000,
      aggregation: "mean",
      lookBackMs: 30_000,
      metricsIntervalMs: 10_000,
    });
  });

  it("takes factors in the order upscaling, upscale smoothing, smoothing", () => {
    expect(rules({ smoothingFactor: 3 })).toMatchObject({ upFactor: 3, downFactor: 3 });
    const smoothing = { smoothingFactor: 3, upscaleSmoothingFactor: 4, downscaleSmoothingFactor: 5 };
    expect(rules(smoothing)).toMatchObject({ upFactor: 4, downFactor: 5 });
    const own = { ...smoothing, upscalingFactor: 6, downscalingFactor: 7 };
    expect(rules(own)).toMatchObject({ upFactor: 6, downFactor: 7 });
  });

  it("makes 100 the most and 1 the fewest of `auto`", () => {
    const { autoscalingConfig } = options({ numReplicas: "auto" });
    expect(autoscalingConfig).toMatchObject({ minReplicas: 1, maxReplicas: 100, targetOngoingRequests: 2 });
  });
});
