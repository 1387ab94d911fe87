import { expect, it } from "vitest";
import { RetiredEpochs } from "./retired-epochs.ts";

it("knows the newest epoch that ended of each id, of the newest ten thousand", () => {
  const retired = new RetiredEpochs();
  retired.add("a", 2);
  retired.add("a", 1);
  expect([retired.newest("a"), retired.newest("b")]).toEqual([2, -1]);
  for (let i = 0; i < 9_999; i++) retired.add(`process-${i}`, 1);
  expect(retired.newest("a")).toBe(2);
  retired.add("last", 1);
  expect([retired.newest("a"), retired.newest("process-0"), retired.newest("last")]).toEqual([-1, 1, 1]);
});
