import { describe, expect, it } from "vitest";
import { resolveDeployment } from "../config/resolve-deployment.ts";
import { ManualClock } from "../core/clock.ts";
import { silentLogger } from "../core/logger.ts";
import type { LoadOrder } from "../protocol/control.ts";
import { METRICS } from "../telemetry/metric-names.ts";
import { MetricRegistry } from "../telemetry/metrics.ts";
import { RoutingStats } from "./routing-stats.ts";

const requestRouterConfig = { requestRoutingStatsPeriodS: 2, requestRoutingStatsTimeoutS: 5 };
const options = resolveDeployment({ requestRouterConfig }, "deployment");
const order = { application: "app", spec: { name: "Model", options } } as LoadOrder;

function setUp(record: () => Promise<unknown> | undefined) {
  const clock = new ManualClock();
  const metrics = new MetricRegistry();
  const warnings: unknown[] = [];
  const told: unknown[] = [];
  const logger = () => ({ ...silentLogger, warn: (_event: string, fields?: object) => void warnings.push(fields) });
  const onChanged = () => void told.push(stats.current);
  const stats = new RoutingStats({ replicaId: "r1", record, onChanged, metrics, logger }, clock);
  const errors = (type: string) =>
    metrics
      .counter(METRICS.routingStatsError)
      .labels({ deployment: "Model", application: "app", replica: "r1", error_type: type }).value;
  return { clock, stats, told, warnings, errors };
}

describe("RoutingStats", () => {
  it("asks at once and at the period of the options, and tells what changed", async () => {
    const answers = [{ load: 1 }, { load: 1 }, { load: 2 }];
    const { clock, stats, told } = setUp(() => Promise.resolve(answers.shift() ?? { load: 2 }));
    stats.follow(order);
    await clock.advance(6000);
    expect(told).toEqual([{ load: 1 }, { load: 2 }]);
    stats.close();
    expect(clock.pending).toBe(0);
  });

  it("asks no class without the method again", async () => {
    const { clock, stats, told } = setUp(() => undefined);
    stats.follow(order);
    await clock.advance(60_000);
    expect([told, clock.pending]).toEqual([[], 0]);
  });

  it("keeps the last stats when the method throws, is late, or returns no object of JSON data (R1)", async () => {
    const bad = [7, null, [1], { n: 1n }, { text: "x".repeat(20_000) }];
    const answers: (() => Promise<unknown>)[] = [
      () => Promise.resolve({ good: true }),
      ...bad.map((value) => () => Promise.resolve(value)),
      () => Promise.reject(new RangeError("no")),
      () => new Promise(() => undefined),
    ];
    const { clock, stats, told, warnings, errors } = setUp(() => (answers.shift() ?? (() => undefined))());
    stats.follow(order);
    await clock.advance(20_000);
    expect([told, stats.current]).toEqual([[{ good: true }], { good: true }]);
    expect([errors("exception"), errors("timeout")]).toEqual([6, 1]);
    expect(warnings).toHaveLength(5); // the first three are one and the same
  });
});
