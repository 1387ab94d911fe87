// Counts and logs the calls that a replica finished: metrics of reference 3.2, access lines of 7.2.
//   R1  What user code makes up does not fill the metrics: further names of errors count as one.
//   R2  A call that ended costs additions; whatever can wait until somebody looks is done by `update`.
import type { Clock } from "../core/clock.ts";
import { describeThrown, type ServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { type CallMeta, HTTP_FLAG_WEBSOCKET } from "../protocol/messages.ts";
import type { AccessEntry } from "../telemetry/log-format.ts";
import { METRICS } from "../telemetry/metric-names.ts";
import type { CounterSeries, HistogramSeries, MetricRegistry } from "../telemetry/metrics.ts";
import { BusyWindow, WindowMax } from "../telemetry/windows.ts";
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

/** Windows of the gauges, as Ray's defaults (reference 6), milliseconds and parts. */
const MAX_WINDOW = [60_000, 6] as const;
const BUSY_WINDOW = [600_000, 60] as const;

interface RouteSeries {
  readonly succeeded: CounterSeries;
  readonly latency: HistogramSeries;
  readonly longest: WindowMax;
}

/** What a replica holds when somebody looks. */
export interface ReplicaLoad {
  readonly ongoing: number;
  /** Slots kept free for callers that were refused. */
  readonly heldSlots: number;
  readonly maxOngoingRequests: number;
  /** When the running calls started, monotonic milliseconds. */
  readonly startsMs: Iterable<number>;
}

export class CallRecorder {
  readonly #identity: RecorderIdentity;
  readonly #labels: { readonly deployment: string; readonly replica: string; readonly application: string };
  readonly #metrics: MetricRegistry | undefined;
  readonly #log: { readonly logger: Logger; access(entry: AccessEntry): void };
  readonly #clock: Clock;
  // Few routes, many calls: series are looked up once a route.
  readonly #byRoute = new Map<string, RouteSeries>();
  readonly #errorNames = new Set<string>();
  readonly #busy = new BusyWindow(...BUSY_WINDOW);

  /** @param metrics undefined: nothing is counted */
  constructor(
    identity: RecorderIdentity,
    metrics: MetricRegistry | undefined,
    log: { readonly logger: Logger; access(entry: AccessEntry): void },
    clock: Clock,
  ) {
    const { application, deployment, replicaId } = identity;
    this.#identity = identity;
    this.#labels = { deployment, replica: replicaId, application };
    this.#metrics = metrics;
    this.#log = log;
    this.#clock = clock;
    metrics?.counter(METRICS.replicaStarts).labels(this.#labels).inc();
  }

  /** Brings the gauges up to date before metrics are read. */
  update({ ongoing, heldSlots, maxOngoingRequests, startsMs }: ReplicaLoad): void {
    const metrics = this.#metrics;
    if (metrics === undefined) return;
    const nowMs = this.#clock.monotonic();
    metrics.gauge(METRICS.processingQueries).labels(this.#labels).set(ongoing);
    const { deployment, application, replica } = this.#labels;
    const asCaller = { deployment, application, handle: replica, actor_id: replica };
    metrics.gauge(METRICS.reservedSlots).labels(asCaller).set(heldSlots);
    const share = this.#busy.read(nowMs, startsMs) / (BUSY_WINDOW[0] * maxOngoingRequests);
    metrics
      .gauge(METRICS.replicaUtilization)
      .labels(this.#labels)
      .set(Math.min(100, 100 * share));
    const longest = metrics.gauge(METRICS.maxProcessingLatency);
    for (const [route, series] of this.#byRoute) {
      longest.labels({ ...this.#labels, route }).set(series.longest.read(nowMs));
    }
  }

  ended(call: RunningCall, outcome: Outcome): void {
    const nowMs = this.#clock.monotonic();
    const latencyMs = nowMs - call.startMs;
    const { meta } = call;
    const { error } = outcome;
    if (this.#metrics !== undefined) this.#count(this.#metrics, call, nowMs, error);
    if (error !== undefined) this.#logFailure(call, error);
    const { application } = this.#identity;
    const { http, route, requestId } = meta;
    const isHttp = http !== undefined;
    const method = isHttp ? methodOf(http) : "CALL";
    const status = isHttp ? outcome.status : statusOfCall(error);
    const called = isHttp ? "" : meta.method;
    this.#log.access({ method, route, call: called, status, latencyMs, requestId, application, client: "" });
  }

  #count(metrics: MetricRegistry, call: RunningCall, nowMs: number, error: ServeError | undefined): void {
    const { route } = call.meta;
    const latencyMs = nowMs - call.startMs;
    const series = this.#byRoute.get(route) ?? this.#open(metrics, route);
    series.latency.observe(latencyMs);
    series.longest.add(nowMs, latencyMs);
    this.#busy.add(call.startMs, nowMs);
    if (error === undefined) return series.succeeded.inc();
    const shown = shownError(error);
    const exception_type = this.#errorLabel(shown === error || shown === error.cause ? shown.name : error.code);
    metrics
      .counter(METRICS.deploymentErrors)
      .labels({ ...this.#labels, route, exception_type })
      .inc();
  }

  #logFailure({ meta }: RunningCall, error: ServeError): void {
    if (error.code === "REQUEST_CANCELLED" || error.code === "REQUEST_TIMEOUT") return;
    const { requestId, route, method } = meta;
    this.#log.logger.error("Request failed.", { requestId, route, method, code: error.code, error: shownError(error) });
  }

  /** R1 */
  #errorLabel(name: string): string {
    if (this.#errorNames.has(name)) return name;
    if (this.#errorNames.size >= MAX_ERROR_NAMES) return OTHER_ERRORS;
    this.#errorNames.add(name);
    return name;
  }

  #open(metrics: MetricRegistry, route: string): RouteSeries {
    const labels = { ...this.#labels, route };
    const series = {
      succeeded: metrics.counter(METRICS.deploymentRequests).labels(labels),
      latency: metrics.histogram(METRICS.processingLatency).labels(labels),
      longest: new WindowMax(...MAX_WINDOW),
    };
    this.#byRoute.set(route, series);
    return series;
  }
}

/** What access lines and metrics call a request's method: a socket is no GET, and the proxy says the same. */
function methodOf({ verb, flags }: NonNullable<CallMeta["http"]>): string {
  return (flags & HTTP_FLAG_WEBSOCKET) === 0 ? verb : "WS";
}

function statusOfCall(error: ServeError | undefined): string {
  if (error === undefined) return "OK";
  return error.code === "REQUEST_CANCELLED" ? "CANCELLED" : "ERROR";
}

/** What a failure is told as: what user code threw, else the error itself. */
function shownError(error: ServeError): Error {
  return error.code === "USER_CODE" ? readableError(error.cause) : error;
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
