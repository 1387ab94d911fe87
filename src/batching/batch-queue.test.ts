import fc from "fast-check";
import { expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { type BatchItem, BatchQueue } from "./batch-queue.ts";

interface Item extends BatchItem {
  readonly id: number;
  readonly size: number;
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("add" as const), model: fc.nat(2), size: fc.integer({ min: 1, max: 4 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), which: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("goal" as const), size: fc.integer({ min: 1, max: 8 }) }) },
  ),
  { maxLength: 80 },
);
const settings = fc.record({
  maxSize: fc.integer({ min: 4, max: 8 }),
  maxConcurrent: fc.integer({ min: 1, max: 3 }),
  hasGoal: fc.boolean(),
  bySize: fc.boolean(),
});

it("runs every item that stays once, in its order and with its own model, within size, goal and places (B1 to B4)", async () => {
  await fc.assert(
    fc.asyncProperty(steps, settings, async (run, { maxSize, maxConcurrent, hasGoal, bySize }) => {
      const clock = new ManualClock();
      const ran: Item[] = [];
      const staying: Item[] = [];
      let goal = 2;
      const goalSize = (): number => (hasGoal ? Math.min(goal, maxSize) : Infinity);
      const sum = (items: readonly Item[]): number => items.reduce((total, { size }) => total + size, 0);
      const queue: BatchQueue<Item> = new BatchQueue<Item>(
        {
          bounds: () => ({ maxSize, goalSize: goalSize(), waitMs: 5 }),
          maxConcurrent,
          sizeOf: bySize ? sum : undefined,
          run: async ({ items }) => {
            expect(queue.running).toBeLessThanOrEqual(maxConcurrent);
            expect(bySize ? sum(items) : items.length).toBeLessThanOrEqual(maxSize);
            if (!bySize) expect(items.length).toBeLessThanOrEqual(Math.max(1, goalSize()));
            expect(new Set(items.map(({ modelId }) => modelId)).size).toBe(1);
            ran.push(...items);
            await clock.sleep(7);
          },
        },
        clock,
      );
      let ids = 0;
      for (const step of run) {
        if (step.do === "add") {
          const item = { id: ++ids, modelId: `m${step.model}`, size: step.size, arrivedMs: clock.monotonic() };
          expect(queue.add(item)).toBeUndefined();
          staying.push(item);
        } else if (step.do === "leave") {
          const item = staying[step.which % Math.max(1, staying.length)];
          if (item !== undefined && queue.remove(item)) staying.splice(staying.indexOf(item), 1);
        } else if (step.do === "goal") goal = step.size;
        else await clock.advance(step.ms);
      }
      await clock.advance(1000);
      expect(queue.length).toBe(0);
      for (const model of ["m0", "m1", "m2"]) {
        const ofModel = (items: readonly Item[]): number[] =>
          items.filter(({ modelId }) => modelId === model).map(({ id }) => id);
        expect(ofModel(ran)).toEqual(ofModel(staying));
      }
    }),
    { numRuns: 300 },
  );
});
