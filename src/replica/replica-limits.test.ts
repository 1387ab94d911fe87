import { describe, expect, it } from "vitest";
import { requestContext } from "../api/context.ts";
import { ManualClock } from "../core/clock.ts";
import { FRAME } from "../protocol/frame.ts";
import { codeOf, serveOne as serve, type Methods } from "../../tests/fixtures/replica/serve-one.ts";

describe("limits", () => {
  it("runs at most maxOngoingRequests and serves the rest in order (Q1, P1)", async () => {
    const order: number[] = [];
    let running = 0;
    let most = 0;
    class Model {
      async work(i: number) {
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
        order.push(i);
      }
    }
    const { handle } = await serve(Model, { maxOngoingRequests: 2 });
    await Promise.all(Array.from({ length: 10 }, (_, i) => (handle["work"] as Methods[string])(i)));
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("refuses at once when the caller's queue is full (Q2)", async () => {
    const gate = Promise.withResolvers<void>();
    class Model {
      async work() {
        await gate.promise;
      }
    }
    const { handle } = await serve(Model, { maxOngoingRequests: 1, maxQueuedRequests: 1 });
    const first = handle["work"]?.();
    const second = handle["work"]?.();
    await expect(handle["work"]?.()).rejects.toMatchObject({ code: "BACK_PRESSURE", details: { queued: 1, limit: 1 } });
    gate.resolve();
    await Promise.all([first, second]);
  });

  it("ends a call at its deadline, queued or running, and aborts its signal (Q4, Q5)", async () => {
    const aborted: string[] = [];
    class Model {
      async work() {
        const { signal } = requestContext();
        await new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => {
            aborted.push(signal.reason.code);
            resolve();
          }),
        );
      }
    }
    const { handle, clock, ended } = await serve(Model, { maxOngoingRequests: 1 });
    const within = (timeoutS: number) =>
      (handle as unknown as { options(o: object): typeof handle }).options({ timeoutS });
    const running = codeOf(within(1)["work"]?.() as Promise<unknown>);
    const queued = codeOf(within(0.5)["work"]?.() as Promise<unknown>);
    await clock.advance(600);
    expect(await queued).toBe("REQUEST_TIMEOUT");
    expect(aborted).toEqual([]);
    await clock.advance(600);
    expect(await running).toBe("REQUEST_TIMEOUT");
    await clock.advance(1);
    expect(aborted).toEqual(["REQUEST_TIMEOUT"]);
    expect(ended).toEqual(["REQUEST_TIMEOUT"]);
  });
});

describe("start (D4)", () => {
  it("fails when the first health check does not answer within healthCheckTimeoutS", async () => {
    class Stuck {
      checkHealth() {
        return new Promise(() => undefined);
      }
    }
    const clock = new ManualClock();
    const started = serve(Stuck, { healthCheckTimeoutS: 2 }, clock).catch((reason: unknown) => reason);
    await clock.advance(0);
    await clock.advance(2_000);
    expect(await started).toMatchObject({
      code: "DEPLOY_FAILED",
      message: expect.stringContaining("first health check failed: ServeError: checkHealth: no answer within 2 s"),
    });
  });
});

describe("drain (D5)", () => {
  it("finishes what was accepted, rejects the rest, then ends", async () => {
    const gate = Promise.withResolvers<string>();
    class Model {
      async work() {
        return gate.promise;
      }
    }
    const { handle, replica, isDrained, clock } = await serve(Model);
    const running = handle["work"]?.();
    await clock.advance(1);
    replica.drain();
    await clock.advance(1);
    expect(isDrained()).toBe(false);
    gate.resolve("done");
    expect(await running).toBe("done");
    await clock.advance(1);
    expect(isDrained()).toBe(true);
  });

  it("tells a caller that comes late, and does not wait for it to leave", async () => {
    const gate = Promise.withResolvers<void>();
    class Model {
      async work() {
        await gate.promise;
      }
    }
    const { handle, replica, isDrained, clock, dial } = await serve(Model);
    void handle["work"]?.();
    await clock.advance(1);
    replica.drain();
    const late = await dial();
    const types: number[] = [];
    late.attach(
      (type) => {
        types.push(type);
        late.signal(FRAME.drained, 0);
      },
      () => undefined,
    );
    gate.resolve();
    await clock.advance(1);
    expect(types).toEqual([FRAME.drain]);
    expect([late.isOpen, isDrained()]).toEqual([true, true]);
  });

  it("is done at once when idle", async () => {
    class Model {
      work() {
        return 1;
      }
    }
    const { replica, isDrained, clock, handle } = await serve(Model);
    await handle["work"]?.();
    replica.drain();
    await clock.advance(1);
    expect(isDrained()).toBe(true);
  });
});

describe("changed options (D1, D4)", () => {
  it("are refused again by code that refused them before, and those before it are told anew", async () => {
    const told: unknown[] = [];
    class Model {
      reconfigure(config: { ok: boolean }) {
        told.push(config.ok);
        if (!config.ok) throw new Error("no such threshold");
      }
    }
    const { replica } = await serve(Model, { userConfig: { ok: true } });
    const change = (ok: boolean) => {
      const { spec, exposed, rank, worldSize } = replica.order ?? fail();
      return replica.reconfigure({
        spec: { ...spec, options: { ...spec.options, userConfig: { ok } } },
        exposed,
        rank,
        worldSize,
      });
    };
    await expect(change(false)).rejects.toThrow("no such threshold");
    await expect(change(false)).rejects.toThrow("no such threshold");
    await change(true);
    await change(true);
    expect(told).toEqual([true, false, false, true]);
  });

  it("reach code only where it asked: a new rank if it takes one, a new number of replicas never", async () => {
    const told: unknown[] = [];
    class Plain {
      reconfigure(config: object) {
        told.push(["plain", config]);
      }
    }
    class Ranked {
      reconfigure(_config: object, { rank }: { rank: number }) {
        told.push(["ranked", rank]);
      }
    }
    for (const Class of [Plain, Ranked]) {
      const { replica } = await serve(Class, { userConfig: {} });
      const order = replica.order ?? fail();
      await replica.reconfigure({ ...order, rank: 3, worldSize: 9 });
      await replica.reconfigure({ ...order, rank: 3, worldSize: 5 });
      expect(replica.order?.worldSize).toBe(5);
    }
    expect(told).toEqual([
      ["plain", {}],
      ["ranked", 0],
      ["ranked", 3],
    ]);
  });

  it("that give it a route are refused by a class without fetch, which serves on", async () => {
    class Hidden {
      work() {
        return "done";
      }
    }
    const { replica, handle } = await serve(Hidden);
    const exposed = replica.reconfigure({ ...(replica.order ?? fail()), exposed: true });
    await expect(exposed).rejects.toThrow(/has no fetch\(request\)/);
    expect(await handle["work"]?.()).toBe("done");
  });
});

function fail(): never {
  throw new Error("the replica has no order");
}
