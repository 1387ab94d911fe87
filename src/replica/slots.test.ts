import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlotTable } from "./slots.ts";

describe("slots", () => {
  it("runs up to the limit, all callers together, and refuses the next (Q1)", () => {
    const slots = new SlotTable<string>(2);
    expect([slots.offer("a"), slots.offer("b"), slots.offer("a"), slots.offer("b")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(slots.ongoing).toBe(2);
  });

  it("owes each refused caller one FREE, in the order they were refused (R1)", () => {
    const slots = new SlotTable<string>(1);
    slots.offer("a");
    for (const caller of ["b", "c", "b", "a"]) slots.offer(caller);
    expect(slots.ended()).toEqual(["b"]);
    expect(slots.offer("b")).toBe(true);
    expect(slots.ended()).toEqual(["c"]);
    expect(slots.holdExpired("c")).toEqual(["a"]);
  });

  it("holds a freed slot for the caller it was told to (R2)", () => {
    const slots = new SlotTable<string>(1);
    slots.offer("a");
    slots.offer("b");
    slots.ended();
    expect(slots.offer("a")).toBe(false);
    expect(slots.offer("b")).toBe(true);
  });

  it("gives the held slot of a caller that left to the next one", () => {
    const slots = new SlotTable<string>(1);
    slots.offer("a");
    slots.offer("b");
    slots.offer("c");
    expect(slots.ended()).toEqual(["b"]);
    expect(slots.left("b")).toEqual(["c"]);
  });

  it("frees owed callers when the limit rises and lets running calls finish when it falls", () => {
    const slots = new SlotTable<string>(1);
    slots.offer("a");
    slots.offer("b");
    expect(slots.setLimit(3)).toEqual(["b"]);
    slots.offer("b");
    slots.setLimit(1);
    expect(slots.offer("c")).toBe(false);
    expect(slots.ended()).toEqual([]);
    expect(slots.ended()).toEqual(["c"]);
  });

  it("never runs more than the limit and never leaves an owed caller while there is room", () => {
    const callers = ["a", "b", "c"] as const;
    const step = fc.tuple(fc.constantFrom("offer", "ended", "expired", "left"), fc.constantFrom(...callers));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 200 }), (limit, steps) => {
        const slots = new SlotTable<string>(limit);
        const owed = new Set<string>();
        const held = new Set<string>();
        const grant = (granted: readonly string[]): void => {
          for (const caller of granted) {
            expect(owed.delete(caller)).toBe(true);
            held.add(caller);
          }
        };
        for (const [what, caller] of steps) {
          if (what === "offer") {
            if (slots.offer(caller)) held.delete(caller);
            else owed.add(caller);
          } else if (what === "ended") {
            if (slots.ongoing > 0) grant(slots.ended());
          } else if (what === "expired") {
            held.delete(caller);
            grant(slots.holdExpired(caller));
          } else {
            owed.delete(caller);
            held.delete(caller);
            grant(slots.left(caller));
          }
          expect(slots.ongoing + held.size).toBeLessThanOrEqual(limit);
          if (owed.size > 0) expect(slots.ongoing + held.size).toBe(limit);
        }
      }),
    );
  });
});
