// The printed table. Pure: summaries in, text out.
import type { Target } from "../targets.ts";
import { range } from "./stats.ts";
import { type RowSummary, timesBetter } from "./summary.ts";

const header = ["case", "work", "bare", "Manta", "(range)", "ratio", "target", "", "anchors: other runs, other days"];

/** One line per row under a header. */
export function formatTable(rows: readonly RowSummary[]): string {
  const cells = [header, ...rows.map(rowCells)];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [lines[0], widths.map((width) => "-".repeat(width)).join("  "), ...lines.slice(1)].join("\n");
}

function rowCells(row: RowSummary): string[] {
  const { info, bare, manta, ratio, met, samples } = row;
  const [lowest, highest] = range(samples.manta);
  return [
    info.case,
    info.work,
    bare === undefined ? "" : formatFigure(bare),
    `${formatFigure(manta)} ${info.unit}`,
    samples.manta.length > 1 ? `${formatFigure(lowest)}-${formatFigure(highest)}` : "",
    ratio === undefined ? "" : `${ratio.toFixed(2)} x`,
    info.target === undefined ? "" : formatTarget(info.target),
    met === undefined ? "" : met ? "met" : "MISSED",
    (info.anchors ?? [])
      .map((anchor) => `${timesBetter(row, anchor).toFixed(1)} x ${anchor.system} (${formatFigure(anchor.figure)})`)
      .join(", "),
  ];
}

function formatTarget({ of, bound, limit }: Target): string {
  return `${bound === "at least" ? ">=" : "<="} ${of === "ratio" ? `${limit.toFixed(2)} x` : formatFigure(limit)}`;
}

/** Whole numbers above 1,000, else three digits that mean something. */
export function formatFigure(figure: number): string {
  if (!Number.isFinite(figure)) return "?";
  if (Math.abs(figure) >= 1000) return Math.round(figure).toLocaleString("en");
  return figure.toFixed(Math.abs(figure) >= 100 ? 0 : Math.abs(figure) >= 10 ? 1 : 3);
}
