// Metrics of user code: `metrics.counter`, `gauge`, `histogram`. They are counted where the code runs and exported with
// the instance's own under `ray_<name>`, as Ray Serve's are.
//   R1  In a replica each series has the labels deployment, replica and application; elsewhere values are checked and dropped.
//   R2  A name means one thing in a process: the same kind, labels and buckets wherever it is made.
//   R3  Definitions and values are checked at the call; a wrong one throws and counts nothing.
import { ConfigError } from "../core/errors.ts";
import type { CounterSeries, GaugeSeries, HistogramSeries, MetricDefinition } from "../telemetry/metrics.ts";
import { currentRuntime } from "./globals.ts";
import type { Runtime } from "./runtime.ts";

/** What a metric is. */
export interface MetricOptions<L extends string = never> {
  /** Help text of the metric; "" unless given. */
  readonly description?: string;
  /** Names of the labels that each value is given with; none unless given. */
  readonly labels?: readonly L[];
}

/** What a histogram is. */
export interface HistogramOptions<L extends string = never> extends MetricOptions<L> {
  /** Upper bounds of the buckets, above 0 and strictly ascending; above the last there is one more. */
  readonly buckets: readonly number[];
}

/** A value, and the labels that the metric was made with. */
type Labelled<L extends string> = [L] extends [never]
  ? [value: number]
  : [value: number, labels: Readonly<Record<L, string>>];

/** A number that only grows. */
export interface Counter<L extends string = never> {
  /** Adds to the counter. @param args the value, at least 0, and the labels; without labels the value may be left out: 1 */
  inc(...args: [L] extends [never] ? [value?: number] : Labelled<L>): void;
}

/** A number that goes up and down. */
export interface Gauge<L extends string = never> {
  set(...args: Labelled<L>): void;
}

/** How values are distributed over buckets. */
export interface Histogram<L extends string = never> {
  observe(...args: Labelled<L>): void;
}

/** Makes metrics. */
export interface Metrics {
  /** @throws {ConfigError} a name or label that cannot be one, or a name that already means something else */
  counter<const L extends string = never>(name: string, options?: MetricOptions<L>): Counter<L>;
  /** @throws {ConfigError} as `counter` */
  gauge<const L extends string = never>(name: string, options?: MetricOptions<L>): Gauge<L>;
  /** @throws {ConfigError} as `counter`; buckets that do not ascend */
  histogram<const L extends string = never>(name: string, options: HistogramOptions<L>): Histogram<L>;
}

type Labels = Readonly<Record<string, string>>;
type Series = CounterSeries | GaugeSeries | HistogramSeries;
type Kind = MetricDefinition["kind"];

/** Labels that the replica adds. */
const OWN_LABELS = ["deployment", "replica", "application"] as const;
const NAME = /^[A-Za-z_:][A-Za-z0-9_:]*$/;
const LABEL = /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/;

/** What each name was made as, in this process (R2). */
const made = new Map<string, string>();

/** One metric and its series in each replica that runs here. */
class UserMetric {
  readonly #path: string;
  readonly #definition: MetricDefinition;
  readonly #labels: readonly string[];
  readonly #series = new WeakMap<Runtime, Map<string, Series>>();

  constructor(kind: Kind, name: string, { description = "", labels = [], ...options }: MetricOptions<string>) {
    this.#path = `metrics.${kind}(${JSON.stringify(name)})`;
    this.#labels = labels;
    const common = { name, help: description, labels: [...labels, ...OWN_LABELS] };
    const { buckets = [] } = options as Partial<HistogramOptions>;
    this.#definition = kind === "histogram" ? { kind, ...common, buckets } : { kind, ...common };
    checkDefinition(this.#path, kind, name, labels, buckets);
    const meaning = JSON.stringify([kind, labels, buckets]);
    const before = made.get(name) ?? meaning;
    if (before !== meaning) {
      const expected = `what the name means already: [kind, labels, buckets] ${before}`;
      throw new ConfigError({ path: this.#path, received: meaning, expected });
    }
    made.set(name, meaning);
  }

  /** Where a value goes; undefined: nowhere (R1). @throws {ConfigError} R3 */
  at(value: number, labels: Labels | undefined, least = -Infinity): Series | undefined {
    if (typeof value !== "number" || Number.isNaN(value) || value < least) {
      const expected = least === 0 ? "a number that is not negative" : "a number";
      throw new ConfigError({ path: `${this.#path}: value`, received: String(value), expected });
    }
    let key = "";
    for (const name of this.#labels) {
      const given: unknown = labels?.[name];
      if (typeof given !== "string") throw this.#wrongLabels(labels);
      key += `${given}\u0000`;
    }
    const runtime = currentRuntime();
    let series = this.#series.get(runtime);
    if (series === undefined) this.#series.set(runtime, (series = new Map<string, Series>()));
    let found = series.get(key);
    if (found === undefined) {
      if (Object.keys(labels ?? {}).length !== this.#labels.length) throw this.#wrongLabels(labels);
      found = this.#open(runtime, labels ?? {});
      if (found !== undefined) series.set(key, found);
    }
    return found;
  }

  #open({ metrics, replica }: Runtime, given: Labels): Series | undefined {
    if (metrics === undefined || replica === undefined) return undefined;
    const { deployment, replicaId, application } = replica;
    const labels = { ...given, deployment, replica: replicaId, application };
    const definition = this.#definition;
    switch (definition.kind) {
      case "counter":
        return metrics.counter(definition).labels(labels);
      case "gauge":
        return metrics.gauge(definition).labels(labels);
      case "histogram":
        return metrics.histogram(definition).labels(labels);
    }
  }

  #wrongLabels(labels: Labels | undefined): ConfigError {
    const expected = this.#labels.length === 0 ? "no labels" : `a text for each of ${this.#labels.join(", ")}`;
    return new ConfigError({ path: `${this.#path}: labels`, received: JSON.stringify(labels ?? null), expected });
  }
}

function checkDefinition(
  path: string,
  kind: Kind,
  name: string,
  labels: readonly string[],
  buckets: readonly number[],
): void {
  const refuse = (at: string, received: unknown, expected: string): never => {
    throw new ConfigError({ path: `${path}${at}`, received: JSON.stringify(received) ?? String(received), expected });
  };
  if (typeof name !== "string" || !NAME.test(name)) {
    refuse(": name", name, 'letters, digits, "_" and ":", not beginning with a digit');
  }
  if (name.startsWith("serve_"))
    refuse(": name", name, 'a name that does not begin with "serve_": those are Manta\'s own');
  const reserved: readonly string[] = kind === "histogram" ? [...OWN_LABELS, "le"] : OWN_LABELS;
  for (const label of labels) {
    if (typeof label !== "string" || !LABEL.test(label)) {
      refuse(".labels", label, 'letters, digits and "_", not beginning with a digit or "__"');
    }
    if (reserved.includes(label))
      refuse(".labels", label, `a label other than ${reserved.join(", ")}, which are added`);
  }
  if (new Set(labels).size !== labels.length) refuse(".labels", labels, "each label once");
  if (kind !== "histogram") return;
  const ascend = buckets.every((bound, i) => Number.isFinite(bound) && bound > (buckets[i - 1] ?? 0));
  if (buckets.length === 0 || !ascend) refuse(".buckets", buckets, "numbers above 0, strictly ascending");
}

/**
 * Metrics of user code: make them once, at module level or in a constructor, and record values in methods. In a replica
 * its deployment, id and application are added as labels; `/metrics` shows them as `ray_<name>`, counters with `_total`.
 */
export const metrics: Metrics = {
  counter(name, options = {}) {
    const metric = new UserMetric("counter", name, options);
    return {
      inc: (value = 1, labels?: Labels) => (metric.at(value, labels, 0) as CounterSeries | undefined)?.inc(value),
    };
  },
  gauge(name, options = {}) {
    const metric = new UserMetric("gauge", name, options);
    return { set: (value, labels?: Labels) => (metric.at(value, labels) as GaugeSeries | undefined)?.set(value) };
  },
  histogram(name, options = { buckets: [] }) {
    const metric = new UserMetric("histogram", name, options);
    return {
      observe: (value, labels?: Labels) => (metric.at(value, labels) as HistogramSeries | undefined)?.observe(value),
    };
  },
};
