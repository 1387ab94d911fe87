import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallQueue } from "./call-queue.ts";

describe("the caller's queue", () => {
  it("gives back what waits longest", () => {
    const queue = new CallQueue<{ arrival: number }>();
    for (const arrival of [1, 2, 3]) queue.add({ arrival });
    expect([queue.take()?.arrival, queue.take()?.arrival, queue.take()?.arrival, queue.take()]).toEqual([
      1,
      2,
      3,
      undefined,
    ]);
  });

  it("puts a rejected call back to its place by arrival (P1)", () => {
    const queue = new CallQueue<{ arrival: number }>();
    const [first, second] = [{ arrival: 1 }, { arrival: 2 }];
    queue.add(first);
    queue.add(second);
    queue.add({ arrival: 3 });
    queue.take();
    queue.take();
    queue.add(second);
    queue.add(first);
    expect([queue.take(), queue.take(), queue.take()?.arrival]).toEqual([first, second, 3]);
  });

  it("keeps order and count whatever comes, returns and leaves", () => {
    const step = fc.constantFrom("add", "take", "last", "even", "return", "leave");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const queue = new CallQueue<{ arrival: number }>();
        let model: { arrival: number }[] = [];
        const taken: { arrival: number }[] = [];
        let arrivals = 0;
        for (const what of steps) {
          if (what === "add") {
            const item = { arrival: ++arrivals };
            queue.add(item);
            model.push(item);
          } else if (what === "take") {
            const item = queue.take();
            expect(item).toBe(model.shift());
            if (item !== undefined) taken.push(item);
          } else if (what === "last") {
            expect(queue.takeLast()).toBe(model.pop());
          } else if (what === "even") {
            const isEven = ({ arrival }: { arrival: number }): boolean => arrival % 2 === 0;
            const item = model.find(isEven);
            expect(queue.takeFirst(isEven)).toBe(item);
            model = model.filter((each) => each !== item);
          } else if (what === "return") {
            const item = taken.pop();
            if (item === undefined) continue;
            queue.add(item);
            model = [...model, item].sort((a, b) => a.arrival - b.arrival);
          } else {
            const item = model[Math.floor(model.length / 2)];
            if (item === undefined) continue;
            expect(queue.remove(item)).toBe(true);
            expect(queue.remove(item)).toBe(false);
            model = model.filter((each) => each !== item);
          }
          expect(queue.length).toBe(model.length);
          expect([...queue]).toEqual(model);
        }
        for (const item of model) expect(queue.take()).toBe(item);
      }),
    );
  });

  it("stays quick when thousands wait", () => {
    const queue = new CallQueue<{ arrival: number }>();
    for (let arrival = 0; arrival < 50_000; arrival++) queue.add({ arrival });
    for (let arrival = 0; arrival < 50_000; arrival++) expect(queue.take()?.arrival === arrival).toBe(true);
    expect(queue.length).toBe(0);
  });

  it("stays quick when thousands leave at once, or come and leave while the first one waits", () => {
    const queue = new CallQueue<{ arrival: number }>();
    const items = Array.from({ length: 30_000 }, (_, arrival) => ({ arrival }));
    for (const item of items) queue.add(item);
    const startMs = performance.now();
    for (const item of items.slice(1)) queue.remove(item);
    for (let arrival = 30_000; arrival < 60_000; arrival++) {
      const item = { arrival };
      queue.add(item);
      queue.remove(item);
    }
    expect(performance.now() - startMs).toBeLessThan(1000); // 3 s when each one that leaves moves the others
    expect([queue.length, queue.take()]).toEqual([1, items[0]]);
  });
});
