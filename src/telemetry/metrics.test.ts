import { describe, expect, it } from "vitest";
import { formatExposition } from "./exposition.ts";
import { mergeSnapshots } from "./merge-snapshots.ts";
import { REQUEST_LATENCY_BUCKETS_MS } from "./buckets.ts";
import { METRICS } from "./metric-names.ts";
import { MetricRegistry, type HistogramDefinition } from "./metrics.ts";

const latency = {
  kind: "histogram",
  name: "latency_ms",
  help: "h",
  labels: ["route"],
  buckets: [1, 2.5, 10],
} as const satisfies HistogramDefinition;

describe("MetricRegistry", () => {
  it("gives the same series for the same labels, in whatever order they are written (R1)", () => {
    const requests = new MetricRegistry().counter(METRICS.handleRequests);
    const series = requests.labels({ deployment: "D", handle: "h", route: "/", application: "a" });
    expect(requests.labels({ application: "a", route: "/", handle: "h", deployment: "D" })).toBe(series);
    expect(requests.labels({ application: "a", route: "/", handle: "h", deployment: "E" })).not.toBe(series);
  });

  it("gives the same metric for the same definition", () => {
    const registry = new MetricRegistry();
    registry.gauge(METRICS.replicaHealthy).labels({ replica: "r" }).set(1);
    registry.gauge(METRICS.replicaHealthy).labels({ replica: "r" }).inc(2);
    expect(registry.snapshot()).toEqual([
      { definition: METRICS.replicaHealthy, series: [{ labels: { replica: "r" }, value: 3 }] },
    ]);
  });

  it("puts a value that equals a bound below it", () => {
    const registry = new MetricRegistry();
    const series = registry.histogram(latency).labels({ route: "/" });
    for (const value of [0, 1, 1.5, 2.5, 10, 11]) series.observe(value);
    expect(series.counts).toEqual([2, 2, 1, 1]);
    expect(series.sum).toBe(26);
  });

  it("takes snapshots that do not change and that cross as plain data", () => {
    const registry = new MetricRegistry();
    const series = registry.histogram(latency).labels({ route: "/" });
    series.observe(1);
    const snapshot = registry.snapshot();
    series.observe(1);
    expect(snapshot[0]?.series).toEqual([{ labels: { route: "/" }, counts: [1, 0, 0, 0], sum: 1 }]);
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  });

  it("forgets the series that have the given labels (R3)", () => {
    const registry = new MetricRegistry();
    const healthy = registry.gauge(METRICS.replicaHealthy);
    healthy.labels({ application: "a", deployment: "D", replica: "1" }).set(1);
    healthy.labels({ application: "a", deployment: "D", replica: "2" }).set(1);
    healthy.labels({ application: "b", deployment: "D", replica: "3" }).set(1);
    healthy.remove({ application: "a" });
    expect(registry.snapshot()[0]?.series.map((one) => one.labels["replica"])).toEqual(["3"]);
    healthy.remove({});
    expect(registry.snapshot()).toEqual([]);
  });

  it("refuses one name for two kinds", () => {
    const registry = new MetricRegistry();
    registry.histogram(latency);
    expect(() => registry.counter({ ...latency, kind: "counter" })).toThrow("two kinds of metric latency_ms");
  });
});

describe("mergeSnapshots", () => {
  const snapshot = (value: number, route = "/") => {
    const registry = new MetricRegistry();
    registry.counter(METRICS.httpRequests).labels({ route }).inc(value);
    registry.histogram(latency).labels({ route }).observe(value);
    return registry.snapshot();
  };

  it("adds up equal series and keeps others apart (R1)", () => {
    const merged = mergeSnapshots([
      { snapshot: snapshot(1) },
      { snapshot: snapshot(2) },
      { snapshot: snapshot(4, "/b") },
    ]);
    expect(merged[0]?.series).toEqual([
      { labels: { route: "/" }, value: 3 },
      { labels: { route: "/b" }, value: 4 },
    ]);
    expect(merged[1]?.series[0]).toEqual({ labels: { route: "/" }, counts: [1, 1, 0, 0], sum: 3 });
  });

  it("adds the labels of a process, but not over a series' own", () => {
    const labels = { node_id: "n1", route: "no" };
    expect(mergeSnapshots([{ snapshot: snapshot(1), labels }])[0]?.series).toEqual([
      { labels: { node_id: "n1", route: "/" }, value: 1 },
    ]);
  });

  it("leaves out what another version of Manta means by the name (R2)", () => {
    const other = new MetricRegistry();
    other
      .histogram({ ...latency, buckets: [7] })
      .labels({ route: "/" })
      .observe(1);
    other
      .gauge({ ...METRICS.httpRequests, kind: "gauge" })
      .labels({ route: "/" })
      .set(9);
    expect(mergeSnapshots([{ snapshot: snapshot(1) }, { snapshot: other.snapshot() }])).toEqual(snapshot(1));
  });
});

describe("formatExposition", () => {
  it("writes a family's head once, counters with _total, histograms cumulative", () => {
    const registry = new MetricRegistry();
    registry.counter(METRICS.httpRequests).labels({ route: "/", method: "GET" }).inc(2);
    registry.counter(METRICS.httpRequests).labels({ route: "/b", method: "GET" }).inc();
    const series = registry.histogram(latency).labels({ route: "/" });
    for (const value of [1, 2.25, 99]) series.observe(value);
    registry.gauge(METRICS.ongoingHttpRequests).labels({}).set(-1);
    expect(formatExposition(registry.snapshot())).toBe(
      [
        `# HELP ray_serve_num_http_requests_total ${METRICS.httpRequests.help}`,
        "# TYPE ray_serve_num_http_requests_total counter",
        'ray_serve_num_http_requests_total{route="/",method="GET"} 2',
        'ray_serve_num_http_requests_total{route="/b",method="GET"} 1',
        "# HELP ray_latency_ms h",
        "# TYPE ray_latency_ms histogram",
        'ray_latency_ms_bucket{route="/",le="1.0"} 1',
        'ray_latency_ms_bucket{route="/",le="2.5"} 2',
        'ray_latency_ms_bucket{route="/",le="10.0"} 2',
        'ray_latency_ms_bucket{route="/",le="+Inf"} 3',
        'ray_latency_ms_sum{route="/"} 102.25',
        'ray_latency_ms_count{route="/"} 3',
        `# HELP ray_serve_num_ongoing_http_requests ${METRICS.ongoingHttpRequests.help}`,
        "# TYPE ray_serve_num_ongoing_http_requests gauge",
        "ray_serve_num_ongoing_http_requests -1",
        "",
      ].join("\n"),
    );
  });

  it("escapes labels and help, doubles no _total, and takes another prefix", () => {
    const registry = new MetricRegistry();
    registry
      .counter({ kind: "counter", name: "x_total", help: "a\\b\nc", labels: ["l"] })
      .labels({ l: 'a"b\\c\nd' })
      .inc();
    expect(formatExposition(registry.snapshot(), "")).toBe(
      '# HELP x_total a\\\\b\\nc\n# TYPE x_total counter\nx_total{l="a\\"b\\\\c\\nd"} 1\n',
    );
  });

  it("writes numbers that are none as Prometheus does", () => {
    const registry = new MetricRegistry();
    const gauge = registry.gauge({ kind: "gauge", name: "g", help: "", labels: ["l"] });
    [NaN, Infinity, -Infinity].forEach((value, i) => gauge.labels({ l: String(i) }).set(value));
    const values = formatExposition(registry.snapshot()).match(/(?<=} ).*/g);
    expect(values).toEqual(["NaN", "+Inf", "-Inf"]);
  });
});

describe("METRICS", () => {
  it("have each name once, and Ray's latency buckets (reference 3.2, set L)", () => {
    const names = Object.values(METRICS).map((one) => one.name);
    expect(new Set(names).size).toBe(names.length);
    expect(REQUEST_LATENCY_BUCKETS_MS.join(" ")).toBe(
      "1 2 5 10 20 50 100 200 300 400 500 1000 2000 5000 10000 60000 120000 300000 600000",
    );
  });
});
