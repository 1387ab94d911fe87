import { describe, expect, it } from "vitest";
import { seededRandom } from "../core/random.ts";
import { afterArrival, afterRun, type GoalMemory, NOTHING_LEARNED, planBatch, runTime } from "./goal.ts";

/** A memory that has seen batches of these sizes run for `time(size)`, and items every `gapMs`. */
function learned(
  time: (size: number) => number,
  gapMs: number,
  sizes: readonly number[] = [1, 2, 4, 8, 16, 32],
): GoalMemory {
  let memory = NOTHING_LEARNED;
  for (let round = 0; round < 20; round++) for (const size of sizes) memory = afterRun(memory, size, time(size));
  for (let i = 0; i < 200; i++) memory = afterArrival(memory, i * gapMs);
  return memory;
}

describe("the model of run times (R1)", () => {
  it("finds the line", () => {
    const memory = learned((size) => 10 + 2 * size, 1);
    expect(runTime(memory, 5)).toBeCloseTo(20);
    expect(runTime(memory, 64)).toBeCloseTo(138);
  });

  it("follows a change", () => {
    let memory = learned(() => 10, 1);
    for (let i = 0; i < 400; i++) memory = afterRun(memory, 1 + (i % 8), 50);
    expect(runTime(memory, 4)).toBeCloseTo(50, 0);
  });

  it("forgets soon how far off it was while it followed a change", () => {
    let memory = learned((size) => 5 + size, 1);
    for (let i = 0; i < 150; i++) memory = afterRun(memory, 1 + (i % 8), 5 * (5 + 1 + (i % 8)));
    expect(memory.factor).toBeLessThan(1.3);
  });

  it("learns the 95th percentile of what varies", () => {
    const random = seededRandom(7);
    let memory = NOTHING_LEARNED;
    for (let i = 0; i < 5000; i++) memory = afterRun(memory, 4, 10 * (1 + random.next()));
    // Uniform between 10 and 20: the mean is 15, the percentile 19.5.
    expect(memory.factor * runTime(memory, 4)).toBeGreaterThan(18.5);
    expect(memory.factor * runTime(memory, 4)).toBeLessThan(21);
  });
});

describe("planBatch", () => {
  const steep = (size: number): number => 10 + size;

  it("waits for nothing and grows carefully while nothing is known (R4)", () => {
    expect(planBatch(NOTHING_LEARNED, 100, 64, 1)).toMatchObject({ size: 1, waitMs: 0 });
    expect(planBatch(afterRun(NOTHING_LEARNED, 2, 5), 100, 64, 1)).toMatchObject({ size: 4, waitMs: 0 });
  });

  it("keeps batches so small that one may be waited for (R2)", () => {
    const { size } = planBatch(learned(steep, 0.5), 100, 64, 1);
    const memory = learned(steep, 0.5);
    expect(2 * memory.factor * runTime(memory, size)).toBeLessThanOrEqual(100);
    expect(size).toBeGreaterThan(8);
  });

  it("waits where larger batches are cheaper and items come fast (R3)", () => {
    const plan = planBatch(
      learned((size) => 4 + 0.1 * size, 2),
      50,
      64,
      1,
    );
    expect(plan.waitMs).toBeGreaterThan(5);
    expect(plan.waitMs).toBeLessThan(50);
  });

  it.each<[string, (size: number) => number, number, RegExp]>([
    ["items come slowly", steep, 1000, /so slowly/],
    ["a larger batch is no cheaper", (size) => 5 * size, 6, /not cheaper/],
  ])("does not wait when %s (R3)", (_what, time, gapMs, reason) => {
    const plan = planBatch(learned(time, gapMs), 200, 64, 1);
    expect(plan.waitMs).toBe(0);
    expect(plan.reason).toMatch(reason);
  });

  it.each<[string, (size: number) => number, number]>([
    ["as large as can be where that is cheaper an item", () => 80, 64],
    ["no larger than one where it is not", (size) => 80 * size, 1],
  ])("says so when one item alone misses the goal, and makes batches %s (R5)", (_what, time, size) => {
    const plan = planBatch(learned(time, 10), 50, 64, 1);
    expect(plan).toMatchObject({ size, waitMs: 0 });
    expect(plan.reason).toMatch(/one item alone takes \d+ ms/);
  });

  it("uses up the goal for items that wait already, and when it is lost does what gets through the most (R2, R5)", () => {
    const memory = learned(steep, 0.5, [1, 8, 32, 128]);
    const sizes = [0, 60, 200].map((waiting) => planBatch(memory, 60, 512, 1, waiting).size);
    const [calm, some, lost] = sizes as [number, number, number];
    expect(memory.factor * runTime(memory, calm)).toBeLessThan(30);
    expect(memory.factor * runTime(memory, some)).toBeGreaterThan(40);
    expect(memory.factor * runTime(memory, some)).toBeLessThan(60);
    expect(lost).toBe(256); // twice what has run: it grows from there
  });
});
