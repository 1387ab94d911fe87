import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BatchBounds, type Placement, placeItem } from "./form-batches.ts";

const bounds = (given: Partial<BatchBounds> = {}): BatchBounds => ({
  maxSize: 3,
  goalSize: Infinity,
  waitMs: 10,
  ...given,
});
const join = (close?: "full" | "goal"): Placement => ({ kind: "join", close });
const sum = (items: readonly number[]): number => items.reduce((a, b) => a + b, 0);

describe("placeItem", () => {
  it.each<[string, number[], number, Partial<BatchBounds>, typeof sum | undefined, Placement]>([
    ["the first opens a batch (B1)", [], 1, {}, undefined, join()],
    ["the last one makes it full (B1)", [1, 1], 1, {}, undefined, join("full")],
    ["a batch of one is full at once", [], 1, { maxSize: 1 }, undefined, join("full")],
    ["the goal closes it earlier", [1], 1, { goalSize: 2 }, undefined, join("goal")],
    ["one that exceeds opens the next batch (B2)", [2], 2, {}, sum, { kind: "open next" }],
    ["one that fits exactly closes it (B2)", [2], 1, {}, sum, join("full")],
    ["one that is too large alone is refused (B2)", [], 4, {}, sum, { kind: "too large", size: 4 }],
    ["one that is too large does not hide behind others (B2)", [1], 4, {}, sum, { kind: "open next" }],
  ])("%s", (_what, open, item, given, sizeOf, placement) => {
    expect(placeItem(open, item, bounds(given), sizeOf)).toEqual(placement);
  });

  it("never lets a batch grow above its bounds, and loses no item", () => {
    const items = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 });
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 12 }), fc.boolean(), (values, maxSize, bySum) => {
        const sizeOf = bySum ? sum : undefined;
        const batches: number[][] = [];
        let open: number[] = [];
        let refused = 0;
        for (const value of values) {
          let placement = placeItem(open, value, bounds({ maxSize }), sizeOf);
          if (placement.kind === "open next") {
            batches.push(open);
            open = [];
            placement = placeItem(open, value, bounds({ maxSize }), sizeOf);
          }
          if (placement.kind === "too large") refused++;
          else open.push(value);
          if (placement.kind === "join" && placement.close !== undefined) {
            batches.push(open);
            open = [];
          }
        }
        batches.push(open);
        expect(batches.flat().length + refused).toBe(values.length);
        for (const batch of batches) expect(bySum ? sum(batch) : batch.length).toBeLessThanOrEqual(maxSize);
      }),
    );
  });
});
