import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import type { DeploymentTargets, ScalingReport } from "../protocol/control.ts";
import { ScalingSampler } from "./scaling-sampler.ts";

const TARGETS: DeploymentTargets = {
  application: "app",
  deployment: "Model",
  unavailable: null,
  maxOngoingRequests: 5,
  maxQueuedRequests: -1,
  replicas: [],
  autoscaling: { metricsIntervalMs: 10_000, lookBackMs: 30_000 },
} as unknown as DeploymentTargets;

function setUp() {
  const clock = new ManualClock();
  const router = { application: "app", deployment: "Model", queued: 0, ongoing: 0 };
  const sent: ScalingReport[] = [];
  const sampler = new ScalingSampler(({ deployments }) => sent.push(...deployments), clock);
  return { clock, router, sent, sampler };
}

describe("ScalingSampler", () => {
  it("samples at 0.2 of the look-back and reports at the metrics interval, with ages", async () => {
    const { clock, router, sent, sampler } = setUp();
    sampler.follow(router, TARGETS);
    router.ongoing = 3;
    await clock.advance(6000);
    router.ongoing = 4;
    router.queued = 1;
    await clock.advance(4000);
    expect(sent).toEqual([
      {
        application: "app",
        deployment: "Model",
        queued: [
          [10_000, 0],
          [0, 1],
        ],
        ongoing: [
          [10_000, 0],
          [4000, 3],
          [0, 4],
        ],
      },
    ]);
  });

  it("leaves deployments alone that do not scale by themselves (R1)", async () => {
    const { clock, router, sent, sampler } = setUp();
    const { autoscaling: _none, ...fixed } = TARGETS;
    sampler.follow(router, fixed);
    sampler.starved(router);
    sampler.follow(router, TARGETS);
    sampler.follow(router, { ...TARGETS, unavailable: "was deleted" });
    await clock.advance(60_000);
    expect(sent).toEqual([]);
  });

  it("reports at once what waits for a first replica (R2, A5)", () => {
    const { router, sent, sampler } = setUp();
    sampler.follow(router, TARGETS);
    router.queued = 1;
    sampler.starved(router);
    expect(sent.map(({ queued }) => queued.at(-1))).toEqual([[0, 1]]);
  });

  it("keeps the newest sample from before the look-back, and no older one (R3)", async () => {
    const { clock, router, sent, sampler } = setUp();
    sampler.follow(router, TARGETS);
    for (const ongoing of [1, 2, 3]) {
      router.ongoing = ongoing;
      await clock.advance(6000);
    }
    await clock.advance(42_000);
    expect(sent.at(-1)?.ongoing).toEqual([[42_000, 3]]);
    expect(sent.at(-1)?.queued).toEqual([[60_000, 0]]);
  });

  it("takes up a new interval with what it has, and ends with `close`", async () => {
    const { clock, router, sent, sampler } = setUp();
    sampler.follow(router, TARGETS);
    router.ongoing = 2;
    await clock.advance(6000);
    sampler.follow(router, { ...TARGETS, autoscaling: { metricsIntervalMs: 1000, lookBackMs: 30_000 } });
    await clock.advance(1000);
    expect(sent.map(({ ongoing }) => ongoing)).toEqual([
      [
        [7000, 0],
        [1000, 2],
      ],
    ]);
    sampler.close();
    await clock.advance(60_000);
    expect(sent).toHaveLength(1);
  });
});
