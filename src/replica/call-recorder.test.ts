import { expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { silentLogger } from "../core/logger.ts";
import { HTTP_FLAG_WEBSOCKET } from "../protocol/messages.ts";
import type { AccessEntry } from "../telemetry/log-format.ts";
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

it("tells the longest call of the last minute and the share of busy slots (reference 3.2)", async () => {
  const clock = new ManualClock();
  const metrics = new MetricRegistry();
  const identity = { application: "a", deployment: "D", replicaId: "r1" };
  const recorder = new CallRecorder(identity, metrics, { logger: silentLogger, access: () => undefined }, clock);
  const call = { startMs: 0, meta: { route: "/", requestId: "q", method: "work" } } as RunningCall;
  const gauge = (definition: typeof METRICS.maxProcessingLatency | typeof METRICS.replicaUtilization) => {
    recorder.update({ ongoing: 1, heldSlots: 2, maxOngoingRequests: 2, startsMs: [30_000] });
    return [...metrics.gauge<string>(definition).entries()][0]?.series.value;
  };
  await clock.advance(60_000);
  recorder.ended(call, { error: undefined, status: 200 });
  // One call ran for 60 s, another for 30 s so far: 90 of 2 x 600 s.
  expect([gauge(METRICS.maxProcessingLatency), gauge(METRICS.replicaUtilization)]).toEqual([60_000, 7.5]);
  const [held] = [...metrics.gauge(METRICS.reservedSlots).entries()];
  expect(held).toMatchObject({ labels: { handle: "r1", application: "a" }, series: { value: 2 } });
  await clock.advance(70_000);
  expect(gauge(METRICS.maxProcessingLatency)).toBe(0);
});

it("writes access lines without a registry, and counts nothing", () => {
  const lines: AccessEntry[] = [];
  const log = { logger: silentLogger, access: (entry: AccessEntry) => void lines.push(entry) };
  const identity = { application: "a", deployment: "D", replicaId: "r1" };
  const recorder = new CallRecorder(identity, undefined, log, new ManualClock());
  const call = { startMs: 0, meta: { route: "/", requestId: "q", method: "work" } } as RunningCall;
  recorder.ended(call, { error: new ServeError("REQUEST_CANCELLED", "left"), status: 499 });
  recorder.update({ ongoing: 0, heldSlots: 0, maxOngoingRequests: 1, startsMs: [] });
  expect(lines).toMatchObject([{ method: "CALL", call: "work", route: "/", status: "CANCELLED" }]);
});

it.each([
  [0, "GET"],
  [HTTP_FLAG_WEBSOCKET, "WS"],
])("names a request in its access line as the proxy does, flags %i: %s", (flags, method) => {
  const lines: AccessEntry[] = [];
  const log = { logger: silentLogger, access: (entry: AccessEntry) => void lines.push(entry) };
  const identity = { application: "a", deployment: "D", replicaId: "r1" };
  const recorder = new CallRecorder(identity, undefined, log, new ManualClock());
  const http = { verb: "GET", url: "http://a.test/", headers: [], flags };
  const call = { startMs: 0, meta: { route: "/", requestId: "q", method: "fetch", http } } as unknown as RunningCall;
  recorder.ended(call, { error: undefined, status: 1000 });
  expect(lines).toMatchObject([{ method, status: 1000 }]);
});
