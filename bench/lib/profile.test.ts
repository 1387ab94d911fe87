import { expect, it } from "vitest";
import { formatProfile, selfTimes } from "./profile.ts";

const node = (id: number, functionName: string, url = "", lineNumber = -1) => ({
  id,
  callFrame: { functionName, url, lineNumber },
});

const profile = {
  nodes: [
    node(1, "(root)"),
    node(2, "(idle)"),
    node(3, "write", "file:///x/src/transport/frames.ts", 41),
    node(4, "write", "file:///x/src/transport/frames.ts", 41),
    node(5, "", "node:net", 9),
  ],
  samples: [1, 2, 3, 4, 5],
  timeDeltas: [500, 90_000, 2000, 1000, 1000],
};

it("adds up a function's own time over all its callers and leaves out waiting", () => {
  expect(selfTimes(profile)).toEqual([
    { name: "write transport/frames.ts:42", ms: 3 },
    { name: "(anonymous) node:net:10", ms: 1 },
  ]);
});

it("shows shares of the busy time", () => {
  expect(formatProfile("proxy", profile)).toBe(
    "proxy: busy 4 ms\n   75.0 %  write transport/frames.ts:42\n   25.0 %  (anonymous) node:net:10",
  );
});
