// What callers have last reported of deployments that scale by themselves, and what replicas have said of their own load.
// Times are of this process's monotonic clock: a report's ages count back from the moment in which it arrived.
//   R1  A source's newer report takes the place of its older one; its link's end takes both away.
//   R2  A source that is silent for longer than `max(2 * interval, 10 s)` is dropped (A6).
import type { StepSeries } from "../autoscaling/step-series.ts";
import { deploymentKey, type ReplicaId } from "../model/ids.ts";
import type { AgedSeries, ScalingReport } from "../protocol/control.ts";

/** Shortest silence that drops a source, and how many intervals it may last (reference 4.8). */
const SILENCE_MS = 10_000;
const SILENT_INTERVALS = 2;

interface Source {
  readonly queued: StepSeries;
  readonly ongoing: StepSeries;
  readonly receivedMs: number;
}

/** What is known of one deployment. */
export interface ReportedLoad {
  readonly queued: readonly StepSeries[];
  readonly ongoing: readonly StepSeries[];
  /** How long the most silent caller has been silent, milliseconds; null: nobody has reported. */
  readonly silentMs: number | null;
}

export class ScalingReports {
  readonly #sources = new Map<string, Map<string, Source>>();
  /** By replica, then by name. */
  readonly #stats = new Map<ReplicaId, Map<string, [timeMs: number, value: number][]>>();

  /** @param source the caller's id */
  add(source: string, reports: readonly ScalingReport[], nowMs: number): void {
    for (const { application, deployment, queued, ongoing } of reports) {
      const key = deploymentKey(application, deployment);
      let sources = this.#sources.get(key);
      if (sources === undefined) this.#sources.set(key, (sources = new Map<string, Source>()));
      sources.set(source, { queued: datedBack(queued, nowMs), ongoing: datedBack(ongoing, nowMs), receivedMs: nowMs });
    }
  }

  /** What a replica's `recordAutoscalingStats` returned. */
  addStats(replica: ReplicaId, stats: Readonly<Record<string, number>>, nowMs: number): void {
    let series = this.#stats.get(replica);
    if (series === undefined) this.#stats.set(replica, (series = new Map<string, [number, number][]>()));
    for (const [name, value] of Object.entries(stats)) {
      const samples = series.get(name);
      if (samples === undefined) series.set(name, [[nowMs, value]]);
      else samples.push([nowMs, value]);
    }
  }

  /** The link of a caller, or of a replica, has ended (R1). */
  drop(source: string): void {
    for (const sources of this.#sources.values()) sources.delete(source);
    this.#stats.delete(source);
  }

  /** The load of a deployment; forgets who is silent (R2). */
  load(key: string, intervalMs: number, nowMs: number): ReportedLoad {
    const sources = this.#sources.get(key);
    const limitMs = Math.max(SILENT_INTERVALS * intervalMs, SILENCE_MS);
    for (const [id, { receivedMs }] of sources ?? []) if (nowMs - receivedMs > limitMs) sources?.delete(id);
    const heard = [...(sources?.values() ?? [])];
    return {
      queued: heard.map(({ queued }) => queued),
      ongoing: heard.map(({ ongoing }) => ongoing),
      silentMs: heard.length === 0 ? null : nowMs - Math.min(...heard.map(({ receivedMs }) => receivedMs)),
    };
  }

  /**
   * Series of one replica by name; forgets what is older than the look-back, but for the newest of it, and names that the
   * replica has not used for so long.
   */
  stats(replica: ReplicaId, lookBackMs: number, nowMs: number): ReadonlyMap<string, StepSeries> {
    const series = this.#stats.get(replica) ?? new Map<string, [number, number][]>();
    const lastOf = (samples: StepSeries): number => samples.at(-1)?.[0] ?? -Infinity;
    const spokenMs = [...series.values()].reduce((newest, samples) => Math.max(newest, lastOf(samples)), -Infinity);
    for (const [name, samples] of series) {
      if (lastOf(samples) <= spokenMs - lookBackMs) series.delete(name);
      const inside = samples.findIndex(([timeMs]) => timeMs > nowMs - lookBackMs);
      const outside = inside === -1 ? samples.length : inside;
      if (outside > 1) samples.splice(0, outside - 1);
    }
    return series;
  }

  /** Forgets deployments that are no more. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#sources.keys()) if (!keys.has(key)) this.#sources.delete(key);
  }
}

function datedBack(series: AgedSeries, nowMs: number): StepSeries {
  return series.map(([ageMs, value]) => [nowMs - ageMs, value]);
}
