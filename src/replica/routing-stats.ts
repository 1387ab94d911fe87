// Asks the user's `recordRoutingStats` at the period of the options; what it returns is told to all callers' routers (P5).
//   R1  What is no object of JSON data, or larger than `MAX_STATS_CHARS`, counts as an error: all callers get it with the targets.
import type { Clock } from "../core/clock.ts";
import { isServeError, ServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { LoadOrder } from "../protocol/control.ts";
import { METRICS } from "../telemetry/metric-names.ts";
import type { MetricRegistry } from "../telemetry/metrics.ts";
import { CallsAtIntervals } from "./calls-at-intervals.ts";

/** Chosen: a few hundred numbers or names; every caller gets it at every change. */
const MAX_STATS_CHARS = 16_384;

export interface RoutingStatsSurroundings {
  readonly replicaId: string;
  /** Undefined: the user's class has no such method. */
  record(): Promise<unknown> | undefined;
  /** `current` is another now. */
  onChanged(): void;
  readonly metrics: MetricRegistry | undefined;
  readonly logger: () => Logger;
}

export class RoutingStats {
  readonly #around: RoutingStatsSurroundings;
  readonly #calls: CallsAtIntervals;
  #labels = { deployment: "", application: "" };
  #current: Readonly<Record<string, unknown>> | undefined;
  #text = "";

  constructor(around: RoutingStatsSurroundings, clock: Clock) {
    this.#around = around;
    const method = {
      name: "recordRoutingStats",
      call: () => around.record(),
      returned: (value: unknown, tookMs: number) => this.#returned(value, tookMs),
      failed: (reason: unknown) => this.#failed(reason),
      tell: (error: string) => around.logger().warn("replica.routing_stats_failed", { error }),
    };
    this.#calls = new CallsAtIntervals(method, clock);
  }

  /** What the method returned last; undefined: nothing yet. */
  get current(): Readonly<Record<string, unknown>> | undefined {
    return this.#current;
  }

  /** The replica is loaded, or has new options. */
  follow({ application, spec }: LoadOrder): void {
    this.#labels = { deployment: spec.name, application };
    const { requestRoutingStatsPeriodS, requestRoutingStatsTimeoutS } = spec.options.requestRouterConfig;
    this.#calls.follow(requestRoutingStatsPeriodS * 1000, requestRoutingStatsTimeoutS * 1000);
  }

  close(): void {
    this.#calls.close();
  }

  #returned(value: unknown, tookMs: number): void {
    const { metrics, onChanged } = this.#around;
    const text = textOf(value);
    metrics?.histogram(METRICS.routingStatsDelay).labels(this.#labels).observe(tookMs);
    if (text === this.#text) return;
    this.#text = text;
    this.#current = JSON.parse(text) as Record<string, unknown>;
    onChanged();
  }

  #failed(reason: unknown): void {
    const { metrics, replicaId: replica } = this.#around;
    const type = isServeError(reason) && reason.code === "REQUEST_TIMEOUT" ? "timeout" : "exception";
    metrics
      ?.counter(METRICS.routingStatsError)
      .labels({ ...this.#labels, replica, error_type: type })
      .inc();
  }
}

/** @throws {ServeError} SERIALIZATION (R1) */
function textOf(value: unknown): string {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const text = isObject ? JSON.stringify(value) : undefined;
  if (text !== undefined && text.length <= MAX_STATS_CHARS) return text;
  const what = text === undefined ? "something else than an object of JSON data" : `${text.length} characters of JSON`;
  throw new ServeError(
    "SERIALIZATION",
    `recordRoutingStats returned ${what}; it may be an object of ${MAX_STATS_CHARS}`,
  );
}
