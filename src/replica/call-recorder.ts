// Counts and logs the calls that a replica finished: metrics of reference 3.2, access lines of 7.2.
//   R1  What user code makes up does not fill the metrics: further names of errors count as one.
import type { Clock } from "../core/clock.ts";
import { describeThrown, type ServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { AccessEntry } from "../telemetry/log-format.ts";
import { METRICS } from "../telemetry/metric-names.ts";
import type { CounterSeries, HistogramSeries, MetricRegistry } from "../telemetry/metrics.ts";
import type { Outcome, RunningCall } from "./running-call.ts";

/** Who the calls belong to. */
export interface RecorderIdentity {
  readonly application: string;
  readonly deployment: string;
  readonly replicaId: string;
}

/** Names of errors that become labels. Chosen: more than code has on purpose, few for whoever scrapes them. */
const MAX_ERROR_NAMES = 50;
const OTHER_ERRORS = "other";

interface RouteSeries {
  readonly succeeded: CounterSeries;
  readonly latency: HistogramSeries;
}

export class CallRecorder {
  readonly #identity: RecorderIdentity;
  readonly #labels: { readonly deployment: string; readonly replica: string; readonly application: string };
  readonly #metrics: MetricRegistry;
  readonly #log: { readonly logger: Logger; access(entry: AccessEntry): void };
  readonly #clock: Clock;
  // Few routes, many calls: series are looked up once a route.
  readonly #byRoute = new Map<string, RouteSeries>();
  readonly #errorNames = new Set<string>();

  constructor(
    identity: RecorderIdentity,
    metrics: MetricRegistry,
    log: { readonly logger: Logger; access(entry: AccessEntry): void },
    clock: Clock,
  ) {
    const { application, deployment, replicaId } = identity;
    this.#identity = identity;
    this.#labels = { deployment, replica: replicaId, application };
    this.#metrics = metrics;
    this.#log = log;
    this.#clock = clock;
    metrics.counter(METRICS.replicaStarts).labels(this.#labels).inc();
    metrics.gauge(METRICS.replicaHealthy).labels(this.#labels).set(1);
  }

  /** The replica's gauge of calls that run now, brought up to date before metrics are read. */
  setOngoing(ongoing: number): void {
    this.#metrics.gauge(METRICS.processingQueries).labels(this.#labels).set(ongoing);
  }

  /** The last health check failed or passed. */
  setHealthy(healthy: boolean): void {
    this.#metrics
      .gauge(METRICS.replicaHealthy)
      .labels(this.#labels)
      .set(healthy ? 1 : 0);
  }

  ended(call: RunningCall, outcome: Outcome): void {
    const latencyMs = this.#clock.monotonic() - call.startMs;
    const { meta } = call;
    const series = this.#series(meta.route);
    series.latency.observe(latencyMs);
    const { error } = outcome;
    if (error === undefined) series.succeeded.inc();
    else this.#failed(call, error);
    const { application } = this.#identity;
    if (meta.http !== undefined) {
      const { route, requestId } = meta;
      this.#log.access({ method: meta.http.verb, route, status: outcome.status, latencyMs, requestId, application });
    } else {
      const status = error === undefined ? "OK" : error.code === "REQUEST_CANCELLED" ? "CANCELLED" : "ERROR";
      this.#log.access({
        method: "CALL",
        route: meta.method,
        status,
        latencyMs,
        requestId: meta.requestId,
        application,
      });
    }
  }

  #failed({ meta }: RunningCall, error: ServeError): void {
    const shown = error.code === "USER_CODE" ? readableError(error.cause) : error;
    const exception_type = this.#errorLabel(shown === error || shown === error.cause ? shown.name : error.code);
    this.#metrics
      .counter(METRICS.deploymentErrors)
      .labels({ ...this.#labels, route: meta.route, exception_type })
      .inc();
    if (error.code === "REQUEST_CANCELLED" || error.code === "REQUEST_TIMEOUT") return;
    const { requestId, route, method } = meta;
    this.#log.logger.error("request.failed", { requestId, route, method, code: error.code, error: shown });
  }

  /** R1 */
  #errorLabel(name: string): string {
    if (this.#errorNames.has(name)) return name;
    if (this.#errorNames.size >= MAX_ERROR_NAMES) return OTHER_ERRORS;
    this.#errorNames.add(name);
    return name;
  }

  #series(route: string): RouteSeries {
    const known = this.#byRoute.get(route);
    if (known !== undefined) return known;
    const labels = { ...this.#labels, route };
    const series = {
      succeeded: this.#metrics.counter(METRICS.deploymentRequests).labels(labels),
      latency: this.#metrics.histogram(METRICS.processingLatency).labels(labels),
    };
    this.#byRoute.set(route, series);
    return series;
  }
}

/** What was thrown, when it is an Error that can be written to a log; else one that says what it was. */
function readableError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error && typeof thrown.name === "string" && typeof thrown.stack === "string") return thrown;
  } catch {
    // a proxy or an accessor that throws
  }
  return new Error(describeThrown(thrown));
}
