// What a simulation shows: a table by minute, and a chart.
import { percentile } from "./percentile.ts";
import type { SimulationOptions, SimulationResult, Second } from "./scaling-simulation.ts";
import { svgChart } from "./svg-chart.ts";

const MINUTE = 60;

/** One minute of a simulation. */
export interface MinuteRow {
  readonly minute: number;
  /** Requests per second, mean. */
  readonly load: number;
  /** Replicas that the load would need if it stayed. */
  readonly needed: number;
  /** At its end. */
  readonly target: number;
  readonly ready: number;
  /** At most. */
  readonly queued: number;
  /** Seconds; 0 when nobody asked. */
  readonly p50: number;
  readonly p95: number;
}

export function minutesOf({ seconds }: SimulationResult, options: SimulationOptions): readonly MinuteRow[] {
  const rows: MinuteRow[] = [];
  for (let from = 0; from < seconds.length; from += MINUTE) {
    const part = seconds.slice(from, from + MINUTE);
    const last = part.at(-1);
    if (last === undefined) break;
    const load = part.reduce((sum, one) => sum + one.load, 0) / part.length;
    const latencies = part.flatMap(({ latenciesS }) => latenciesS);
    const { target, ready } = last;
    const queued = Math.max(...part.map((one) => one.queued));
    const [p50, p95] = [latencyOf(latencies, 0.5), latencyOf(latencies, 0.95)];
    rows.push({ minute: from / MINUTE + 1, load, needed: neededFor(load, options), target, ready, queued, p50, p95 });
  }
  return rows;
}

/** As lines of text, for a terminal and for Markdown. */
export function tableOf(rows: readonly MinuteRow[]): string {
  const head = ["minute", "requests/s", "needed", "target", "ready", "queued", "p50 s", "p95 s"];
  const cells = rows.map(({ minute, load, needed, target, ready, queued, p50, p95 }) =>
    [minute, load.toFixed(1), needed.toFixed(1), target, ready, queued, p50.toFixed(2), p95.toFixed(2)].map(String),
  );
  const widths = head.map((name, column) => Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => `${"-".repeat(width - 1)}:`).join(" | ")} |`, ...cells.map(line)].join(
    "\n",
  );
}

/** Replicas above, latency below, every five seconds. */
export function chartOf(title: string, { seconds }: SimulationResult, options: SimulationOptions): string {
  const groups = Array.from({ length: Math.ceil(seconds.length / 5) }, (_, i) => seconds.slice(i * 5, i * 5 + 5));
  const of = (value: (second: Second) => number): number[] =>
    groups.map((group) => (group[0] === undefined ? 0 : value(group[0])));
  const p95 = groups.map((group) =>
    latencyOf(
      group.flatMap(({ latenciesS }) => latenciesS),
      0.95,
    ),
  );
  return svgChart({
    title,
    minutesPerValue: 5 / MINUTE,
    panels: [
      {
        title: "replicas",
        series: [
          { name: "needed", colour: "#8a8a8a", style: "area", values: of(({ load }) => neededFor(load, options)) },
          { name: "target", colour: "#c2410c", style: "dashed", values: of(({ target }) => target) },
          { name: "ready", colour: "#1d4ed8", style: "step", values: of(({ ready }) => ready) },
        ],
      },
      {
        title: "latency, 95 of 100 requests, seconds",
        series: [{ name: "p95", colour: "#15803d", style: "line", values: p95 }],
      },
    ],
  });
}

function neededFor(load: number, { serviceS, autoscaling }: SimulationOptions): number {
  return (load * serviceS) / autoscaling.targetOngoingRequests;
}

/** 0 when nobody asked. */
function latencyOf(latenciesS: readonly number[], share: number): number {
  return latenciesS.length === 0 ? 0 : percentile(latenciesS, share);
}
