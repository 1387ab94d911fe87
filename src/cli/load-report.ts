// What `manta bench` says of a run. Pure.
import type { LoadPlan, LoadResult } from "./http-load.ts";
import { formatTable } from "./table.ts";

/** From this part of the time on, the figures say more of the client than of the server. Chosen. */
const BUSY_LIMIT = 0.85;

/** The figures, for programs. */
export interface LoadFigures {
  readonly url: string;
  readonly connections: number;
  readonly durationS: number;
  readonly requests: number;
  readonly requestsPerS: number;
  readonly bodyBytesPerS: number;
  /** Milliseconds. */
  readonly latencyMs: Readonly<Record<"mean" | "p50" | "p90" | "p99" | "max", number>>;
  readonly statuses: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  /** 0 to 1. */
  readonly clientBusy: number;
}

export function figuresOf({ url, connections }: LoadPlan, result: LoadResult): LoadFigures {
  const { latencies, elapsedMs, clientBusy } = result;
  const perS = (count: number): number => round(elapsedMs === 0 ? 0 : (count * 1000) / elapsedMs);
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((q) => round(latencies.quantileMs(q)));
  return {
    url: url.href,
    connections,
    durationS: round(elapsedMs / 1000),
    requests: latencies.count,
    requestsPerS: perS(latencies.count),
    bodyBytesPerS: perS(result.bodyBytes),
    latencyMs: { mean: round(latencies.meanMs), p50: p50!, p90: p90!, p99: p99!, max: round(latencies.maxMs) },
    statuses: Object.fromEntries([...result.statuses].toSorted(([a], [b]) => a - b)),
    errors: Object.fromEntries(result.errors),
    clientBusy: round(clientBusy),
  };
}

/** The same for a person. */
export function formatFigures(figures: LoadFigures): string {
  const { latencyMs, statuses, errors, clientBusy } = figures;
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, count]) => `${count} x ${name}`)
      .join(", ") || "none";
  const names = ["mean", "p50", "p90", "p99", "max"] as const;
  return [
    `${figures.requests} requests in ${figures.durationS} s over ${figures.connections} connections: ${figures.requestsPerS} requests/s, ${formatBytes(figures.bodyBytesPerS)}/s`,
    "",
    ...formatTable(["LATENCY", ...names], [["ms", ...names.map((name) => String(latencyMs[name]))]]),
    "",
    `answers  ${counts(statuses)}`,
    `errors   ${counts(errors)}`,
    ...(clientBusy < BUSY_LIMIT
      ? []
      : [
          "",
          `This client computed ${Math.round(clientBusy * 100)} % of the time: the server may be faster than it can ask.`,
        ]),
  ].join("\n");
}

/** True when something else than success came back. */
export function hasFailures({ statuses, errors, requests }: LoadFigures): boolean {
  return (
    requests === 0 || Object.keys(errors).length > 0 || Object.keys(statuses).some((status) => Number(status) >= 400)
  );
}

function formatBytes(count: number): string {
  if (count < 1024) return `${Math.round(count)} B`;
  return count < 1 << 20 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / (1 << 20)).toFixed(1)} MiB`;
}

/** Three significant digits and whole numbers above. */
function round(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
