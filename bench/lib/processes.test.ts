import { describe, expect, it } from "vitest";
import { parsePs, programName, treeOf } from "./processes.ts";

const output = `    1     0 20404 /sbin/init
  100     1  1000 node dist/cli/main.js run app.ts
  200   100  2000 /usr/bin/node /x/dist/head/main.js
  300   200  3000 /usr/bin/node --conditions=a /x/src/proxy/main.ts p1 1
  999     1  4000 node /y/dist/proxy/main.js
`;

describe("processes", () => {
  it("finds a process and all below it, with their memory in megabytes", () => {
    const tree = treeOf(100, parsePs(output));
    expect(tree.map(({ pid, residentMb }) => [pid, residentMb])).toEqual([
      [100, 1.024],
      [200, 2.048],
      [300, 3.072],
    ]);
    expect(tree.map(({ command }) => programName(command))).toEqual(["cli", "head", "proxy"]);
  });

  it("finds nothing for a process that is gone", () => {
    expect(treeOf(4711, parsePs(output))).toEqual([]);
  });
});
