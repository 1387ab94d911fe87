// Samples what this process holds for deployments that scale by themselves, and reports it to the head (A4).
//   R1  Only deployments whose targets say so; nothing runs per request, the router's own counts are read.
//   R2  A call that waits where there is no replica is reported at once, the first one of a wait (A5).
//   R3  A sample that equals the one before it says nothing and is left out; what is older than the look-back is dropped,
//       but for the newest of it, which still holds where the look-back begins.
import type { Cancel, Clock } from "../core/clock.ts";
import type { CallTarget } from "../model/call.ts";
import type { DeploymentTargets, Notifications, ScalingReport } from "../protocol/control.ts";

type Report = Notifications["scaling.report"];
type Period = NonNullable<DeploymentTargets["autoscaling"]>;

/** What is sampled of one router. */
export interface SampledRouter extends CallTarget {
  /** Calls that wait here. */
  readonly queued: number;
  /** Calls of this process that are at replicas. */
  readonly ongoing: number;
}

/** Longest time between two samples, as a share of the look-back: Ray Serve's (reference 4.8). */
const SAMPLE_SHARE = 0.2;

type Samples = [timeMs: number, value: number][];

interface Watch {
  readonly period: Period;
  readonly queued: Samples;
  readonly ongoing: Samples;
  readonly stop: Cancel;
}

export class ScalingSampler {
  readonly #send: (report: Report) => void;
  readonly #clock: Clock;
  readonly #watches = new Map<SampledRouter, Watch>();

  /** @param send tells the head; what is sent while it is away is lost, and the next report says it again */
  constructor(send: (report: Report) => void, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** Targets of a router arrived: begins, goes on or ends with it (R1). */
  follow(router: SampledRouter, { autoscaling, unavailable }: DeploymentTargets): void {
    const period = unavailable === null ? autoscaling : undefined;
    const known = this.#watches.get(router);
    if (known !== undefined && period !== undefined && isSamePeriod(known.period, period)) return;
    known?.stop();
    this.#watches.delete(router);
    if (period === undefined) return;
    const stopSampling = this.#clock.every(samplePeriodMs(period), () => this.#sample(router));
    const stopReporting = this.#clock.every(period.metricsIntervalMs, () => this.#report(router));
    const stop = (): void => (stopSampling(), stopReporting());
    this.#watches.set(router, { period, queued: known?.queued ?? [], ongoing: known?.ongoing ?? [], stop });
    this.#sample(router);
  }

  /** A call waits where there is no replica (R2). */
  starved(router: SampledRouter): void {
    this.#report(router);
  }

  close(): void {
    for (const { stop } of this.#watches.values()) stop();
    this.#watches.clear();
  }

  #sample(router: SampledRouter): void {
    const watch = this.#watches.get(router);
    if (watch === undefined) return;
    const nowMs = this.#clock.monotonic();
    const oldestMs = nowMs - watch.period.lookBackMs;
    add(watch.queued, nowMs, router.queued, oldestMs);
    add(watch.ongoing, nowMs, router.ongoing, oldestMs);
  }

  #report(router: SampledRouter): void {
    const watch = this.#watches.get(router);
    if (watch === undefined) return;
    this.#sample(router);
    const nowMs = this.#clock.monotonic();
    const aged = (samples: Samples): ScalingReport["queued"] =>
      samples.map(([timeMs, value]) => [Math.round(nowMs - timeMs), value]);
    const { application, deployment } = router;
    const report = { application, deployment, queued: aged(watch.queued), ongoing: aged(watch.ongoing) };
    this.#send({ deployments: [report] });
  }
}

function samplePeriodMs({ lookBackMs, metricsIntervalMs }: Period): number {
  return Math.min(lookBackMs * SAMPLE_SHARE, metricsIntervalMs);
}

function isSamePeriod(one: Period, other: Period): boolean {
  return one.lookBackMs === other.lookBackMs && one.metricsIntervalMs === other.metricsIntervalMs;
}

/** R3 */
function add(samples: Samples, nowMs: number, value: number, oldestMs: number): void {
  if (samples.at(-1)?.[1] !== value) samples.push([nowMs, value]);
  const firstInside = samples.findIndex(([timeMs]) => timeMs > oldestMs);
  const outside = firstInside === -1 ? samples.length : firstInside;
  if (outside > 1) samples.splice(0, outside - 1);
}
