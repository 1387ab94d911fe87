import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { seededRandom } from "../core/random.ts";
import { ModelCache } from "./model-cache.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function open(limit: number, load: (id: string) => Promise<string> | string = (id) => `model ${id}`) {
  const log: string[] = [];
  const cache = new ModelCache<string>(
    {
      name: "Model.get",
      limit,
      load: (id) => (log.push(`load ${id}`), load(id)),
      dispose: (model) => void log.push(`dispose ${model}`),
    },
    {
      onAsked: () => undefined,
      onChange: (ids) => void log.push(`ids ${ids.join()}`),
      loaded: () => undefined,
      disposed: () => undefined,
      disposeFailed: (id, error) => void log.push(`${id}: ${String(error)}`),
    },
    new ManualClock(),
  );
  const once = async (id: string): Promise<string> => {
    const { model, end } = await cache.use(id);
    end();
    return model;
  };
  return { cache, log, once };
}

describe("a model", () => {
  it("is loaded once and then found; the least recent one goes first (M1)", async () => {
    const { once, log, cache } = open(2);
    for (const id of ["a", "b", "a", "c"]) expect(await once(id)).toBe(`model ${id}`);
    expect(log.filter((line) => !line.startsWith("ids"))).toEqual(["load a", "load b", "dispose model b", "load c"]);
    expect(cache.ids).toEqual(["a", "c"]);
  });

  it("is announced while it loads", async () => {
    const gate = Promise.withResolvers<string>();
    const { cache, log } = open(2, () => gate.promise);
    const use = cache.use("a");
    expect(log).toEqual(["ids a"]);
    gate.resolve("m");
    await use;
  });

  it("is loaded once for all who ask meanwhile; different ones one at a time (M1)", async () => {
    const gates = new Map<string, PromiseWithResolvers<string>>();
    const { cache, log } = open(3, (id) => {
      const gate = Promise.withResolvers<string>();
      gates.set(id, gate);
      return gate.promise;
    });
    const uses = [cache.use("a"), cache.use("a"), cache.use("b")];
    await turn();
    expect(log.filter((line) => line.startsWith("load"))).toEqual(["load a"]);
    gates.get("a")?.resolve("A");
    await turn();
    expect(log.filter((line) => line.startsWith("load"))).toEqual(["load a", "load b"]);
    gates.get("b")?.resolve("B");
    expect((await Promise.all(uses)).map(({ model }) => model)).toEqual(["A", "A", "B"]);
  });

  it("that was asked for last stays, and one that waits for its load is no other's room (M1)", async () => {
    const { cache, log } = open(1);
    const uses = ["a", "b", "c"].map((id) => cache.use(id));
    await uses[1];
    const again = cache.use("c"); // shares the load that waits
    for (const { end } of await Promise.all([...uses, again])) end();
    await turn();
    expect(cache.ids).toEqual(["c"]);
    expect(log.filter((line) => line.startsWith("load"))).toEqual(["load a", "load b", "load c"]);
    expect(log.filter((line) => line.startsWith("dispose"))).toEqual(["dispose model a", "dispose model b"]);
  });

  it("that is in use is disposed of when its last use ends, and holds up no load (M1)", async () => {
    const { cache, once, log } = open(1);
    const one = await cache.use("a");
    const two = await cache.use("a");
    await once("b");
    expect(log).not.toContain("dispose model a");
    one.end();
    one.end();
    await turn();
    expect(log).not.toContain("dispose model a");
    two.end();
    await turn();
    expect(log.filter((line) => line === "dispose model a")).toHaveLength(1);
  });

  it("that is asked for again while it is still in use is taken back, not loaded twice", async () => {
    const { cache, log } = open(1);
    const long = await cache.use("a");
    const other = await cache.use("b");
    const again = await cache.use("a");
    expect([again.model, cache.ids]).toEqual([long.model, ["a"]]);
    long.end();
    other.end();
    await turn();
    expect(log.filter((line) => !line.startsWith("ids"))).toEqual(["load a", "load b", "dispose model b"]);
    again.end();
    await cache.clear();
    expect(log.filter((line) => line.startsWith("dispose"))).toEqual(["dispose model b", "dispose model a"]);
  });

  it("that was given up while in use is waited for when everything is given up", async () => {
    const { cache, once, log } = open(1);
    const long = await cache.use("a");
    await once("b");
    const cleared = cache.clear().then(() => log.push("cleared"));
    await turn();
    long.end();
    await cleared;
    expect(log.slice(-2)).toEqual(["dispose model a", "cleared"]);
  });

  it("that cannot be loaded leaves nothing, and is tried again (M1)", async () => {
    let tries = 0;
    const { cache, once } = open(1, (id) => {
      if (++tries === 1) throw new TypeError("no file");
      return id;
    });
    const failed = await cache.use("a").catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "MODEL_LOAD", details: { modelId: "a" }, cause: expect.any(TypeError) });
    expect((failed as Error).message).toBe('Model.get: loading model "a" failed: TypeError: no file');
    expect(cache.ids).toEqual([]);
    expect(await once("a")).toBe("a");
  });

  it("is disposed of when everything is given up", async () => {
    const { cache, once, log } = open(3);
    await once("a");
    await once("b");
    await cache.clear();
    expect(log.filter((line) => line.startsWith("dispose"))).toEqual(["dispose model a", "dispose model b"]);
    expect(cache.ids).toEqual([]);
  });
});

it("never holds more than its limit, and disposes of each model that it loaded exactly once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.integer(), async (limit, seed) => {
      const random = seededRandom(seed);
      const live = new Map<object, string>();
      const cache = new ModelCache<object>(
        {
          name: "m",
          limit,
          load: async (id) => {
            await turn();
            if (random.next() < 0.1) throw new Error("no");
            const model = {};
            expect([...live.values()]).not.toContain(id); // not while another is there
            live.set(model, id);
            return model;
          },
          dispose: (model) => expect(live.delete(model)).toBe(true),
        },
        {
          onAsked: () => undefined,
          onChange: () => undefined,
          loaded: () => undefined,
          disposed: () => undefined,
          disposeFailed: () => undefined,
        },
        new ManualClock(),
      );
      const request = async (): Promise<void> => {
        const use = await cache.use(`m${Math.floor(random.next() * 8)}`).catch(() => undefined);
        if (use === undefined) return;
        expect(live.has(use.model)).toBe(true);
        for (let i = random.next() * 4; i > 0; i--) await turn();
        expect(live.has(use.model)).toBe(true); // not disposed of under its user
        use.end();
      };
      await Promise.all(Array.from({ length: 30 }, request));
      expect(cache.ids.length).toBeLessThanOrEqual(limit);
      await cache.clear();
      await turn();
      expect(live.size).toBe(0);
    }),
    { numRuns: 40 },
  );
});
