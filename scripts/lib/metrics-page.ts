// Writes docs/reference/metrics.md from the table of src/telemetry/metric-names.ts.
import { METRICS } from "../../src/telemetry/metric-names.ts";
import type { MetricDefinition } from "../../src/telemetry/metrics.ts";

/** The whole page. */
export function generate(): string {
  const definitions: readonly MetricDefinition[] = Object.values(METRICS);
  const buckets = definitions.find((one) => one.kind === "histogram")?.buckets ?? [];
  return [
    "# Metrics",
    "`GET /metrics` on the admin port (8265) gathers the metrics of all processes in Prometheus' text format. Names, types, labels " +
      "and buckets are Ray Serve's, so dashboards made for it find their data. The prefix `ray_` is changed by " +
      "`MANTA_METRICS_PREFIX`. Generated from `src/telemetry/metric-names.ts` by `npm run docs:gen`.",
    "| metric | type | labels | what it counts |\n| --- | --- | --- | --- |\n" + definitions.map(row).join("\n"),
    `Histograms have the series \`_bucket\`, \`_sum\` and \`_count\`. Bounds of their buckets, milliseconds: ${buckets.join(", ")}.`,
  ].join("\n\n");
}

function row({ kind, name, labels, help }: MetricDefinition): string {
  const shown = `ray_${name}${kind === "counter" ? "_total" : ""}`;
  return `| \`${shown}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`;
}
