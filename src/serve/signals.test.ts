import { afterEach, describe, expect, it, vi } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { onStopSignal } from "./signals.ts";

let remove = (): void => undefined;
afterEach(() => {
  remove();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe("onStopSignal", () => {
  it.each([
    { started: "by npm", npm: "npx", within: 50, after: 60 },
    { started: "by nobody in between", npm: "", within: 1, after: 20 },
  ])(
    "started $started, drains at the first signal, skips its echo, ends at once at the second (K6, R1)",
    async (given) => {
      vi.stubEnv("npm_lifecycle_event", given.npm);
      const exits: unknown[] = [];
      vi.spyOn(process, "exit").mockImplementation((code) => exits.push(code) as never);
      const clock = new ManualClock();
      const stopped: string[] = [];
      remove = onStopSignal((signal) => stopped.push(signal), false, clock);
      process.emit("SIGINT");
      await clock.advance(given.within);
      process.emit("SIGINT");
      expect([stopped, exits]).toEqual([["SIGINT"], []]);
      await clock.advance(given.after);
      process.emit("SIGTERM");
      expect([stopped, exits]).toEqual([["SIGINT"], [143]]);
    },
  );

  it("leaves a signal alone for which the process has a handler", () => {
    const own = vi.fn<() => void>();
    process.on("SIGTERM", own);
    const stop = vi.fn<() => void>();
    remove = onStopSignal(stop, true, new ManualClock());
    process.emit("SIGTERM");
    process.off("SIGTERM", own);
    expect([own.mock.calls.length, stop.mock.calls.length]).toEqual([1, 0]);
  });
});
