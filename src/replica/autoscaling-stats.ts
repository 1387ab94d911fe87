// Asks the user's `recordAutoscalingStats` at the metrics interval and tells the head what it returned (A7).
//   R1  A call that throws, takes longer than `LIMIT_MS` or returns no numbers is counted, told once, and told of to nobody else.
//   R2  A call that has not ended is not made a second time.
import type { Cancel, Clock } from "../core/clock.ts";
import { describeThrown, isServeError, ServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { LoadOrder } from "../protocol/control.ts";
import { METRICS } from "../telemetry/metric-names.ts";
import type { MetricRegistry } from "../telemetry/metrics.ts";

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
  readonly #clock: Clock;
  readonly #errorNames = new Set<string>();
  #stop: Cancel = () => undefined;
  #busy = false;
  #lastError = "";

  constructor(around: StatsSurroundings, clock: Clock) {
    this.#around = around;
    this.#clock = clock;
  }

  /** The replica is loaded, or has new options. */
  follow({ application, spec }: LoadOrder): void {
    this.#stop();
    const { autoscalingConfig } = spec.options;
    if (autoscalingConfig === null) return;
    const labels = { deployment: spec.name, replica: this.#around.replicaId, application };
    const ask = (): void => void this.#ask(labels);
    this.#stop = this.#clock.every(autoscalingConfig.metricsIntervalS * 1000, ask);
    ask();
  }

  close(): void {
    this.#stop();
  }

  async #ask(labels: Readonly<Record<"deployment" | "replica" | "application", string>>): Promise<void> {
    const { metrics } = this.#around;
    if (this.#busy) return; // R2
    const startMs = this.#clock.monotonic();
    this.#busy = true;
    try {
      const recorded = this.#around.record();
      if (recorded === undefined) return this.#stop();
      this.#around.send(readStats(await this.#limited(recorded)));
      this.#lastError = "";
      metrics
        ?.histogram(METRICS.userAutoscalingStatsLatency)
        .labels(labels)
        .observe(this.#clock.monotonic() - startMs);
    } catch (reason) {
      const name = this.#nameOf(reason);
      metrics
        ?.counter(METRICS.recordAutoscalingStatsFailed)
        .labels({ ...labels, exception_name: name })
        .inc();
      this.#tell(describeThrown(reason));
    } finally {
      this.#busy = false;
    }
  }

  #limited(recorded: Promise<unknown>): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const cancel = this.#clock.after(LIMIT_MS, () => reject(tooLate()), true);
    recorded.then(resolve, reject);
    return promise.finally(cancel);
  }

  /** R1 */
  #tell(error: string): void {
    if (error === this.#lastError) return;
    this.#lastError = error;
    this.#around.logger().warn("replica.autoscaling_stats_failed", { error });
  }

  #nameOf(reason: unknown): string {
    const name = isServeError(reason) ? reason.code : reason instanceof Error ? reason.name : typeof reason;
    if (this.#errorNames.size < MAX_ERROR_NAMES) this.#errorNames.add(name);
    return this.#errorNames.has(name) ? name : "other";
  }
}

function tooLate(): ServeError {
  return new ServeError("REQUEST_TIMEOUT", `recordAutoscalingStats has not ended after ${LIMIT_MS / 1000} s`);
}

/** @throws {ServeError} SERIALIZATION: it is no object of numbers */
function readStats(recorded: unknown): UserStats {
  const isObject = typeof recorded === "object" && recorded !== null;
  if (isObject && Object.values(recorded).every(Number.isFinite)) return { ...recorded } as UserStats;
  const message = "recordAutoscalingStats returned something else than an object of finite numbers by name";
  throw new ServeError("SERIALIZATION", message);
}
