// Asks the user's `recordAutoscalingStats` at the metrics interval and tells the head what it returned (A7).
//   R1  A call that throws, takes longer than `LIMIT_MS` or returns no numbers is counted, told once, and told of to nobody else.
import type { Clock } from "../core/clock.ts";
import { isServeError, ServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { LoadOrder } from "../protocol/control.ts";
import { METRICS } from "../telemetry/metric-names.ts";
import type { MetricRegistry } from "../telemetry/metrics.ts";
import { CallsAtIntervals } from "./calls-at-intervals.ts";

/** Longest time that the method may take: Ray Serve's (reference 6, RAY_SERVE_RECORD_AUTOSCALING_STATS_TIMEOUT_S). */
const LIMIT_MS = 10_000;
/** Names of errors that become labels. Chosen: more than code has on purpose. */
const MAX_ERROR_NAMES = 20;

export type UserStats = Readonly<Record<string, number>>;

export interface StatsSurroundings {
  readonly replicaId: string;
  /** Undefined: the user's class has no such method. */
  record(): Promise<unknown> | undefined;
  /** Tells the head; lost while it is away. */
  send(stats: UserStats): void;
  readonly metrics: MetricRegistry | undefined;
  readonly logger: () => Logger;
}

export class AutoscalingStats {
  readonly #around: StatsSurroundings;
  readonly #calls: CallsAtIntervals;
  readonly #errorNames = new Set<string>();
  #labels = { deployment: "", replica: "", application: "" };

  constructor(around: StatsSurroundings, clock: Clock) {
    this.#around = around;
    const method = {
      name: "recordAutoscalingStats",
      call: () => around.record(),
      returned: (value: unknown, tookMs: number) => this.#returned(value, tookMs),
      failed: (reason: unknown) => this.#failed(reason),
      tell: (error: string) => around.logger().warn("replica.autoscaling_stats_failed", { error }),
    };
    this.#calls = new CallsAtIntervals(method, clock);
  }

  /** The replica is loaded, or has new options. */
  follow({ application, spec }: LoadOrder): void {
    const { autoscalingConfig } = spec.options;
    if (autoscalingConfig === null) return this.#calls.close();
    this.#labels = { deployment: spec.name, replica: this.#around.replicaId, application };
    this.#calls.follow(autoscalingConfig.metricsIntervalS * 1000, LIMIT_MS);
  }

  close(): void {
    this.#calls.close();
  }

  #returned(value: unknown, tookMs: number): void {
    const { metrics, send } = this.#around;
    send(readStats(value));
    metrics?.histogram(METRICS.userAutoscalingStatsLatency).labels(this.#labels).observe(tookMs);
  }

  #failed(reason: unknown): void {
    const { metrics } = this.#around;
    const name = this.#nameOf(reason);
    metrics
      ?.counter(METRICS.recordAutoscalingStatsFailed)
      .labels({ ...this.#labels, exception_name: name })
      .inc();
  }

  #nameOf(reason: unknown): string {
    const name = isServeError(reason) ? reason.code : reason instanceof Error ? reason.name : typeof reason;
    if (this.#errorNames.size < MAX_ERROR_NAMES) this.#errorNames.add(name);
    return this.#errorNames.has(name) ? name : "other";
  }
}

/** @throws {ServeError} SERIALIZATION: it is no object of numbers */
function readStats(recorded: unknown): UserStats {
  const isObject = typeof recorded === "object" && recorded !== null;
  if (isObject && Object.values(recorded).every(Number.isFinite)) return { ...recorded } as UserStats;
  const message = "recordAutoscalingStats returned something else than an object of finite numbers by name";
  throw new ServeError("SERIALIZATION", message);
}
