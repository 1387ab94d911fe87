// Measures one program's event loop: how late it runs what is due. A loop that user code blocks shows here.
//   R1  One timer, one measurement a period; nothing is measured between.
import type { Cancel, Clock } from "../core/clock.ts";
import { METRICS } from "./metric-names.ts";
import type { MetricRegistry } from "./metrics.ts";

/** Period of the measurements, milliseconds: Ray's `RAY_SERVE_EVENT_LOOP_MONITORING_INTERVAL_S` (reference 6). */
const PERIOD_MS = 5000;

/** Whose loop it is. */
export interface LoopOwner {
  readonly component: "proxy" | "replica";
  readonly processId: string;
  /** Left out by a proxy. */
  readonly application?: string;
  readonly deployment?: string;
}

/** What Node's event loop of this process waits for now. */
export function countLoopTasks(): number {
  return process.getActiveResourcesInfo().length;
}

/**
 * Measures until the result is called.
 * @param countTasks what the loop waits for now
 */
export function monitorEventLoop(
  { component, processId, application = "", deployment = "" }: LoopOwner,
  metrics: MetricRegistry,
  countTasks: () => number,
  clock: Clock,
): Cancel {
  // One loop runs everything: there is neither a second one for routers nor one for user code.
  const labels = { component, loop_type: "main", actor_id: processId, application, deployment };
  const latency = metrics.histogram(METRICS.eventLoopLatency).labels(labels);
  const iterations = metrics.counter(METRICS.eventLoopIterations).labels(labels);
  const tasks = metrics.gauge(METRICS.eventLoopTasks).labels(labels);
  let cancel: Cancel = () => undefined;
  const measureLater = (): void => {
    const dueMs = clock.monotonic() + PERIOD_MS;
    cancel = clock.after(
      PERIOD_MS,
      () => {
        latency.observe(Math.max(0, clock.monotonic() - dueMs));
        iterations.inc();
        tasks.set(countTasks());
        measureLater();
      },
      true,
    );
  };
  measureLater();
  return () => cancel();
}
