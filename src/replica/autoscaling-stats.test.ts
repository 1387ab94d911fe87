import { describe, expect, it } from "vitest";
import { resolveDeployment } from "../config/resolve-deployment.ts";
import { ManualClock } from "../core/clock.ts";
import { silentLogger } from "../core/logger.ts";
import type { LoadOrder } from "../protocol/control.ts";
import { METRICS } from "../telemetry/metric-names.ts";
import { MetricRegistry } from "../telemetry/metrics.ts";
import { AutoscalingStats, type UserStats } from "./autoscaling-stats.ts";

const order = (autoscalingConfig: object | null): LoadOrder => {
  const options = resolveDeployment({ autoscalingConfig }, "deployment");
  return { application: "app", spec: { name: "Model", options } } as LoadOrder;
};
const labels = { deployment: "Model", replica: "r1", application: "app" };

function setUp(record: () => Promise<unknown> | undefined) {
  const clock = new ManualClock();
  const sent: UserStats[] = [];
  const metrics = new MetricRegistry();
  const warnings: unknown[] = [];
  const logger = () => ({ ...silentLogger, warn: (_event: string, fields?: object) => void warnings.push(fields) });
  const around = { replicaId: "r1", record, send: (stats: UserStats) => void sent.push(stats), metrics, logger };
  const failures = (name: string) =>
    metrics.counter(METRICS.recordAutoscalingStatsFailed).labels({ ...labels, exception_name: name }).value;
  return { clock, sent, warnings, failures, stats: new AutoscalingStats(around, clock) };
}

describe("AutoscalingStats", () => {
  it("tells what the method returns, at once and at the metrics interval", async () => {
    let load = 0;
    const { clock, sent, stats } = setUp(() => Promise.resolve({ load: ++load }));
    stats.follow(order({ metricsIntervalS: 2 }));
    await clock.advance(4000);
    expect(sent).toEqual([{ load: 1 }, { load: 2 }, { load: 3 }]);
    stats.close();
    await clock.advance(4000);
    expect(sent).toHaveLength(3);
  });

  it("asks nobody who does not scale by itself, or has no such method", async () => {
    let asked = 0;
    const { clock, stats } = setUp(() => (asked++, undefined));
    stats.follow(order(null));
    await clock.advance(60_000);
    expect(asked).toBe(0);
    stats.follow(order({}));
    await clock.advance(60_000);
    expect(asked).toBe(1);
  });

  it("counts what throws, comes late or is no number, and says it once (R1)", async () => {
    const answers = [
      () => Promise.reject(new RangeError("no")),
      () => Promise.resolve({ load: "high" }),
      () => Promise.resolve(7),
      () => new Promise(() => undefined),
    ];
    const { clock, sent, warnings, failures, stats } = setUp(() => (answers.shift() ?? (() => undefined))());
    stats.follow(order({ metricsIntervalS: 1 }));
    await clock.advance(3000);
    expect([failures("RangeError"), failures("SERIALIZATION"), failures("REQUEST_TIMEOUT")]).toEqual([1, 2, 0]);
    expect(warnings).toHaveLength(2);
    await clock.advance(9999);
    expect(failures("REQUEST_TIMEOUT")).toBe(0);
    await clock.advance(1);
    expect(failures("REQUEST_TIMEOUT")).toBe(1);
    expect(sent).toEqual([]);
  });
});
