// Reads what the load generators print. Pure: text in, figures out; each form of failure becomes one line of `faults`.

/** What a load generator saw. */
export interface LoadResult {
  /** Answers per second. */
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly answers: number;
  /** Bytes read, headers included. */
  readonly bytes: number;
  /** What went wrong, for people; empty when every answer was good. */
  readonly faults: readonly string[];
}

/** The line that `wrk.lua` prints last. @throws {Error} there is none */
export function parseWrk(stdout: string): LoadResult {
  const line = /^report (\{.*\})$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`wrk printed no report:\n${stdout}`);
  const report = JSON.parse(line) as Record<string, number>;
  const value = (name: string): number => report[name] ?? Number.NaN;
  return {
    perSecond: (value("requests") * 1e6) / value("micros"),
    p50Ms: value("p50Micros") / 1000,
    p99Ms: value("p99Micros") / 1000,
    answers: value("requests"),
    bytes: value("bytes"),
    faults: faultsOf({
      "answers with an error status": value("badStatus"),
      "socket errors": value("socketErrors"),
      "time-outs": value("timeouts"),
      "wrong bodies": value("wrongBodies"),
    }),
  };
}

interface AutocannonReport {
  readonly duration: number;
  readonly "2xx": number;
  readonly non2xx: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly mismatches: number;
  readonly requests: { readonly total: number };
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly throughput: { readonly total: number };
}

/**
 * What `autocannon --json` prints. It counts latencies in whole milliseconds: with one connection the mean time from
 * answer to answer stands for the median.
 * @throws {Error} it is no JSON
 */
export function parseAutocannon(stdout: string, connections: number): LoadResult {
  const report = JSON.parse(stdout) as AutocannonReport;
  const perSecond = report["2xx"] / report.duration;
  return {
    perSecond,
    p50Ms: connections === 1 ? 1000 / perSecond : report.latency.p50,
    p99Ms: report.latency.p99,
    answers: report["2xx"],
    bytes: report.throughput.total,
    faults: faultsOf({
      "answers with an error status": report.non2xx,
      "socket errors": report.errors - report.timeouts,
      "time-outs": report.timeouts,
      "wrong bodies": report.mismatches,
    }),
  };
}

function faultsOf(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]));
}
