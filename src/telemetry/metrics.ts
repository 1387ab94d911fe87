// Counters, gauges and histograms as plain numbers in memory; an observation is one addition. Nothing is exported from
// here: a snapshot is plain data, crosses to the head, and becomes text in exposition.ts.
//   R1  `labels()` gives the same series for the same values; hot paths keep what it gave.
//   R2  A label that is not named counts as "", which Prometheus treats as absent.
//   R3  A series lives until it is removed: whoever adds series for things that end removes them.
import { strict as assert } from "node:assert";
import type { BucketOverrides, BucketSet } from "./buckets.ts";

/** Values of a metric's labels by label name. */
export type Labels = Readonly<Record<string, string>>;

interface MetricBase<L extends string> {
  /** Ray Serve's name, without prefix and without `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
}
export interface CounterDefinition<L extends string = string> extends MetricBase<L> {
  readonly kind: "counter";
  /** Also exported without `_total`, for the one dashboard that asks for that (reference 3.3). */
  readonly hasBareTwin?: true;
}
export interface GaugeDefinition<L extends string = string> extends MetricBase<L> {
  readonly kind: "gauge";
}
export interface HistogramDefinition<L extends string = string> extends MetricBase<L> {
  readonly kind: "histogram";
  /** Upper bounds, ascending, without infinity. */
  readonly buckets: readonly number[];
  /** Named where the environment may put other bounds in the place of `buckets`. */
  readonly bucketSet?: BucketSet;
}
export type MetricDefinition = CounterDefinition | GaugeDefinition | HistogramDefinition;

/** One series of a counter. */
export class CounterSeries {
  value = 0;

  /** @param n >= 0 */
  inc(n = 1): void {
    this.value += n;
  }
}

/** One series of a gauge. */
export class GaugeSeries {
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  inc(n = 1): void {
    this.value += n;
  }

  dec(n = 1): void {
    this.value -= n;
  }
}

/** One series of a histogram. */
export class HistogramSeries {
  /** Observations by bucket, not cumulative; the last place is what lies above all bounds. */
  readonly counts: number[];
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** @param value in the unit of the buckets; a bound belongs to the bucket below it */
  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    (this.counts[bucket] as number)++;
    this.sum += value;
  }
}

/** A metric and its series by label values. */
export class Metric<L extends string, S> {
  readonly definition: MetricDefinition;
  readonly #create: () => S;
  readonly #series = new Map<string, { readonly labels: Labels; readonly series: S }>();

  constructor(definition: MetricDefinition, create: () => S) {
    this.definition = definition;
    this.#create = create;
  }

  /** The series of these label values, made when it is new (R1, R2). */
  labels(values: { readonly [K in L]?: string }): S {
    const key = this.#keyOf(values);
    let found = this.#series.get(key);
    if (found === undefined) {
      found = { labels: { ...(values as Labels) }, series: this.#create() };
      this.#series.set(key, found);
    }
    return found.series;
  }

  /** Forgets every series that has these values (R3); `{}` forgets all. */
  remove(values: { readonly [K in L]?: string }): void {
    const wanted = Object.entries(values as Labels);
    for (const [key, { labels }] of this.#series) {
      if (wanted.every(([name, value]) => labels[name] === value)) this.#series.delete(key);
    }
  }

  /** Forgets the series that `condition` holds for (R3). */
  removeWhere(condition: (labels: Labels) => boolean): void {
    for (const [key, { labels }] of this.#series) if (condition(labels)) this.#series.delete(key);
  }

  /** Series with their labels, in the order of creation. */
  entries(): IterableIterator<{ readonly labels: Labels; readonly series: S }> {
    return this.#series.values();
  }

  #keyOf(values: { readonly [K in L]?: string }): string {
    let key = "";
    for (const name of this.definition.labels) key += `${values[name as L] ?? ""}\u0000`;
    return key;
  }
}

export type Counter<L extends string = string> = Metric<L, CounterSeries>;
export type Gauge<L extends string = string> = Metric<L, GaugeSeries>;
export type Histogram<L extends string = string> = Metric<L, HistogramSeries>;

/** One series of a counter or gauge as data. */
export interface ValueSnapshot {
  readonly labels: Labels;
  readonly value: number;
}

/** One series of a histogram as data; `counts` as in `HistogramSeries`. */
export interface HistogramSnapshot {
  readonly labels: Labels;
  readonly counts: readonly number[];
  readonly sum: number;
}

export type SeriesSnapshot = ValueSnapshot | HistogramSnapshot;

/** One metric as data. */
export interface FamilySnapshot {
  readonly definition: MetricDefinition;
  readonly series: readonly SeriesSnapshot[];
}

/** All metrics of a process as plain data that crosses the wire. */
export type MetricSnapshot = readonly FamilySnapshot[];

/** The metrics of one process. */
export class MetricRegistry {
  readonly #metrics = new Map<string, Counter | Gauge | Histogram>();
  readonly #overrides: BucketOverrides;

  /** @param overrides bounds that take the place of whole sets */
  constructor(overrides: BucketOverrides = {}) {
    this.#overrides = overrides;
  }

  /** The counter of this definition; asking twice gives the same one. */
  counter<const L extends string>(definition: CounterDefinition<L>): Counter<L> {
    return this.#get(definition, () => new CounterSeries());
  }

  /** The gauge of this definition; asking twice gives the same one. */
  gauge<const L extends string>(definition: GaugeDefinition<L>): Gauge<L> {
    return this.#get(definition, () => new GaugeSeries());
  }

  /** The histogram of this definition; asking twice gives the same one. */
  histogram<const L extends string>(definition: HistogramDefinition<L>): Histogram<L> {
    const bounds = definition.bucketSet === undefined ? undefined : this.#overrides[definition.bucketSet];
    const own = bounds === undefined ? definition : { ...definition, buckets: bounds };
    return this.#get(own, () => new HistogramSeries(own.buckets));
  }

  /** All metrics that have series. The data does not change afterwards. */
  snapshot(): MetricSnapshot {
    const families: FamilySnapshot[] = [];
    for (const metric of this.#metrics.values()) {
      const series: SeriesSnapshot[] = [];
      for (const one of metric.entries()) series.push(snapshotSeries(one.labels, one.series));
      if (series.length > 0) families.push({ definition: metric.definition, series });
    }
    return families;
  }

  #get<L extends string, S extends CounterSeries | GaugeSeries | HistogramSeries>(
    definition: MetricDefinition,
    create: () => S,
  ): Metric<L, S> {
    const found = this.#metrics.get(definition.name);
    assert(found === undefined || found.definition.kind === definition.kind, `two kinds of metric ${definition.name}`);
    if (found !== undefined) return found as unknown as Metric<L, S>;
    const metric = new Metric<L, S>(definition, create);
    this.#metrics.set(definition.name, metric as unknown as Counter);
    return metric;
  }
}

function snapshotSeries(labels: Labels, series: CounterSeries | GaugeSeries | HistogramSeries): SeriesSnapshot {
  if (series instanceof HistogramSeries) return { labels, counts: [...series.counts], sum: series.sum };
  return { labels, value: series.value };
}
