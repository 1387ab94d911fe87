import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallTable } from "./call-table.ts";

describe("the table of open calls", () => {
  it("holds what a Map would hold, whatever comes and goes", () => {
    const id = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(129, 257, 65_537, 0xffff_ffff, 0x8000_0001));
    const step = fc.tuple(fc.constantFrom("set", "delete"), id);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const table = new CallTable<string>();
        const model = new Map<number, string>();
        for (const [index, [what, key]] of steps.entries()) {
          if (what === "set") {
            table.set(key, `${key}/${index}`);
            model.set(key, `${key}/${index}`);
          } else {
            table.delete(key);
            model.delete(key);
          }
          expect(table.size).toBe(model.size);
          expect(table.get(key)).toBe(model.get(key));
        }
        expect(new Set(table.values())).toEqual(new Set(model.values()));
        for (const [key, value] of model) expect(table.get(key)).toBe(value);
      }),
    );
  });

  it("grows with calls that stay open, and finds each of them", () => {
    const table = new CallTable<number>();
    for (let id = 1; id <= 5000; id++) table.set(id * 3, id);
    for (let id = 1; id <= 5000; id += 2) table.delete(id * 3);
    expect(table.size).toBe(2500);
    for (let id = 1; id <= 5000; id++) expect(table.get(id * 3)).toBe(id % 2 === 0 ? id : undefined);
    table.clear();
    expect([table.size, table.values()]).toEqual([0, []]);
  });
});
