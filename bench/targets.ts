// What the benchmark measures and what it must reach: one line per row of the printed table.
//   R1  A target is a bound on the ratio to the bare server of the same run, or on Manta's own figure where it says so.
//   R2  An anchor was measured once, elsewhere in time (2 cores of the same kind): shown for orientation, never judged.

/** `T1`..., as on the design page about performance; `M1` compares Manta with itself. */
export type CaseId = "T1" | "T2" | "T3" | "T4" | "T5" | "T6" | "T7" | "T8" | "T9" | "T10" | "T11" | "B1" | "M1";

/** How a figure is written. */
export type Unit = "req/s" | "chunks/s" | "calls/s" | "ms" | "MB" | "KB";

/** A bound that a row has to keep. */
export interface Target {
  /** What is bounded: Manta's figure divided by the bare server's, or Manta's figure. */
  readonly of: "ratio" | "figure";
  readonly bound: "at least" | "at most";
  readonly limit: number;
}

/** A figure of another system, measured in another run (R2). */
export interface Anchor {
  readonly system: string;
  readonly figure: number;
}

/** One row of the table. */
export interface RowInfo {
  readonly case: CaseId;
  readonly work: string;
  readonly unit: Unit;
  /** Absent: shown without being judged. */
  readonly target?: Target;
  readonly anchors?: readonly Anchor[];
}

const ratio = (bound: Target["bound"], limit: number): Target => ({ of: "ratio", bound, limit });
const figure = (bound: Target["bound"], limit: number): Target => ({ of: "figure", bound, limit });
const anchors = (figures: Readonly<Record<string, number>>): readonly Anchor[] =>
  Object.entries(figures).map(([system, value]) => ({ system, figure: value }));

/** Every row, in the order of the table. */
export const rows = {
  "hello.rate": {
    case: "T1",
    work: "hello, c=64",
    unit: "req/s",
    target: ratio("at least", 0.6),
    anchors: anchors({ "Ray best": 4821, "Ray default": 447 }),
  },
  "hello.p99": { case: "T1", work: "hello, c=64, p99", unit: "ms", anchors: anchors({ "Ray best": 42 }) },
  "hello.defaultLimit": { case: "T1", work: "hello, c=64, default limit of 5", unit: "req/s" },
  "hello.p50": {
    case: "T2",
    work: "hello, c=1, p50",
    unit: "ms",
    target: ratio("at most", 2.6),
    anchors: anchors({ "Ray best": 0.38, "Ray default": 3.6 }),
  },
  "echo.bytes": {
    case: "T3",
    work: "ingress -> echo, 10 KB POST, c=64",
    unit: "req/s",
    target: ratio("at least", 0.35),
    anchors: anchors({ "Ray best": 1253, "Ray default": 163 }),
  },
  "echo.json": { case: "T3", work: "the same, body parsed and written as JSON", unit: "req/s" },
  "stream.c1": {
    case: "T4",
    work: "stream of 1,000 chunks, c=1",
    unit: "chunks/s",
    target: figure("at least", 500_000),
    anchors: anchors({ "Ray best": 131_000, "Ray default": 43_000 }),
  },
  "stream.c16": {
    case: "T4",
    work: "stream of 1,000 chunks, c=16",
    unit: "chunks/s",
    target: figure("at least", 500_000),
    anchors: anchors({ "Ray best": 113_000, "Ray default": 50_000 }),
  },
  "stream.firstByte": {
    case: "T4",
    work: "stream, first byte, c=1, p50",
    unit: "ms",
    target: figure("at most", 1.5),
  },
  "calls.p50": { case: "T5", work: "handle call, c=1, p50", unit: "ms", target: figure("at most", 0.15) },
  "calls.rate": { case: "T5", work: "handle call, c=64", unit: "calls/s", target: figure("at least", 60_000) },
  "hops.fan": { case: "T6", work: "fan-out 10, per added call", unit: "ms", target: figure("at most", 0.15) },
  "hops.chain": { case: "T6", work: "chain of 10, per added hop", unit: "ms", target: figure("at most", 0.15) },
  "start.second": {
    case: "T7",
    work: "command to first 200",
    unit: "ms",
    target: figure("at most", 350),
    anchors: anchors({ "Ray default": 15_400 }),
  },
  "start.first": { case: "T7", work: "the same, nothing compiled before", unit: "ms" },
  "memory.rest": {
    case: "T8",
    work: "memory at rest, all processes",
    unit: "MB",
    target: ratio("at most", 4.8),
    anchors: anchors({ "Ray default": 2480 }),
  },
  "memory.replica": { case: "T8", work: "memory of a further replica", unit: "MB", target: ratio("at most", 1.25) },
  "overload.once": { case: "T9", work: "offered as much as the peak, against the peak instead of bare", unit: "req/s" },
  "overload.twice": { case: "T9", work: "offered 2x the peak, three priorities", unit: "req/s" },
  "overload.thrice": {
    case: "T9",
    work: "offered 3x the peak, three priorities",
    unit: "req/s",
    target: ratio("at least", 0.9),
  },
  "overload.high": { case: "T9", work: "the same, high priority, p99", unit: "ms" },
  "overload.refusal": {
    case: "T9",
    work: "the same, time to refuse, p50",
    unit: "ms",
    target: figure("at most", 5),
  },
  "idle.client": {
    case: "T10",
    work: "10,000 idle event streams, memory of each",
    unit: "KB",
    target: figure("at most", 25),
  },
  "soak.heap": {
    case: "T11",
    work: "soak at half load, heap in use, last quarter against the second instead of bare",
    unit: "MB",
    target: ratio("at most", 1.05),
  },
  "soak.resident": { case: "T11", work: "the same, resident memory", unit: "MB", target: ratio("at most", 1.05) },
  "soak.p99": { case: "T11", work: "the same, p99", unit: "ms", target: ratio("at most", 1.25) },
  "batch.fixed": { case: "B1", work: "digits, c=64, fixed batches, against none instead of bare", unit: "req/s" },
  "batch.goal": { case: "B1", work: "digits, c=64, batches with a goal of 50 ms", unit: "req/s" },
  "batch.fixedP95": { case: "B1", work: "digits at 1,000 req/s, fixed batches, p95", unit: "ms" },
  "batch.goalP95": {
    case: "B1",
    work: "digits at 1,000 req/s, batches with a goal of 50 ms, p95",
    unit: "ms",
    target: figure("at most", 50),
  },
  "metrics.rate": { case: "M1", work: "hello, c=64, against MANTA_METRICS=0 instead of bare", unit: "req/s" },
} as const satisfies Readonly<Record<string, RowInfo>>;

/** Name of a row. */
export type RowId = keyof typeof rows;

/** A row by its name, with its optional fields. */
export function rowInfo(id: RowId): RowInfo {
  return rows[id];
}

/** The cases in order, and what each is about. */
export const caseTitles: Readonly<Record<CaseId, string>> = {
  T1: "hello, 64 connections",
  T2: "hello, one connection",
  T3: "ingress -> echo, 10 KB POST",
  T4: "stream of 1,000 small chunks",
  T5: "handle calls from replica to replica",
  T6: "fan-out of 10, chain of 10",
  T7: "command to first answer",
  T8: "memory at rest",
  T9: "overload: more than can be served, at a fixed rate",
  T10: "idle event streams",
  T11: "soak: ten minutes at half load (only when named)",
  B1: "batching: none, fixed, with a goal",
  M1: "what metrics cost",
};

/** What is measured when no case is named: T11 alone takes longer than all others together. */
export const usualCases: readonly CaseId[] = (Object.keys(caseTitles) as CaseId[]).filter((id) => id !== "T11");
