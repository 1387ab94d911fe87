import { describe, expect, it } from "vitest";
import { formatHistory, formatTime } from "./history-lines.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 12, 0, 0, 500);

describe("formatHistory", () => {
  it("says how long ago and when, who, what and why, each in one line", () => {
    const entries = [
      {
        timeMs: NOW_MS - 1500,
        application: "shop",
        deployment: "Model",
        replicaId: "aaaa",
        event: "replica.exit",
        reason: "it died\n  at the start",
      },
      { timeMs: NOW_MS - 90_000, application: "shop", deployment: "", replicaId: "", event: "a.b", reason: "named" },
    ];
    expect(formatHistory(entries, NOW_MS, 0)).toEqual([
      "WHEN       AT            WHO              WHAT          WHY",
      "1 s ago    11:59:59.000  shop/Model aaaa  replica.exit  it died | at the start",
      "1 min ago  11:58:30.500  shop             a.b           named",
    ]);
  });
});

describe("formatTime", () => {
  it("is local, and has the date of another day", () => {
    expect(formatTime(NOW_MS, NOW_MS, -60)).toBe("13:00:00.500");
    expect(formatTime(NOW_MS - 13 * 3_600_000, NOW_MS, 0)).toBe("2026-11-20 23:00:00.500");
  });
});
