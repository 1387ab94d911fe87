import { expect, it } from "vitest";
import { resolveOptions } from "../config/check-options.ts";
import { Checkpoint } from "../controller/checkpoint.ts";
import { ControllerState } from "../controller/state.ts";
import { ManualClock } from "../core/clock.ts";
import { silentLogger } from "../core/logger.ts";
import { seededRandom } from "../core/random.ts";
import { MemoryEngine } from "../engines/memory/memory-engine.ts";
import { MetricRegistry } from "../telemetry/metrics.ts";
import { MemoryTransport } from "../transport/memory-transport.ts";
import { Builders } from "./builders.ts";
import { Head } from "./head.ts";

it("ends where a head before it was told to end and died on the way: it holds no namespace that refuses deploys (R3)", async () => {
  const clock = new ManualClock();
  const random = seededRandom(1);
  const engine = new MemoryEngine({}, clock);
  const state = new ControllerState();
  state.standing = "ending";
  new Checkpoint(engine.store).save(state);
  const around = {
    options: {
      attached: false,
      fresh: false,
      http: null,
      proxyLocation: "Disabled",
      admin: null,
      logging: resolveOptions("logging", {}),
    },
    engine,
    builders: new Builders(engine, clock, random),
    transport: new MemoryTransport(clock),
    address: { kind: "memory", name: "head" },
    namespace: "memory",
    pid: 1,
    logsDir: "",
    proxyDir: "/",
    supervise: () => Promise.resolve(),
    adminToken: undefined,
    metricsPrefix: "ray_",
    metrics: new MetricRegistry(),
    configureLog: () => undefined,
  } as const;
  const head = new Head(around, silentLogger, clock, random);
  await head.start();
  let hasEnded = false;
  void head.ended.then(() => (hasEnded = true));
  for (let turn = 0; turn < 10; turn++) await clock.advance(10);
  expect(hasEnded).toBe(true);
  expect(engine.store.keys("")).toEqual([]);
});
