// The head of an instance in one process: no proxies, no admin server, no folder.
import { resolveOptions } from "../config/check-options.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Random } from "../core/random.ts";
import { MetricRegistry } from "../telemetry/metrics.ts";
import { Builders } from "./builders.ts";
import { Head, type HeadSurroundings } from "./head.ts";

/** What it works with. */
export type MemoryHeadParts = Pick<HeadSurroundings, "engine" | "transport" | "address">;

/** Makes one, not started yet. */
export function memoryHead(parts: MemoryHeadParts, logger: Logger, clock: Clock, random: Random): Head {
  const around: HeadSurroundings = {
    ...parts,
    options: {
      attached: false,
      fresh: false,
      http: null,
      proxyLocation: "Disabled",
      admin: null,
      logging: resolveOptions("logging", {}),
    },
    builders: new Builders(parts.engine, clock, random),
    namespace: "memory",
    pid: process.pid,
    logsDir: "",
    proxyDir: process.cwd(),
    supervise: () => Promise.resolve(),
    adminToken: undefined,
    metricsPrefix: "ray_",
    metrics: new MetricRegistry(),
    configureLog: () => undefined,
  };
  return new Head(around, logger, clock, random);
}
