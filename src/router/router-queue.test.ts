import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PRIORITIES } from "../config/priorities.ts";
import { ROUTERS } from "../config/router-names.ts";
import type { RoutedCall, RoutedReplica } from "../model/request-router.ts";
import { FakeReplica, openCaller, type Started } from "./testing/replicas.ts";

const codes = (calls: readonly Started[]): string[] => calls.map(({ code }) => code);

describe("priorities (Q6)", () => {
  it("go first among the calls that wait, each first in, first out", async () => {
    const replica = new FakeReplica("r");
    const { start, settle } = await openCaller([replica]);
    start({ requestId: "running" });
    for (const priority of ["low", "normal", "high", "normal", "high", "low"] as const) start({ priority });
    await settle();
    for (let n = 0; n < 7; n++) {
      replica.end(replica.got.at(-1) as string);
      await settle();
    }
    expect(replica.got).toEqual(["running", "c3", "c5", "c2", "c4", "c1", "c6"]);
  });

  it("decide who is refused where the queue is full: the newest of the lowest, never an equal one", async () => {
    const replica = new FakeReplica("r");
    const { start, settle } = await openCaller([replica], { targets: { maxQueuedRequests: 2 } });
    start();
    const [low1, low2] = [start({ priority: "low" }), start({ priority: "low" })];
    const low3 = start({ priority: "low" });
    const normal = start();
    const high = start({ priority: "high" });
    const [late, high2] = [start(), start({ priority: "high" })];
    const high3 = start({ priority: "high" });
    await settle();
    expect(codes([low3, low2, low1, normal, late, high3])).toEqual(Array.from({ length: 6 }, () => "BACK_PRESSURE"));
    expect(codes([high, high2])).toEqual(["", ""]);
  });

  it("keep a rejected call's place among those of its own", async () => {
    const replica = new FakeReplica("r");
    const { start, settle } = await openCaller([replica], { targets: { maxOngoingRequests: 2 } });
    for (const requestId of ["n1", "l1"]) start({ requestId, priority: requestId === "l1" ? "low" : "normal" });
    for (const requestId of ["n2", "l2"]) start({ requestId, priority: requestId === "l2" ? "low" : "normal" });
    start({ requestId: "h", priority: "high" });
    await settle();
    replica.reject("l1");
    replica.reject("n1");
    await settle();
    replica.free();
    for (let n = 0; n < 3; n++) {
      await settle();
      const [first] = replica.held.keys();
      replica.end(first as string);
    }
    await settle();
    expect(replica.got).toEqual(["n1", "l1", "h", "n1", "n2", "l1", "l2"]);
  });
});

describe("an idempotent call (Q3)", () => {
  it("runs again elsewhere when its replica dies, three times in all", async () => {
    const replicas = ["a", "b", "c", "d"].map((id) => new FakeReplica(id));
    const { start, settle } = await openCaller(replicas);
    const [kept, plain] = [start({ idempotent: true }), start()];
    const holder = (id: string) => replicas.find(({ held }) => held.has(id));
    await settle();
    holder(plain.id)?.die();
    for (let tries = 0; tries < 2; tries++) {
      expect(kept.code).toBe("");
      holder(kept.id)?.die();
      await settle();
    }
    expect(codes([kept, plain])).toEqual(["", "REPLICA_GONE"]);
    holder(kept.id)?.die();
    await settle();
    expect(kept.code).toBe("REPLICA_GONE");
    expect(replicas.flatMap(({ got }) => got).filter((id) => id === kept.id)).toHaveLength(3);
  });

  it("does not run again once its answer began, nor when nobody waits for it", async () => {
    const replicas = ["a", "b"].map((id) => new FakeReplica(id));
    const { start, settle } = await openCaller(replicas);
    const [streaming, left] = [start({ idempotent: true }), start({ idempotent: true })];
    await settle();
    replicas.find(({ held }) => held.has(streaming.id))?.beginStream(streaming.id);
    left.call.cancel("caller cancelled");
    await settle();
    for (const replica of replicas) replica.die();
    await settle();
    expect(codes([streaming, left])).toEqual(["STREAM", "REQUEST_CANCELLED"]);
    expect(replicas.flatMap(({ got }) => got)).toHaveLength(2);
  });

  it("keeps its deadline while it moves (Q4)", async () => {
    const replica = new FakeReplica("a");
    const { clock, start, settle } = await openCaller([replica]);
    const call = start({ idempotent: true, deadlineMs: clock.now() + 15, timeoutS: 0.015 });
    await settle();
    replica.die(); // it is dialled again after 20 ms
    await clock.advance(15);
    expect(call.code).toBe("REQUEST_TIMEOUT");
  });
});

describe("a call with a model (P3)", () => {
  const models = (...ids: string[]) => ({ models: ids });

  it("waits a second for a replica that holds it, then goes to the one with the fewest", async () => {
    const replicas = [
      new FakeReplica("a", models("x")),
      new FakeReplica("b", models("y", "z")),
      new FakeReplica("c", models("y")),
    ];
    const { clock, start, settle } = await openCaller(replicas);
    start({ multiplexedModelId: "x" });
    const second = start({ multiplexedModelId: "x" });
    await clock.advance(999);
    expect(replicas.map(({ got }) => got.length)).toEqual([1, 0, 0]);
    await clock.advance(1);
    expect(replicas[2]?.got).toEqual([second.id]);
    await settle();
    expect(clock.pending).toBe(0);
  });

  it("waits a second in all, however often the holder rejects it meanwhile", async () => {
    const replicas = [new FakeReplica("a", models("x")), new FakeReplica("b")];
    const { clock, start, settle } = await openCaller(replicas);
    const { id } = start({ multiplexedModelId: "x" });
    await settle();
    for (let n = 0; n < 3; n++) {
      replicas[0]?.reject(id);
      await clock.advance(300);
      replicas[0]?.free();
      await settle();
    }
    replicas[0]?.reject(id);
    await clock.advance(99);
    expect(replicas[1]?.got).toEqual([]);
    await clock.advance(1);
    expect(replicas[1]?.got).toEqual([id]);
  });

  it("takes a tenth of its deadline where that is less, and an earlier one does not wait for a later one", async () => {
    const replicas = [new FakeReplica("a", models("x")), new FakeReplica("b"), new FakeReplica("c")];
    const { clock, start } = await openCaller(replicas);
    start({ multiplexedModelId: "x" });
    const patient = start({ multiplexedModelId: "x" });
    const hasty = start({ multiplexedModelId: "x", deadlineMs: clock.now() + 2000, timeoutS: 2 });
    await clock.advance(200);
    expect(replicas.flatMap(({ got }) => got)).toEqual(["c1", hasty.id]);
    await clock.advance(800);
    expect(replicas.flatMap(({ got }) => got)).toContain(patient.id);
  });

  it("is passed by those that suit another replica (R5)", async () => {
    const replicas = [new FakeReplica("a", models("x")), new FakeReplica("b", models("y"))];
    const { clock, start, settle } = await openCaller(replicas);
    const ids = ["x", "y", "x"].map((multiplexedModelId) => start({ multiplexedModelId }).id);
    await settle();
    const plain = start();
    const y = start({ multiplexedModelId: "y", priority: "high" });
    replicas[1]?.end(ids[1] as string);
    await settle();
    replicas[1]?.end(y.id);
    await settle();
    expect(replicas.map(({ got }) => got)).toEqual([[ids[0]], [ids[1], y.id, plain.id]]);
    await clock.advance(0);
  });

  it("whose id no replica ever tells of is forgotten in time, so that made-up ids add up to nothing", async () => {
    const replica = new FakeReplica("a", models("held"));
    const seen: number[] = [];
    const choose = (candidates: readonly RoutedReplica[]) => {
      seen.push(candidates[0]?.models.size ?? 0);
      return candidates;
    };
    const given = {
      targets: { router: { name: "/app/r.ts:R", kwargs: {} } },
      surroundings: { loadRouter: async () => ({ choose }) },
    };
    const { start, settle } = await openCaller([replica], given);
    for (let n = 0; n < 1000; n++) {
      const { id } = start({ multiplexedModelId: `made-up-${n}` });
      await settle();
      replica.end(id);
      await settle();
    }
    expect(Math.max(...seen)).toBe(257);
  });

  it("sends further calls of a model where the first one goes to load it", async () => {
    const replicas = ["a", "b", "c"].map((id) => new FakeReplica(id));
    const { start, settle } = await openCaller(replicas, { targets: { maxOngoingRequests: 4 } });
    for (let n = 0; n < 3; n++) start({ multiplexedModelId: "m" });
    await settle();
    expect(replicas.map(({ got }) => got.length).toSorted((a, b) => a - b)).toEqual([0, 0, 3]);
  });

  it("sends them there too when new targets come before the model is told of", async () => {
    const replicas = ["a", "b", "c"].map((id) => new FakeReplica(id));
    const { client, targets, start, settle } = await openCaller(replicas, { targets: { maxOngoingRequests: 10 } });
    for (let n = 0; n < 8; n++) {
      start({ multiplexedModelId: "m" });
      client.applyTargets({ ...targets, replicas: replicas.map(({ target }) => ({ ...target })) });
      await settle();
    }
    expect(replicas.map(({ got }) => got.length).toSorted((a, b) => a - b)).toEqual([0, 0, 8]);
  });
});

describe("locality (P2)", () => {
  it("prefers replicas of the caller's node while they have a slot, where the call asks for it", async () => {
    const replicas = [
      new FakeReplica("a", { node: "there" }),
      new FakeReplica("b"),
      new FakeReplica("c", { node: "there" }),
    ];
    const targets = { maxOngoingRequests: 4 };
    const { start, settle } = await openCaller(replicas, { targets, surroundings: { node: "here" } });
    for (let n = 0; n < 6; n++) start({ preferLocal: true });
    await settle();
    expect(replicas[1]?.got).toHaveLength(4);
    expect(replicas.map(({ got }) => got.length)).toEqual([1, 4, 1]);
  });
});

describe("a user's router (P5)", () => {
  const router = (name: string, version = "v1") => ({ router: { name: `/app/${name}.ts:R`, kwargs: {}, version } });
  class ById {
    readonly events: string[] = [];
    choose(candidates: readonly RoutedReplica[], { sessionId }: RoutedCall) {
      return candidates.filter(({ id }) => id === sessionId);
    }
    onRouted({ id }: RoutedReplica, { requestId }: RoutedCall) {
      this.events.push(`+${requestId}@${id}`);
    }
    onCompleted({ id }: RoutedReplica, { requestId }: RoutedCall) {
      this.events.push(`-${requestId}@${id}`);
    }
  }

  it("is loaded before the first call is sent, decides who gets it, and hears of its end once", async () => {
    const replicas = ["a", "b"].map((id) => new FakeReplica(id));
    const mine = new ById();
    const loading = Promise.withResolvers<ById>();
    const given = { targets: router("r"), surroundings: { loadRouter: () => loading.promise } };
    const { start, settle } = await openCaller(replicas, given);
    const calls = ["b", "b", "a"].map((sessionId) => start({ sessionId }));
    await settle();
    expect(replicas.map(({ got }) => got.length)).toEqual([0, 0]);
    loading.resolve(mine);
    await settle();
    expect(replicas.map(({ got }) => got)).toEqual([["c3"], ["c1"]]);
    replicas[1]?.reject("c1");
    await settle();
    replicas[0]?.die();
    await settle();
    replicas[1]?.free();
    await settle();
    replicas[1]?.end("c1");
    await settle();
    expect(codes(calls)).toEqual(["USER_CODE", "", "REPLICA_GONE"]);
    expect(mine.events).toEqual(["+c1@b", "+c3@a", "-c1@b", "-c3@a", "+c1@b", "-c1@b", "+c2@b"]);
  });

  it.each([
    ["cannot be loaded", () => Promise.reject(new RangeError("no such file")), "router.not_loaded"],
    ["takes too long", () => new Promise<never>(() => undefined), "router.not_loaded"],
    ["throws", async () => ({ choose: () => JSON.parse("") as [] }), "router.failed"],
  ])("that %s is stood in for by the two choices, and the log says so once", async (_what, loadRouter, event) => {
    const replicas = ["a", "b"].map((id) => new FakeReplica(id));
    const { clock, start, logs } = await openCaller(replicas, { targets: router("r"), surroundings: { loadRouter } });
    start();
    start();
    await clock.advance(5000);
    expect(replicas.map(({ got }) => got.length)).toEqual([1, 1]);
    expect(logs.map((record) => record.event)).toEqual([event]);
    expect(logs[0]?.fields).toMatchObject({ deployment: "Model", router: "/app/r.ts:R", instead: "pow2" });
  });

  it("that makes two mistakes at every call is told of twice", async () => {
    const replica = new FakeReplica("a");
    const fail = (): never => JSON.parse("") as never;
    const mine = { choose: (all: readonly RoutedReplica[]) => all, onRouted: fail, onCompleted: fail };
    const { start, settle, logs } = await openCaller([replica], {
      targets: router("r"),
      surroundings: { loadRouter: async () => mine },
    });
    for (let n = 0; n < 5; n++) {
      const { id } = start();
      await settle();
      replica.end(id);
      await settle();
    }
    expect(logs.map(({ fields }) => (fields["reason"] as string).split(":")[0])).toEqual(["onRouted", "onCompleted"]);
  });

  it("is asked again about calls that it keeps from free replicas: it may go by how long they wait", async () => {
    const replica = new FakeReplica("a");
    const choose = (all: readonly RoutedReplica[], { waitedMs }: RoutedCall) => (waitedMs < 120 ? [] : all);
    const surroundings = { loadRouter: async () => ({ choose }) };
    const { clock, start, settle } = await openCaller([replica], { targets: router("r"), surroundings });
    await settle();
    start();
    await clock.advance(100);
    expect(replica.got).toEqual([]);
    await clock.advance(100);
    expect(replica.got).toEqual(["c1"]);
    start();
    await clock.advance(1000);
    replica.end("c1");
    await settle();
    expect(replica.got).toEqual(["c1", "c2"]);
  });

  it("hears of the end of what it routed, also when another one has followed", async () => {
    const replica = new FakeReplica("a");
    const [first, second] = [new ById(), new ById()];
    const loadRouter = async ({ version = "" }) => (version === "v1" ? first : second);
    const given = { targets: { ...router("r"), maxOngoingRequests: 2 }, surroundings: { loadRouter } };
    const { client, targets, start, settle } = await openCaller([replica], given);
    start({ sessionId: "a" });
    await settle();
    client.applyTargets({ ...targets, ...router("r", "v2") });
    await settle();
    start({ sessionId: "a" });
    await settle();
    for (const id of ["c1", "c2"]) replica.end(id);
    await settle();
    expect([first.events, second.events]).toEqual([
      ["+c1@a", "-c1@a"],
      ["+c2@a", "-c2@a"],
    ]);
  });

  it("holds until the next one is loaded, and is told apart by the version of its code", async () => {
    const replica = new FakeReplica("a");
    const loaded: string[] = [];
    const next = Promise.withResolvers<ById>();
    const loadRouter = ({ version = "" }) => (
      loaded.push(version),
      version === "v1" ? Promise.resolve(new ById()) : next.promise
    );
    const { client, targets, start, settle } = await openCaller([replica], {
      targets: router("r"),
      surroundings: { loadRouter },
    });
    client.applyTargets({ ...targets });
    client.applyTargets({ ...targets, ...router("r", "v2") });
    start({ sessionId: "a" });
    await settle();
    expect([loaded, replica.got]).toEqual([["v1", "v2"], ["c1"]]);
    const refusing = new ById();
    refusing.choose = () => [];
    next.resolve(refusing);
    replica.end("c1");
    await settle();
    start({ sessionId: "a" });
    await settle();
    expect(replica.got).toEqual(["c1"]);
    client.applyTargets(targets);
    client.close();
  });
});

/** Steps of a random run: a call starts, a replica ends its oldest, rejects its newest, or sends FREE. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("start" as const),
        priority: fc.constantFrom(...PRIORITIES),
        session: fc.nat(5),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("end" as const), at: fc.nat(2) }) },
    fc.record({ do: fc.constantFrom("reject" as const, "free" as const), at: fc.nat(2) }),
  ),
  { maxLength: 80 },
);

describe.each(ROUTERS)("%s, whatever happens", (name) => {
  it("never gives a replica more than its limit and starves nobody", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async (given, maxOngoingRequests) => {
        const replicas = ["a", "b", "c"].map((id) => new FakeReplica(id));
        const rejected = new Set<string>();
        const targets = { maxOngoingRequests, router: { name, kwargs: {} } };
        const { start, settle } = await openCaller(replicas, { targets });
        const calls: Started[] = [];
        for (const step of given) {
          const replica = replicas["at" in step ? step.at : 0] as FakeReplica;
          const held = [...replica.held.keys()];
          if (step.do === "start") calls.push(start({ priority: step.priority, sessionId: `s${step.session}` }));
          else if (step.do === "end" && held[0] !== undefined) replica.end(held[0]);
          else if (step.do === "reject" && held.length > 0) {
            rejected.add(replica.target.id);
            replica.reject(held.at(-1) as string);
          } else if (step.do === "free" && rejected.delete(replica.target.id)) replica.free();
          await settle();
          expect(Math.max(...replicas.map(({ most }) => most))).toBeLessThanOrEqual(maxOngoingRequests);
        }
        for (const replica of replicas) if (rejected.has(replica.target.id)) replica.free();
        await settle();
        for (let round = 0; round <= calls.length; round++) {
          for (const replica of replicas) for (const id of [...replica.held.keys()]) replica.end(id);
          await settle();
        }
        expect(codes(calls)).toEqual(calls.map(() => "USER_CODE"));
      }),
      { numRuns: 60 },
    );
  });
});

it.each(["pow2", "round-robin", "least-loaded"])(
  "%s shares 3,000 calls among replicas within a few per cent",
  async (name) => {
    const replicas = ["a", "b", "c", "d"].map((id) => new FakeReplica(id));
    const { start, settle } = await openCaller(replicas, {
      targets: { maxOngoingRequests: 100, router: { name, kwargs: {} } },
    });
    for (let n = 0; n < 3000; n++) {
      start();
      if (n % 4 === 3) {
        await settle();
        for (const { held, end } of replicas.map((one) => ({ held: one.held, end: (id: string) => one.end(id) }))) {
          const [oldest] = held.keys();
          if (oldest !== undefined && held.size > 5) end(oldest);
        }
      }
      if (n % 200 === 199) for (const replica of replicas) for (const id of [...replica.held.keys()]) replica.end(id);
    }
    await settle();
    const share = replicas.map(({ got }) => got.length / 3000);
    for (const one of share) expect(Math.abs(one - 0.25)).toBeLessThan(0.02);
  },
  20_000,
);
