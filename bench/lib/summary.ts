// From measurements to judged rows. Pure.
import { type Anchor, rowInfo, type RowId, type RowInfo, type Target } from "../targets.ts";
import type { Measurement } from "./bench.ts";
import { median } from "./stats.ts";

/** A row with its medians. */
export interface RowSummary {
  readonly row: RowId;
  readonly info: RowInfo;
  readonly bare: number | undefined;
  readonly manta: number;
  /** Manta's median divided by the bare server's. */
  readonly ratio: number | undefined;
  /** Undefined where there is no target. */
  readonly met: boolean | undefined;
  /** Every round. */
  readonly samples: { readonly bare: readonly number[] | undefined; readonly manta: readonly number[] };
}

/** Medians, ratio and verdict of one row. */
export function summarise({ row, bare, manta }: Measurement): RowSummary {
  const info = rowInfo(row);
  const medians = { bare: bare === undefined ? undefined : median(bare), manta: median(manta) };
  const ratio = medians.bare === undefined ? undefined : medians.manta / medians.bare;
  const met = info.target === undefined ? undefined : isMet(info.target, medians.manta, ratio);
  return { row, info, ...medians, ratio, met, samples: { bare, manta } };
}

function isMet({ of, bound, limit }: Target, figure: number, ratio: number | undefined): boolean {
  const judged = of === "ratio" ? ratio : figure;
  if (judged === undefined) return false;
  return bound === "at least" ? judged >= limit : judged <= limit;
}

/** How many times better than an anchor a figure is: more where more is better, less where less is. */
export function timesBetter({ info, manta }: RowSummary, anchor: Anchor): number {
  return info.unit.endsWith("/s") ? manta / anchor.figure : anchor.figure / manta;
}
