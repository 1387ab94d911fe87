import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ROUTERS } from "../config/router-names.ts";
import { seededRandom } from "../core/random.ts";
import type { RoutedCall, RoutedReplica } from "../model/request-router.ts";
import { HashRing } from "./hash-ring.ts";
import { createStrategy, matchLimitMs, mayUse, routeCall } from "./routing.ts";
import { UserRouter } from "./user-router.ts";

const random = seededRandom(11);
const replica = (id: string, given: Partial<RoutedReplica> = {}): RoutedReplica => ({
  id,
  node: "n",
  free: true,
  load: 0,
  suspect: false,
  models: new Set(),
  stats: {},
  ...given,
});
const call = (given: Partial<RoutedCall> = {}): RoutedCall => ({
  method: "m",
  requestId: "r",
  multiplexedModelId: "",
  sessionId: "",
  waitedMs: 0,
  remainingMs: Infinity,
  ...given,
});
const pow2 = createStrategy("pow2", {}, random);
const chosen = (one: RoutedCall, replicas: readonly RoutedReplica[], node?: string): string | undefined =>
  routeCall(one, replicas, pow2, node, random)?.id;

describe("a call with a model (P3)", () => {
  const wanted = call({ multiplexedModelId: "x" });
  const holds = (...ids: string[]) => ({ models: new Set(ids) });

  it.each<[string, RoutedCall, RoutedReplica[], string | undefined]>([
    ["goes to the one that holds it", wanted, [replica("a"), replica("b", holds("x", "y"))], "b"],
    [
      "waits while the holders are full",
      wanted,
      [replica("a"), replica("b", { ...holds("x"), free: false })],
      undefined,
    ],
    [
      "goes elsewhere when they were full for long, to the one with the fewest models",
      call({ multiplexedModelId: "x", waitedMs: 1000 }),
      [replica("a", holds("y", "z")), replica("b", { ...holds("x"), free: false }), replica("c", holds("y"))],
      "c",
    ],
    [
      "goes to the one with the fewest models when nobody holds it",
      wanted,
      [replica("a", holds("y")), replica("b")],
      "b",
    ],
    [
      "does not wait for the one with the fewest models",
      wanted,
      [replica("a", holds("y")), replica("b", { free: false })],
      "a",
    ],
  ])("%s", (_what, one, replicas, id) => expect(chosen(one, replicas)).toBe(id));

  it("waits a tenth of its time for a holder, a second at most", () => {
    expect(matchLimitMs(call())).toBe(1000);
    expect(matchLimitMs(call({ remainingMs: 900, waitedMs: 100 }))).toBe(100);
  });

  it("does not take a slot that frees elsewhere before that", () => {
    const [holder, other] = [replica("a", holds("x")), replica("b")];
    expect(mayUse(wanted, other, [holder, other], pow2, random)).toBe(false);
    expect(mayUse(wanted, holder, [holder, other], pow2, random)).toBe(true);
    const late = call({ multiplexedModelId: "x", waitedMs: 1000 });
    expect(mayUse(late, other, [holder, other], pow2, random)).toBe(true);
  });
});

describe("locality (P2)", () => {
  it("takes the same node first, and any other when that is full", () => {
    const [near, far] = [replica("near", { node: "here", load: 9 }), replica("far", { node: "there" })];
    expect(chosen(call(), [near, far], "here")).toBe("near");
    expect(chosen(call(), [{ ...near, free: false }, far], "here")).toBe("far");
  });
});

describe("round-robin", () => {
  it("takes one after the other and passes over full ones", () => {
    const strategy = createStrategy("round-robin", {}, random);
    const replicas = [replica("a"), replica("b", { free: false }), replica("c"), replica("d")];
    const order = Array.from({ length: 6 }, () => routeCall(call(), replicas, strategy, undefined, random)?.id);
    expect(new Set(order.slice(0, 3))).toEqual(new Set(["a", "c", "d"]));
    expect(order.slice(3)).toEqual(order.slice(0, 3));
  });
});

describe("least-loaded", () => {
  it("takes the one with the fewest ongoing calls; a suspect only when there is no other", () => {
    const strategy = createStrategy("least-loaded", {}, random);
    const replicas = [replica("a", { load: 2 }), replica("b", { load: 1 }), replica("c", { load: 0, suspect: true })];
    expect(routeCall(call(), replicas, strategy, undefined, random)?.id).toBe("b");
    expect(routeCall(call(), replicas.slice(2), strategy, undefined, random)?.id).toBe("c");
  });
});

describe("consistent-hash (P4)", () => {
  const ids = Array.from({ length: 8 }, (_, i) => `replica${i}`);
  const sessions = Array.from({ length: 4000 }, (_, i) => `session-${i}`);
  const strategy = createStrategy("consistent-hash", {}, random);

  it("moves only the share of a replica that leaves", () => {
    const [before, after] = [new HashRing(ids), new HashRing(ids.slice(1))];
    const moved = sessions.filter((key) => before.owners(key, 1)[0] !== after.owners(key, 1)[0]);
    expect(moved.every((key) => before.owners(key, 1)[0] === "replica0")).toBe(true);
    expect(moved.length).toBe(sessions.filter((key) => before.owners(key, 1)[0] === "replica0").length);
  });

  it("spreads keys evenly", () => {
    const ring = new HashRing(ids);
    const counts = new Map<string, number>();
    for (const key of sessions) {
      const [owner = ""] = ring.owners(key, 1);
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(200);
  });

  it("goes to the session's replica, to one of two neighbours when that is full, and then waits", () => {
    const replicas = ids.map((id) => replica(id));
    const wanted = call({ sessionId: "s" });
    const owners = new HashRing(ids).owners("s", 3);
    const full = (count: number) => replicas.map((one) => ({ ...one, free: !owners.slice(0, count).includes(one.id) }));
    for (const [count, id] of owners.entries()) {
      expect(routeCall(wanted, full(count), strategy, undefined, random)?.id).toBe(id);
    }
    expect(routeCall(wanted, full(3), strategy, undefined, random)).toBeUndefined();
    const accepted = replicas.filter((one) => mayUse(wanted, one, replicas, strategy, random)).map(({ id }) => id);
    expect(accepted.sort()).toEqual([...owners].sort());
  });

  it.each([0, -1, 1.5, "many"])("keeps the default of points where num_virtual_nodes is %s", (points) => {
    const odd = createStrategy("consistent-hash", { num_virtual_nodes: points }, random);
    const replicas = ids.map((id) => replica(id));
    const wanted = call({ sessionId: "s" });
    expect(routeCall(wanted, replicas, odd, undefined, random)?.id).toBe(new HashRing(ids).owners("s", 1)[0]);
  });

  it("uses the request's id where there is no session", () => {
    const replicas = ids.map((id) => replica(id));
    const spread = sessions.map(
      (requestId) => routeCall(call({ requestId }), replicas, strategy, undefined, random)?.id,
    );
    expect(new Set(spread).size).toBe(8);
  });
});

describe("a user's router (P5)", () => {
  it("ranks the candidates; the first that is free gets the call, else it waits for one of them", () => {
    const strategy = new UserRouter({ choose: (all) => all.filter(({ id }) => id !== "c").reverse() }, () => undefined);
    const [a, b, c] = [replica("a"), replica("b", { free: false }), replica("c")];
    expect(routeCall(call(), [a, b, c], strategy, undefined, random)?.id).toBe("a");
    expect(routeCall(call(), [b, c], strategy, undefined, random)).toBeUndefined();
    expect(mayUse(call(), c, [b, c], strategy, random)).toBe(false);
    expect(mayUse(call(), b, [b, c], strategy, random)).toBe(true);
  });

  it("that throws, or answers with no list or no candidates, harms no call and is told of", () => {
    const faults: string[] = [];
    const free = replica("a");
    const chosenBy = (choose: () => unknown) =>
      routeCall(
        call(),
        [free],
        new UserRouter({ choose: choose as () => [] }, (method, reason) => faults.push(`${method}: ${reason}`)),
        undefined,
        random,
      )?.id;
    const answers = [() => undefined, async () => [], JSON.parse as () => unknown, () => [undefined, { ...free }, "a"]];
    expect(answers.map(chosenBy)).toEqual(["a", "a", "a", "a"]);
    expect(faults).toEqual([
      "choose: it returned no list of candidates",
      "choose: it returned a promise; it must answer at once",
      expect.stringContaining("SyntaxError"),
      "choose: it returned no list of candidates",
    ]);
    expect([chosenBy(() => [{ ...free }, free]), chosenBy(() => [])]).toEqual(["a", undefined]);
    expect(faults).toHaveLength(4);
  });

  it("that is an async function which fails ends nothing: it is told of", async () => {
    const faults: string[] = [];
    const fail = async () => Promise.reject(new RangeError("later"));
    const strategy = new UserRouter({ choose: fail as () => never, onRouted: fail as () => never }, (method, reason) =>
      faults.push(`${method}: ${reason}`),
    );
    expect(strategy.choose([replica("a")], call(), random)?.id).toBe("a");
    strategy.routed(replica("a"), call());
    await new Promise((resolve) => setImmediate(resolve));
    expect(faults).toContain("choose: RangeError: later");
    expect(faults).toContain("onRouted: RangeError: later");
  });

  it("that changes its list changes nobody else's", () => {
    const replicas = [replica("a"), replica("b")];
    const strategy = new UserRouter({ choose: (all) => (all as RoutedReplica[]).splice(0) }, () => undefined);
    expect(strategy.choose(replicas, call(), random)?.id).toBe("a");
    expect(replicas).toHaveLength(2);
  });
});

it.each(ROUTERS)("%s answers only free replicas of its candidates, and one when there is one that suits", (name) => {
  const candidates = fc.array(fc.record({ free: fc.boolean(), suspect: fc.boolean(), load: fc.nat(9) }), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(candidates, fc.integer(), (given, seed) => {
      const own = seededRandom(seed);
      const replicas = given.map((one, i) => replica(`r${i}`, one));
      const strategy = createStrategy(name, {}, own);
      const answer = routeCall(call(), replicas, strategy, undefined, own);
      if (answer !== undefined) expect(answer.free && replicas.includes(answer)).toBe(true);
      else expect(replicas.filter((one) => one.free && mayUse(call(), one, replicas, strategy, own))).toEqual([]);
    }),
  );
});
