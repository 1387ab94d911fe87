import { describe, expect, it } from "vitest";
import { decideRestart, QUICK_MS } from "./decide-restart.ts";

const fresh = { deaths: 0, quickDeaths: 0 };
const exit = (
  code: number | null,
  signal: string | null = null,
  message = "",
): Parameters<typeof decideRestart>[0] => ({ code, signal, message });

describe("decideRestart", () => {
  it("ends with an orderly head, and with one that found its namespace taken (R1)", () => {
    expect(decideRestart(exit(0), 60_000, fresh)).toMatchObject({ kind: "end", orderly: true });
    expect(decideRestart(exit(73, null, "held by 4711"), 60, { deaths: 3, quickDeaths: 1 })).toMatchObject({
      kind: "end",
      orderly: false,
      reason: "held by 4711",
    });
  });

  it("ends with a head that was told twice to end (K6)", () => {
    expect(decideRestart(exit(143), 60_000, fresh)).toMatchObject({ kind: "end", orderly: false });
  });

  it("ends when the first head cannot start, and tries again when a later one cannot (R1)", () => {
    expect(decideRestart(exit(78, null, "port 8265 is taken"), 60, fresh)).toEqual({
      kind: "end",
      orderly: false,
      reason: "port 8265 is taken",
    });
    expect(decideRestart(exit(78), 60, { deaths: 1, quickDeaths: 0 })).toMatchObject({ kind: "restart" });
  });

  it("takes a first head that crashed for a crash, however long it lived (R1)", () => {
    expect(decideRestart(exit(1), 60, fresh)).toMatchObject({ kind: "restart" });
  });

  it("answers a crash at once, and quick deaths later and later, up to 5 s (R2)", () => {
    const delays: number[] = [];
    let record = fresh;
    for (let i = 0; i < 12; i++) {
      const decision = decideRestart(exit(null, "SIGKILL"), 10, record);
      if (decision.kind !== "restart") throw new Error("ended");
      delays.push(decision.delayMs);
      record = { ...decision.record };
    }
    expect(delays.slice(0, 5)).toEqual([0, 100, 200, 400, 800]);
    expect(delays.at(-1)).toBe(5000);
    expect(decideRestart(exit(null, "SIGKILL"), QUICK_MS, record)).toMatchObject({ delayMs: 0 });
  });
});
