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
    { started: "by npm, takes what that passes on for the same", npm: "npx", within: 20, after: 200 },
    { started: "by nobody in between, takes each signal for one of its own", npm: "", within: undefined, after: 0 },
  ])("drains at the first signal, ends at once at the second, and, started $started (K6, R1)", async (given) => {
    vi.stubEnv("npm_lifecycle_event", given.npm);
    const exits: unknown[] = [];
    vi.spyOn(process, "exit").mockImplementation((code) => exits.push(code) as never);
    const clock = new ManualClock();
    const stopped: string[] = [];
    remove = onStopSignal((signal) => stopped.push(signal), false, clock);
    process.emit("SIGINT");
    if (given.within !== undefined) {
      await clock.advance(given.within);
      process.emit("SIGINT");
    }
    expect([stopped, exits]).toEqual([["SIGINT"], []]);
    await clock.advance(given.after);
    process.emit("SIGTERM");
    expect([stopped, exits]).toEqual([["SIGINT"], [143]]);
  });

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
