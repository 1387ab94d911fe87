// Counts what the calling side of a process does, under Ray Serve's names (reference 3.2).
//   R1  A call costs additions: its series are looked up once a deployment and route, and gauges are set when somebody looks.
//   R2  A gauge of a replica or deployment that is gone is gone with the next look; counts of a deployment that this
//       process has let go of are shown once more.
import type { CallTarget } from "../model/call.ts";
import { deploymentKey } from "../model/ids.ts";
import { LastLook } from "../telemetry/last-look.ts";
import { METRICS } from "../telemetry/metric-names.ts";
import type { CounterSeries, HistogramSeries, MetricRegistry } from "../telemetry/metrics.ts";

/** What one router holds now. */
export interface RouterCounts extends CallTarget {
  readonly queued: number;
  /** Those of them that no replica has a slot for. */
  readonly queuedForSlot: number;
  readonly ongoing: number;
  /** False: the deployment is gone. */
  readonly isAvailable: boolean;
  readonly replicas: Iterable<{ readonly id: string; readonly load: number }>;
}

/** Whose calls are counted. */
export interface CallerIdentity {
  /** Stands for Ray's handle and actor id. */
  readonly processId: string;
  /** Ray's DeploymentHandleSource. */
  readonly source: "PROXY" | "REPLICA" | "UNKNOWN";
}

export class RouterMetrics {
  readonly #registry: MetricRegistry;
  readonly #caller: CallerIdentity;
  readonly #routed = new Map<CallTarget, Map<string, CounterSeries>>();
  readonly #handled = new Map<CallTarget, Map<string, CounterSeries>>();
  readonly #argsWaits = new Map<CallTarget, HistogramSeries>();
  readonly #lastLook = new LastLook();

  constructor(registry: MetricRegistry, caller: CallerIdentity) {
    this.#registry = registry;
    this.#caller = caller;
  }

  /** A router took a call. @param router the object that is the router: series are kept by identity */
  routed(router: CallTarget, route: string): void {
    seriesOf(this.#routed, router, route, () =>
      this.#registry.counter(METRICS.routerRequests).labels({ ...this.#labels(router), route }),
    ).inc();
  }

  /** A call was made through a handle. @param argsWaitMs how long it waited for arguments that are responses */
  handled(router: CallTarget, route: string, argsWaitMs: number): void {
    seriesOf(this.#handled, router, route, () => {
      const { application, deployment } = router;
      const handle = this.#caller.processId;
      return this.#registry.counter(METRICS.handleRequests).labels({ application, deployment, route, handle });
    }).inc();
    let waits = this.#argsWaits.get(router);
    if (waits === undefined) {
      waits = this.#registry.histogram(METRICS.argsResolutionLatency).labels(this.#labels(router));
      this.#argsWaits.set(router, waits);
    }
    waits.observe(argsWaitMs);
  }

  /** A router is no more: nothing is counted for it any more. */
  forget(router: CallTarget): void {
    for (const series of [this.#routed, this.#handled, this.#argsWaits]) series.delete(router);
  }

  /** Where a router counts how long its calls waited for a replica, milliseconds. */
  fulfillment(router: CallTarget): HistogramSeries {
    return this.#registry.histogram(METRICS.fulfillmentTime).labels(this.#routerLabels(router));
  }

  /** Brings the gauges up to date, before metrics are read (R2). */
  update(counts: readonly RouterCounts[]): void {
    const gauge = {
      queued: this.#registry.gauge(METRICS.queuedQueries),
      ongoing: this.#registry.gauge(METRICS.ongoingRequestsAtReplicas),
      tasks: this.#registry.gauge(METRICS.schedulingTasks),
      backoff: this.#registry.gauge(METRICS.schedulingTasksInBackoff),
      length: this.#registry.gauge(METRICS.routerQueueLength),
    };
    for (const each of Object.values(gauge)) each.remove({});
    this.#dropCounts(counts);
    for (const each of counts) {
      if (!each.isAvailable && each.queued + each.ongoing === 0) continue;
      const labels = this.#labels(each);
      gauge.queued.labels(labels).set(each.queued);
      gauge.ongoing.labels(labels).set(each.ongoing);
      const own = this.#routerLabels(each);
      const legacy = { app: each.application, ...own };
      gauge.tasks.labels(legacy).set(each.queued);
      gauge.backoff.labels(legacy).set(each.queuedForSlot);
      for (const { id, load } of each.replicas) gauge.length.labels({ ...own, replica_id: id }).set(load);
    }
  }

  /** R2 */
  #dropCounts(counts: readonly RouterCounts[]): void {
    const present = counts.map(({ application, deployment }) => deploymentKey(application, deployment));
    const ended = this.#lastLook.ended(new Set(present));
    const isEnded = ({ application = "", deployment = "" }): boolean => ended(deploymentKey(application, deployment));
    this.#registry.counter(METRICS.routerRequests).removeWhere(isEnded);
    this.#registry.counter(METRICS.handleRequests).removeWhere(isEnded);
    this.#registry.histogram(METRICS.argsResolutionLatency).removeWhere(isEnded);
    this.#registry.histogram(METRICS.fulfillmentTime).removeWhere(isEnded);
  }

  #labels({ application, deployment }: CallTarget) {
    return { deployment, application, handle: this.#caller.processId, actor_id: this.#caller.processId };
  }

  #routerLabels({ application, deployment }: CallTarget) {
    return { deployment, actor_id: this.#caller.processId, application, handle_source: this.#caller.source };
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
