// Which items go into one batch, and when a batch is closed. Pure: items and times in, verdicts out.
//   B1  A batch closes when it is full, or when its wait, counted from its first item, is over.
//   B2  With a size function items join while its value stays at most `maxSize`; the item that would exceed it opens the
//       next batch. An item that exceeds it alone is refused.
//   B3  A batch holds items of one model id.

/** Why a batch was closed. */
export type CloseReason = "full" | "timer" | "size function" | "goal" | "shutdown";

/** What bounds one batch; a batch keeps the bounds that it was opened with, but for those of a goal. */
export interface BatchBounds {
  /** Most items, or the highest value of the size function. */
  readonly maxSize: number;
  /** Most items that keep the goal; no more than `maxSize` without a size function. Infinity: no goal. */
  readonly goalSize: number;
  /** Longest wait after the first item, milliseconds; 0: until the end of the turn. */
  readonly waitMs: number;
}

/** Value of the user's size function for a list of items; without one their number. */
export type SizeOf<I> = (items: readonly I[]) => number;

/** What to do with a new item and the batch that is open for its model. */
export type Placement =
  /** It joins; `close` says why the batch is full with it, undefined: it stays open. By its goal it may start. */
  | { readonly kind: "join"; readonly close: CloseReason | undefined }
  /** The open batch is closed, and the item opens the next one. */
  | { readonly kind: "open next" }
  /** It is too large for any batch. */
  | { readonly kind: "too large"; readonly size: number };

/** Places an item (B1, B2). @param open items of the open batch; empty: the item opens one */
export function placeItem<I>(
  open: readonly I[],
  item: I,
  bounds: BatchBounds,
  sizeOf: SizeOf<I> | undefined,
): Placement {
  const count = open.length + 1;
  if (sizeOf !== undefined) {
    const size = sizeOf([...open, item]);
    if (size > bounds.maxSize) {
      if (open.length > 0) return { kind: "open next" };
      return { kind: "too large", size };
    }
    if (size === bounds.maxSize) return { kind: "join", close: "full" };
  }
  if (count >= bounds.goalSize) return { kind: "join", close: "goal" };
  const isFull = sizeOf === undefined && count >= bounds.maxSize;
  return { kind: "join", close: isFull ? "full" : undefined };
}
