import { afterEach, describe, expect, it, vi } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { onStopSignal } from "./signals.ts";

let remove = (): void => undefined;
afterEach(() => {
  remove();
  vi.restoreAllMocks();
});

describe("onStopSignal", () => {
  it("drains at the first signal, takes what npm passes on for the same, and ends at once at the second (K6, R1)", async () => {
    const exits: unknown[] = [];
    vi.spyOn(process, "exit").mockImplementation((code) => exits.push(code) as never);
    const clock = new ManualClock();
    const stopped: string[] = [];
    remove = onStopSignal((signal) => stopped.push(signal), false, clock);
    process.emit("SIGINT");
    await clock.advance(20);
    process.emit("SIGINT");
    expect([stopped, exits]).toEqual([["SIGINT"], []]);
    await clock.advance(200);
    process.emit("SIGTERM");
    expect([stopped, exits]).toEqual([["SIGINT"], [143]]);
  });

  it("leaves a signal alone for which the process has a handler", () => {
    const own = vi.fn();
    process.on("SIGTERM", own);
    const stop = vi.fn();
    remove = onStopSignal(stop, true, new ManualClock());
    process.emit("SIGTERM");
    process.off("SIGTERM", own);
    expect([own.mock.calls.length, stop.mock.calls.length]).toEqual([1, 0]);
  });
});
