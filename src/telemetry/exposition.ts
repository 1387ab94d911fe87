// Prometheus text format 0.0.4 from a snapshot. Pure. Names are Ray Serve's: prefix + name, counters with `_total`
// (reference 3.1), bounds of buckets as floats as Ray's exporter writes them.
//   R1  A counter with a bare twin is written twice, the second time as a gauge without `_total`: a dashboard's list of
//       routes asks for that name (reference 3.3), and no other family may have the counter's own.
import type { FamilySnapshot, HistogramSnapshot, Labels, MetricDefinition, MetricSnapshot } from "./metrics.ts";

/** Content type of the page. */
export const EXPOSITION_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** @param prefix first part of each name; `ray_` as in Ray unless `MANTA_METRICS_PREFIX` says otherwise */
export function formatExposition(snapshot: MetricSnapshot, prefix = "ray_"): string {
  return snapshot.map((family) => formatFamily(family, prefix)).join("");
}

function formatFamily(family: FamilySnapshot, prefix: string): string {
  const { definition } = family;
  const text = formatAs(exportedName(definition, prefix), family);
  if (definition.kind !== "counter" || definition.hasBareTwin !== true) return text;
  const { name, help, labels } = definition;
  return text + formatAs(`${prefix}${name}`, { ...family, definition: { kind: "gauge", name, help, labels } }); // R1
}

/** The name that Prometheus sees. @param prefix as for `formatExposition` */
export function exportedName({ kind, name }: MetricDefinition, prefix = "ray_"): string {
  return `${prefix}${name}${kind === "counter" && !name.endsWith("_total") ? "_total" : ""}`;
}

function formatAs(name: string, { definition, series }: FamilySnapshot): string {
  let text = `# HELP ${name} ${escapeHelp(definition.help)}\n# TYPE ${name} ${definition.kind}\n`;
  for (const one of series) {
    if ("value" in one) text += `${name}${formatLabels(one.labels)} ${formatNumber(one.value)}\n`;
    else if (definition.kind === "histogram") text += formatHistogram(name, definition.buckets, one);
  }
  return text;
}

function formatHistogram(name: string, bounds: readonly number[], series: HistogramSnapshot): string {
  let text = "";
  let total = 0;
  series.counts.forEach((count, i) => {
    total += count;
    const bound = bounds[i];
    const le = bound === undefined ? "+Inf" : Number.isInteger(bound) ? `${bound}.0` : String(bound);
    text += `${name}_bucket${formatLabels({ ...series.labels, le })} ${total}\n`;
  });
  const labels = formatLabels(series.labels);
  return `${text}${name}_sum${labels} ${formatNumber(series.sum)}\n${name}_count${labels} ${total}\n`;
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function formatNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function escapeValue(value: string): string {
  return value.replace(/[\\"\n]/g, (c) => (c === "\n" ? "\\n" : `\\${c}`));
}

function escapeHelp(help: string): string {
  return help.replace(/[\\\n]/g, (c) => (c === "\n" ? "\\n" : "\\\\"));
}
