import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { type Reload, Reloader } from "./reloader.ts";

/** Deploys that a test ends by hand. */
class Deploys {
  readonly clock = new ManualClock();
  readonly reports: Reload[] = [];
  readonly running: PromiseWithResolvers<void>[] = [];
  readonly signals: AbortSignal[] = [];
  readonly reloader = new Reloader(
    (signal) => {
      const deploy = Promise.withResolvers<void>();
      this.running.push(deploy);
      this.signals.push(signal);
      return deploy.promise;
    },
    (reload) => this.reports.push(reload),
    this.clock,
  );
}

describe("Reloader", () => {
  it("deploys what was saved and says how long that took", async () => {
    const deploys = new Deploys();
    deploys.reloader.saved(["app.ts"], -15);
    await deploys.clock.advance(120);
    deploys.running[0]?.resolve();
    await deploys.clock.advance(0);
    expect(deploys.reports).toEqual([{ files: ["app.ts"], elapsedMs: 135, failure: undefined }]);
  });

  it("never runs two deploys side by side; what was saved meanwhile is one deploy (R1, R2)", async () => {
    const deploys = new Deploys();
    deploys.reloader.saved(["a.ts"], 0);
    for (const file of ["b.ts", "c.ts", "b.ts"]) deploys.reloader.saved([file], 0);
    expect([deploys.running.length, deploys.signals[0]?.aborted]).toEqual([1, true]);
    deploys.running[0]?.resolve();
    await deploys.clock.advance(0);
    expect(deploys.running).toHaveLength(2);
    deploys.running[1]?.resolve();
    await deploys.clock.advance(0);
    expect(deploys.reports.map(({ files }) => files)).toEqual([["b.ts", "c.ts"]]);
  });

  it("says why a deploy failed, and deploys the next save", async () => {
    const deploys = new Deploys();
    deploys.reloader.saved(["a.ts"], 0);
    deploys.running[0]?.reject(new ServeError("DEPLOY_FAILED", "a.ts:3: a bracket is missing"));
    await deploys.clock.advance(0);
    expect(deploys.reports[0]?.failure).toBe("a.ts:3: a bracket is missing");
    deploys.reloader.saved(["a.ts"], 0);
    expect(deploys.running).toHaveLength(2);
  });

  it("says nothing once it is closed", async () => {
    const deploys = new Deploys();
    deploys.reloader.saved(["a.ts"], 0);
    deploys.reloader.close();
    deploys.running[0]?.resolve();
    await deploys.clock.advance(0);
    expect(deploys.reports).toEqual([]);
  });
});
