// Writes docs/reference/metrics.md from the tables of src/telemetry/ and of absent-metrics.ts.
import { BATCHING_METRICS } from "../../src/telemetry/batching-metrics.ts";
import {
  BATCH_SIZE_BUCKETS,
  BATCH_UTILIZATION_BUCKETS,
  type BucketSet,
  EVENT_LOOP_BUCKETS_MS,
  REQUEST_LATENCY_BUCKETS_MS,
  STARTUP_BUCKETS_MS,
} from "../../src/telemetry/buckets.ts";
import { CONTROL_METRICS } from "../../src/telemetry/control-metrics.ts";
import { exportedName } from "../../src/telemetry/exposition.ts";
import type { MetricDefinition } from "../../src/telemetry/metrics.ts";
import { REQUEST_METRICS } from "../../src/telemetry/request-metrics.ts";
import { ABSENT_METRICS } from "./absent-metrics.ts";

const INTRODUCTION = `
# Metrics

\`GET /metrics\` on the admin port (8265) gathers the metrics of all processes in Prometheus' text format. Names, types, labels and buckets are Ray Serve's, so dashboards made for it find their data; a test asks for what its two bundled dashboards ask for. How to scrape it and how to add metrics of your own: the guide [observe](../guides/observe.md). Generated from \`src/telemetry/\` by \`npm run docs:gen\`.

- A process that does not answer within a second is left out of that page. With a process its series are gone. Gauges of what has ended are not shown again; counts and histograms that other processes keep of a deleted application or deployment are shown once more, then dropped.
- The prefix \`ray_\` is changed by \`MANTA_METRICS_PREFIX\`, which may be empty. \`MANTA_METRICS=0\` in the environment of the head keeps proxies and replicas from counting; what the head knows by itself stays.
- \`ray_serve_deployment_request_counter\`, a gauge without \`_total\`, repeats the counter of that name: the list of routes of Ray's deployment dashboard asks for it.
- The label \`route\` is the application's route prefix, \`""\` for requests that found none and \`/-/healthz\` or \`/-/routes\` for those: what clients send adds no series.
- \`handle\` and \`actor_id\` are the id of the calling process: a proxy's, or the replica's whose code holds the handle. Handles in a driver are not gathered.

## Labels of every series

| label         | value                                        |
| ------------- | -------------------------------------------- |
| \`Component\`   | \`controller\` (the head), \`proxy\`, \`replica\` |
| \`NodeAddress\` | address of the node                          |
| \`SessionName\` | namespace of the instance                    |
| \`Version\`     | version of Manta                             |

Of the labels that Ray's node agent adds, \`WorkerId\` and \`JobId\` have no counterpart. \`ray_io_cluster\` comes from the scrape configuration, as with Ray; its dashboards match a missing one.`;

const BUCKETS = `
## Buckets

| set | bounds                                                                                                                   | changed by                                               |
| --- | ------------------------------------------------------------------------------------------------------------------------ | -------------------------------------------------------- |
| L   | ${REQUEST_LATENCY_BUCKETS_MS.join(" ")} | \`RAY_SERVE_REQUEST_LATENCY_BUCKETS_MS\`                   |
| D   | as L                                                                                                                     |                                                          |
| M   | as L | \`RAY_SERVE_MODEL_LOAD_LATENCY_BUCKETS_MS\` |
| S   | ${STARTUP_BUCKETS_MS.join(" ")}                                        | \`RAY_SERVE_REPLICA_STARTUP_SHUTDOWN_LATENCY_BUCKETS_MS\` |
| E   | ${EVENT_LOOP_BUCKETS_MS.join(" ")}                                                                          |                                                          |
| U   | ${BATCH_UTILIZATION_BUCKETS.join(" ")} | \`RAY_SERVE_BATCH_UTILIZATION_BUCKETS_PERCENT\` |
| B   | ${BATCH_SIZE_BUCKETS.join(" ")} | \`RAY_SERVE_BATCH_SIZE_BUCKETS\` |

Milliseconds; U in per cent, B in items. A histogram has the series \`_bucket\`, \`_sum\` and \`_count\`; sums are exact. The variables hold positive numbers, strictly ascending, separated by commas, and are read from the environment in which the head was started; anything else keeps the instance from starting.`;

/** Letters of the sets that the environment may replace. */
const SETS: Readonly<Record<BucketSet, string>> = {
  request: "L",
  startup: "S",
  modelLoad: "M",
  batchUtilization: "U",
  batchSize: "B",
};

/** The whole page. */
export function generate(): string {
  return [
    INTRODUCTION.trim(),
    "## Requests",
    table(REQUEST_METRICS),
    "## Control plane and processes",
    table(CONTROL_METRICS),
    "## Batches and multiplexed models",
    table(BATCHING_METRICS),
    BUCKETS.trim(),
    "## Metrics of Ray Serve that are not here",
    "| metric | why |\n| --- | --- |\n" + Object.entries(ABSENT_METRICS).map(absentRow).join("\n"),
  ].join("\n\n");
}

function table(definitions: Readonly<Record<string, MetricDefinition>>): string {
  const head = "| metric | type | labels | what it counts |\n| --- | --- | --- | --- |\n";
  return head + Object.values(definitions).map(row).join("\n");
}

function row(definition: MetricDefinition): string {
  const { kind, labels, help } = definition;
  const type = kind === "histogram" ? `histogram ${setOf(definition)}` : kind;
  return `| \`${exportedName(definition)}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`;
}

function setOf({ buckets, bucketSet }: Extract<MetricDefinition, { kind: "histogram" }>): string {
  if (bucketSet !== undefined) return SETS[bucketSet];
  return buckets.length === EVENT_LOOP_BUCKETS_MS.length ? "E" : "D";
}

function absentRow([why, names]: readonly [string, readonly string[]]): string {
  return `| ${names.map((name) => `\`${name}\``).join(", ")} | ${why} |`;
}
