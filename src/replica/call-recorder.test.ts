import { expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { silentLogger } from "../core/logger.ts";
import { METRICS } from "../telemetry/metric-names.ts";
import { MetricRegistry } from "../telemetry/metrics.ts";
import { CallRecorder } from "./call-recorder.ts";
import type { RunningCall } from "./running-call.ts";

it("counts errors whose names user code makes up as one, beyond the first 50 (R1)", () => {
  const metrics = new MetricRegistry();
  const identity = { application: "a", deployment: "D", replicaId: "r1" };
  const log = { logger: silentLogger, access: () => undefined };
  const recorder = new CallRecorder(identity, metrics, log, new ManualClock());
  const call = { startMs: 0, meta: { route: "/", requestId: "q", method: "work" } } as RunningCall;
  for (let i = 0; i < 200; i++) {
    const cause = Object.assign(new Error("no"), { name: `Error${i % 100}` });
    recorder.ended(call, { error: new ServeError("USER_CODE", "no", {}, { cause }), status: 500 });
  }
  const series = [...metrics.counter(METRICS.deploymentErrors).entries()];
  expect(series).toHaveLength(51);
  expect(series.at(-1)?.labels["exception_type"]).toBe("other");
});
