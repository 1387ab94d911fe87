// Counts answered requests and leaves their access lines (reference 3.2, 7.2).
//   R1  Series are looked up by label text once per (route, verb, status); after that by identity, for the hot path.
//   R2  System paths are counted but neither logged nor ongoing (RT4).
//   R3  Counts of an application that has no route any more are shown once more, then dropped.
import { GaugeSeries, type CounterSeries, type HistogramSeries, type MetricRegistry } from "../telemetry/metrics.ts";
import { LastLook } from "../telemetry/last-look.ts";
import { METRICS } from "../telemetry/metric-names.ts";
import type { AccessEntry } from "../telemetry/log-format.ts";
import type { Route } from "./route-table.ts";

/** Counts under this when no route matched: the label is empty. */
export const NO_ROUTE: Route = systemRoute("");

/** The route under which a path of the proxy itself is counted. */
export function systemRoute(path: string): Route {
  return { prefix: path, target: { application: "", deployment: "" } };
}

/** Series of one route, verb and status. */
interface Series {
  readonly requests: CounterSeries;
  readonly latency: HistogramSeries;
  /** Empty below 400. */
  readonly errors: readonly CounterSeries[];
}

/** Where a proxy's node is, as labels of its gauge. */
export interface NodeLabels {
  readonly nodeId: string;
  readonly nodeIp: string;
}

/** Close codes from here on mean what applications, and clients, want them to mean (RFC 6455 7.4.2). */
const FIRST_PRIVATE_CODE = 3000;
/** Statuses of a route and verb that have series of their own: clients choose close codes. Chosen: more than code has on purpose. */
const MAX_STATUSES = 50;

export class RequestRecorder {
  /** Requests taken and not finished. */
  readonly ongoing: GaugeSeries;
  readonly #registry: MetricRegistry | undefined;
  readonly #access: (entry: AccessEntry) => void;
  readonly #showsClient: boolean;
  readonly #lastLook = new LastLook();
  readonly #series = new WeakMap<Route, Map<string, Map<number, Series>>>();

  /**
   * @param registry undefined: nothing is counted
   * @param access takes the access lines
   * @param showsClient access lines name the client's address
   */
  constructor(
    registry: MetricRegistry | undefined,
    node: NodeLabels,
    access: (entry: AccessEntry) => void,
    showsClient = false,
  ) {
    this.#registry = registry;
    this.#access = access;
    this.#showsClient = showsClient;
    const labels = { node_id: node.nodeId, node_ip_address: node.nodeIp };
    this.ongoing = registry?.gauge(METRICS.ongoingHttpRequests).labels(labels) ?? new GaugeSeries();
  }

  /** Counts a request that ended. @param status as sent, or 499 when the client left before anything was sent */
  count(route: Route, verb: string, status: number, latencyMs: number): void {
    if (this.#registry === undefined) return;
    let byVerb = this.#series.get(route);
    if (byVerb === undefined) this.#series.set(route, (byVerb = new Map()));
    let byStatus = byVerb.get(verb);
    if (byStatus === undefined) byVerb.set(verb, (byStatus = new Map()));
    const counted = countedAs(status, byStatus);
    let series = byStatus.get(counted);
    if (series === undefined) byStatus.set(counted, (series = bind(this.#registry, route, verb, counted)));
    series.requests.inc();
    series.latency.observe(latencyMs);
    for (const errors of series.errors) errors.inc();
  }

  /** Metrics are about to be read (R3). @param routed applications that have a route */
  update(routed: ReadonlySet<string>): void {
    if (this.#registry === undefined) return;
    const ended = this.#lastLook.ended(routed);
    const isEnded = ({ application = "" }): boolean => application !== "" && ended(application);
    this.#registry.counter(METRICS.httpRequests).removeWhere(isEnded);
    this.#registry.counter(METRICS.httpErrorRequests).removeWhere(isEnded);
    this.#registry.counter(METRICS.deploymentHttpErrorRequests).removeWhere(isEnded);
    this.#registry.histogram(METRICS.httpRequestLatency).removeWhere(isEnded);
  }

  /** Leaves the access line of a request that ended. @param from the client, as `formatClient` says it */
  log(route: Route, verb: string, status: number, latencyMs: number, requestId: string, from: string): void {
    const { application } = route.target;
    const client = this.#showsClient ? from : "";
    this.#access({ method: verb, route: route.prefix, status, latencyMs, requestId, application, call: "", client });
  }
}

/** The status itself, or the thousand of a close code that is one too many. */
function countedAs(status: number, known: ReadonlyMap<number, unknown>): number {
  const isNew = status >= FIRST_PRIVATE_CODE && known.size >= MAX_STATUSES && !known.has(status);
  return isNew ? status - (status % 1000) : status;
}

function bind(registry: MetricRegistry, { prefix: route, target }: Route, method: string, status: number): Series {
  const { application, deployment } = target;
  const status_code = String(status);
  const errors: CounterSeries[] = [];
  if (isError(method, status)) {
    const labels = { route, method, application, error_code: status_code };
    errors.push(registry.counter(METRICS.httpErrorRequests).labels(labels));
    if (deployment !== "") {
      errors.push(registry.counter(METRICS.deploymentHttpErrorRequests).labels({ ...labels, deployment }));
    }
  }
  return {
    requests: registry.counter(METRICS.httpRequests).labels({ route, method, application, status_code }),
    latency: registry.histogram(METRICS.httpRequestLatency).labels({ route, method, application, status_code }),
    errors,
  };
}

/** A WebSocket's status is its close code: normal and going away are no errors (reference 3.1). */
function isError(method: string, status: number): boolean {
  return method === "WS" && status >= 1000 ? status > 1001 : status >= 400;
}
