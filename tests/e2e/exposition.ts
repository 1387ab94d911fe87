// Reads Prometheus' text format 0.0.4, strictly: a line that is none is an error. And answers the queries of dashboards.
import type { Query } from "../fixtures/telemetry/dashboards.ts";

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  /** By name as Prometheus stores it: `x_total`, `x_bucket`, `x_sum`. */
  readonly series: ReadonlyMap<string, readonly Series[]>;
  readonly types: ReadonlyMap<string, string>;
}

const SAMPLE = /^(?<name>[A-Za-z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>[-+\w.]+)$/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

export function parseExposition(text: string): Exposition {
  const series = new Map<string, Series[]>();
  const types = new Map<string, string>();
  const seen = new Set<string>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const type = /^# TYPE ([\w:]+) (counter|gauge|histogram)$/.exec(line);
    if (type !== null) {
      const [, name = "", kind = ""] = type;
      if (types.has(name)) throw new Error(`two families ${name}`);
      types.set(name, kind);
    }
    if (line.startsWith("# HELP ") || type !== null) continue;
    const sample = SAMPLE.exec(line)?.groups;
    if (sample === undefined) throw new Error(`no line of the format: ${line}`);
    const { name = "", labels = "", value = "" } = sample;
    const parsed = { name, labels: parseLabels(labels, line), value: Number(value.replace("Inf", "Infinity")) };
    if (!types.has(name) && !types.has(name.replace(/_(?:bucket|sum|count)$/, ""))) throw new Error(`no type: ${line}`);
    const key = `${name}${JSON.stringify(Object.entries(parsed.labels).map(String).toSorted())}`;
    if (seen.has(key)) throw new Error(`twice: ${line}`);
    seen.add(key);
    series.set(name, [...(series.get(name) ?? []), parsed]);
  }
  return { series, types };
}

function parseLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const found = LABEL.exec(text);
    if (found === null) throw new Error(`labels that are none: ${line}`);
    labels[found[1] ?? ""] = (found[2] ?? "").replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c));
  }
  return labels;
}

/** The groups that a query gives, as values of its `by` labels. @param variables values of `$Name`; missing ones are "All" */
export function answer(page: Exposition, query: Query, variables: Readonly<Record<string, string>>): string[][] {
  const matches = ({ labels }: Series): boolean =>
    query.where.every(([label, operator, pattern]) => {
      const expanded = pattern.startsWith("$") ? (variables[pattern.slice(1)] ?? ".*") : pattern;
      return new RegExp(`^(?:${expanded})$`).test(labels[label] ?? "") === (operator === "=~");
    });
  const groups = (page.series.get(query.metric) ?? []).filter(matches);
  return groups.map(({ labels }) => query.by.map((label) => labels[label] ?? ""));
}
