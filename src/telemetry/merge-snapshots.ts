// Brings the metrics of several processes together as one snapshot. Pure.
//   R1  Series with equal labels are added up, gauges too: each process tells its own share.
//   R2  Where two processes disagree on a metric's kind or buckets (two versions of Manta at work), the first one holds
//       and the other's series are left out.
import type { FamilySnapshot, Labels, MetricDefinition, MetricSnapshot, SeriesSnapshot } from "./metrics.ts";

/** The metrics of one process, and labels that each of its series gets unless it has them. */
export interface SnapshotPart {
  readonly snapshot: MetricSnapshot;
  readonly labels?: Labels;
}

/** One snapshot of several; families in the order in which they are first met. */
export function mergeSnapshots(parts: readonly SnapshotPart[]): MetricSnapshot {
  const families = new Map<string, { definition: MetricDefinition; series: Map<string, SeriesSnapshot> }>();
  for (const part of parts) {
    for (const family of part.snapshot) {
      const { definition } = family;
      const merged = families.get(definition.name) ?? { definition, series: new Map<string, SeriesSnapshot>() };
      families.set(definition.name, merged);
      if (!sameShape(merged.definition, definition)) continue; // R2
      for (const one of family.series) {
        const series = part.labels === undefined ? one : { ...one, labels: withCommon(one.labels, part.labels) };
        const key = keyOf(series.labels);
        const present = merged.series.get(key);
        merged.series.set(key, present === undefined ? series : add(present, series)); // R1
      }
    }
  }
  return Array.from(families.values(), ({ definition, series }): FamilySnapshot => ({
    definition,
    series: [...series.values()],
  }));
}

/** A series' own labels come first, and hold. */
function withCommon(own: Labels, common: Labels): Labels {
  const labels: Record<string, string> = { ...own };
  for (const [name, value] of Object.entries(common)) labels[name] ??= value;
  return labels;
}

function add(a: SeriesSnapshot, b: SeriesSnapshot): SeriesSnapshot {
  if ("value" in a) return "value" in b ? { labels: a.labels, value: a.value + b.value } : a;
  if ("value" in b) return a;
  return { labels: a.labels, counts: a.counts.map((count, i) => count + (b.counts[i] ?? 0)), sum: a.sum + b.sum };
}

function sameShape(a: MetricDefinition, b: MetricDefinition): boolean {
  if (a.kind !== "histogram" || b.kind !== "histogram") return a.kind === b.kind;
  return a.buckets.length === b.buckets.length && a.buckets.every((bound, i) => bound === b.buckets[i]);
}

function keyOf(labels: Labels): string {
  return Object.entries(labels)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}\u0000${value}`)
    .sort()
    .join("\u0000\u0000");
}
