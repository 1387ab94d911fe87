import { expect, it } from "vitest";
import { RetiredEpochs } from "./retired-epochs.ts";

it("knows the newest epoch that ended of each id", () => {
  const retired = new RetiredEpochs();
  retired.add("a", 2);
  retired.add("a", 1);
  expect([retired.newest("a"), retired.newest("b")]).toEqual([2, -1]);
});
