import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PRIORITIES, type Priority } from "../config/priorities.ts";
import { PriorityQueue } from "./priority-queue.ts";

interface Call {
  readonly arrival: number;
  readonly priority: Priority;
}

const call = (arrival: number, priority: Priority): Call => ({ arrival, priority });
const takeAll = (queue: PriorityQueue<Call>): number[] => {
  const order: number[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) order.push(item.arrival);
  return order;
};

describe("PriorityQueue", () => {
  it("gives higher ones first, and the longest waiting of one priority (Q6)", () => {
    const queue = new PriorityQueue<Call>();
    for (const item of [call(1, "low"), call(2, "normal"), call(3, "high"), call(4, "normal"), call(5, "high")]) {
      queue.add(item);
    }
    expect(queue.length).toBe(5);
    expect(takeAll(queue)).toEqual([3, 5, 2, 4, 1]);
    expect(queue.length).toBe(0);
  });

  it.each<[Priority, Priority[], number | undefined]>([
    ["high", ["low", "normal", "low"], 2],
    ["high", ["normal", "normal"], 1],
    ["high", ["high"], undefined],
    ["normal", ["low", "normal"], 0],
    ["normal", ["normal", "high"], undefined],
    ["low", ["low"], undefined],
  ])("a full queue gives way to %s among %j (R2)", (priority, waiting, displaced) => {
    const queue = new PriorityQueue<Call>();
    waiting.forEach((one, arrival) => queue.add(call(arrival, one)));
    expect(queue.displace(priority)?.arrival).toBe(displaced);
    expect(queue.length).toBe(waiting.length - Number(displaced !== undefined));
  });

  it("keeps the order of arrival within each priority, whatever returns to its place", () => {
    const calls = fc.array(fc.constantFrom(...PRIORITIES), { maxLength: 40 });
    fc.assert(
      fc.property(calls, fc.array(fc.nat(39), { maxLength: 20 }), (priorities, returned) => {
        const queue = new PriorityQueue<Call>();
        const all = priorities.map((priority, arrival) => call(arrival, priority));
        for (const item of all) queue.add(item);
        for (const index of returned) {
          const item = all[index];
          if (item !== undefined && queue.remove(item)) queue.add(item); // rejected, and back
        }
        const rank = ({ priority }: Call): number => PRIORITIES.indexOf(priority);
        const expected = all
          .toSorted((a, b) => rank(a) - rank(b) || a.arrival - b.arrival)
          .map(({ arrival }) => arrival);
        expect(takeAll(queue)).toEqual(expected);
      }),
    );
  });
});
