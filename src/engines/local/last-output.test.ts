import { describe, expect, it } from "vitest";
import { choosePrinted, lastOutput } from "./last-output.ts";

describe("last output", () => {
  it("is the last lines that say something", () => {
    const printed = ["one", "two", "", "three", "four", "five", "six", "seven", "", "Node.js v24.11.1", ""];
    expect(choosePrinted(printed.join("\n"))).toEqual(["two", "three", "four", "five", "six", "seven"]);
  });

  it("shows of a stack what failed and its first frames, Node's own left out", () => {
    const frames = ["node:internal/timers:685:17", "a.ts:1:1", "b.ts:2:1", "c.ts:3:1", "d.ts:4:1", "e.ts:5:1"];
    const printed = ["loading", "Error: no weights", ...frames.map((place) => `    at f (${place})`)];
    const shown = [
      "loading",
      "Error: no weights",
      ...["a.ts:1:1", "b.ts:2:1", "c.ts:3:1"].map((p) => `    at f (${p})`),
    ];
    expect(choosePrinted(printed.join("\n"))).toEqual(shown);
  });

  it("shows what V8 said before its native stack", () => {
    const stack = Array.from({ length: 20 }, (_, i) => ` ${i + 1}: 0xe2bf40  [node]`);
    const printed = ["FATAL ERROR: heap out of memory", "----- Native stack trace -----", ...stack];
    expect(choosePrinted(printed.join("\n"))[0]).toBe("FATAL ERROR: heap out of memory");
  });

  it("is nothing where there is no file", () => {
    expect(lastOutput("/nowhere/replica.out")).toEqual([]);
  });
});
