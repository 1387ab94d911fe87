import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { silentLogger } from "../core/logger.ts";
import { STOPPED_LOOK_MS, type SupervisedProcess, Supervision } from "./supervise.ts";

type Exit = Awaited<SupervisedProcess["exited"]>;

function heads(): {
  start: (restarts: number) => SupervisedProcess;
  end: (exit: Partial<Exit>) => void;
  signals: string[];
  restarts: number[];
  frozen: { now: boolean };
} {
  const signals: string[] = [];
  const frozen = { now: false };
  const restarts: number[] = [];
  let resolve: (exit: Exit) => void = () => undefined;
  return {
    signals,
    restarts,
    frozen,
    end: (exit) => resolve({ code: null, signal: null, message: "", ...exit }),
    start(count) {
      restarts.push(count);
      const kill: SupervisedProcess["kill"] = (signal) => void signals.push(signal);
      return { exited: new Promise<Exit>((done) => (resolve = done)), kill, isStopped: () => frozen.now };
    },
  };
}

describe("Supervision", () => {
  it("starts the head again when it dies, and ends when it ends as ordered", async () => {
    const clock = new ManualClock();
    const { start, end, restarts } = heads();
    const supervision = new Supervision(start, silentLogger, clock);
    end({ signal: "SIGKILL" });
    await clock.advance(0);
    end({ signal: "SIGKILL" });
    await clock.advance(100);
    expect(restarts).toEqual([0, 1, 2]);
    end({ code: 0 });
    expect(await supervision.ended).toMatchObject({ orderly: true });
  });

  it("passes a signal on and starts nothing after it", async () => {
    const clock = new ManualClock();
    const { start, end, signals, restarts } = heads();
    const supervision = new Supervision(start, silentLogger, clock);
    supervision.stop("SIGTERM");
    end({ signal: "SIGTERM" });
    expect(await supervision.ended).toMatchObject({ orderly: false });
    expect([signals, restarts]).toEqual([["SIGTERM"], [0]]);
  });

  it("kills a head that stays stopped, and spares one that goes on (R1)", async () => {
    const clock = new ManualClock();
    const { start, end, signals, restarts, frozen } = heads();
    const supervision = new Supervision(start, silentLogger, clock);
    frozen.now = true;
    await clock.advance(STOPPED_LOOK_MS);
    frozen.now = false;
    await clock.advance(STOPPED_LOOK_MS);
    expect(signals).toEqual([]);
    frozen.now = true;
    await clock.advance(2 * STOPPED_LOOK_MS);
    expect(signals).toEqual(["SIGKILL"]);
    frozen.now = false;
    end({ signal: "SIGKILL" });
    await clock.advance(0);
    expect(restarts).toEqual([0, 1]);
    end({ code: 0 });
    await supervision.ended;
    expect(clock.pending).toBe(0);
  });

  it("does not wait out a back-off when it is stopped", async () => {
    const clock = new ManualClock();
    const { start, end, restarts } = heads();
    const supervision = new Supervision(start, silentLogger, clock);
    end({ signal: "SIGKILL" });
    await clock.advance(0);
    end({ signal: "SIGKILL" });
    await clock.advance(50);
    supervision.release();
    await supervision.ended;
    expect(restarts).toEqual([0, 1]);
  });
});
