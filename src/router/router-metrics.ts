// Counts what the calling side of a process does, under Ray Serve's names (reference 3.2).
import { METRICS } from "../telemetry/metric-names.ts";
import type { CounterSeries, MetricRegistry } from "../telemetry/metrics.ts";
import type { CallTarget } from "../model/call.ts";

/** What one router holds now. */
export interface RouterCounts extends CallTarget {
  readonly queued: number;
  readonly ongoing: number;
}

export class RouterMetrics {
  readonly #registry: MetricRegistry;
  readonly #processId: string;
  // Looked up once a deployment and route: few of both, many calls.
  readonly #routed = new Map<CallTarget, Map<string, CounterSeries>>();
  readonly #handled = new Map<CallTarget, Map<string, CounterSeries>>();

  /** @param processId stands for Ray's handle and actor id */
  constructor(registry: MetricRegistry, processId: string) {
    this.#registry = registry;
    this.#processId = processId;
  }

  /** A router took a call. @param router the object that is the router: series are kept by identity */
  routed(router: CallTarget, route: string): void {
    seriesOf(this.#routed, router, route, () =>
      this.#registry.counter(METRICS.routerRequests).labels({ ...this.#labels(router), route }),
    ).inc();
  }

  /** A call was made through a handle. */
  handled(router: CallTarget, route: string): void {
    seriesOf(this.#handled, router, route, () => {
      const { application, deployment } = router;
      return this.#registry
        .counter(METRICS.handleRequests)
        .labels({ application, deployment, route, handle: this.#processId });
    }).inc();
  }

  /** Brings the gauges up to date, before metrics are read. */
  update(counts: readonly RouterCounts[]): void {
    for (const each of counts) {
      const labels = this.#labels(each);
      this.#registry.gauge(METRICS.queuedQueries).labels(labels).set(each.queued);
      this.#registry.gauge(METRICS.ongoingRequestsAtReplicas).labels(labels).set(each.ongoing);
    }
  }

  #labels({ application, deployment }: CallTarget) {
    return { application, deployment, handle: this.#processId, actor_id: this.#processId };
  }
}

function seriesOf(
  byRouter: Map<CallTarget, Map<string, CounterSeries>>,
  router: CallTarget,
  route: string,
  make: () => CounterSeries,
): CounterSeries {
  let byRoute = byRouter.get(router);
  if (byRoute === undefined) byRouter.set(router, (byRoute = new Map<string, CounterSeries>()));
  let series = byRoute.get(route);
  if (series === undefined) byRoute.set(route, (series = make()));
  return series;
}
