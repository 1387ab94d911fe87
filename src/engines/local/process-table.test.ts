import { describe, expect, it } from "vitest";
import { parsePs, parseStat } from "./process-table.ts";

const stat = (name: string, state: string): string =>
  `4711 (${name}) ${state} 1 4711 4711 0 -1 4194304 121 0 0 0 250 5 0 0 20 0 1 0 133110 3133440 412`;

describe("process table", () => {
  it("reads the start time and state of a Linux process, whatever its name holds", () => {
    expect(parseStat(stat("no) R (de", "S"))).toEqual({ startTime: "133110", stopped: false, cpuMs: 2_550 });
    expect(parseStat(stat("node", "T"))).toEqual({ startTime: "133110", stopped: true, cpuMs: 2_550 });
  });

  it("takes zombies and what is gone for dead", () => {
    expect(parseStat(stat("node", "Z"))).toBeUndefined();
    expect(parseStat("")).toBeUndefined();
  });

  it("reads the lines of ps", () => {
    const output =
      "  12 Ss      00:01:02 Sat Nov 21 15:07:31 2026\n 345 T     0:03.25 Sat Nov 21 15:07:32 2026\n 346 Z     0:00.00 Sat Nov 21 15:07:32 2026\n";
    expect([...parsePs(output)]).toEqual([
      [12, { startTime: "Sat Nov 21 15:07:31 2026", stopped: false, cpuMs: 62_000 }],
      [345, { startTime: "Sat Nov 21 15:07:32 2026", stopped: true, cpuMs: 3_250 }],
    ]);
  });
});
