import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { goalOf as goal, LOADING, NOW, replicaOf, RUNNING } from "../../../tests/fixtures/controller/decide.ts";
import { type ReplicaPhase, isServing, isStarting, isStopping } from "../../model/lifecycle.ts";
import type { ReplicaSnapshot } from "../snapshot.ts";
import type { DeploymentGoal, ReplicaAction } from "./goal.ts";
import { ANYWHERE } from "./placement.ts";
import { decideReplicas } from "./replicas.ts";
import { type StartMemory, afterFailedStart, afterReady, freshMemory } from "./start-failures.ts";
import { REDIAL_MS } from "./times.ts";

const { address: ADDRESS } = RUNNING;
const replica = (id: string, phase: ReplicaPhase, over: Partial<ReplicaSnapshot> = {}): ReplicaSnapshot =>
  replicaOf({ id, phase, ...over });
const old = (id: string, phase: ReplicaPhase): ReplicaSnapshot => replica(id, phase, { codeVersion: "v1" });
const fresh = freshMemory("v2@1");
const words = (actions: readonly ReplicaAction[]): string[] =>
  actions.map((action) => `${action.kind} ${action.kind === "start" ? action.rank : action.id}`);
const decide = (g: DeploymentGoal, seen: readonly ReplicaSnapshot[], memory: StartMemory = fresh): string[] =>
  words(decideReplicas(g, told(g, seen), memory, ANYWHERE, NOW).actions);
/** Replicas that know how many they are, so that only other orders show. */
const told = (g: DeploymentGoal, seen: readonly ReplicaSnapshot[]): ReplicaSnapshot[] =>
  seen.map((r) => ({ ...r, worldSize: g.replicas }));

describe("decideReplicas", () => {
  it.each<[string, DeploymentGoal, ReplicaSnapshot[], string[]]>([
    ["starts all at once at first (D2)", goal(3), [], ["start 0", "start 1", "start 2"]],
    ["is content with what it wanted", goal(1), [replica("a", RUNNING)], []],
    ["fills the smallest free rank", goal(2), [replica("a", RUNNING, { rank: 1 })], ["start 0"]],
    ["loads a process that is up", goal(1), [replica("a", { kind: "idle" })], ["load a"]],
    ["starts one new beside the old (R1)", goal(2), [old("a", RUNNING), old("b", RUNNING)], ["start 0"]],
    ["drains no old one while the new one loads (R2)", goal(1), [old("a", RUNNING), replica("b", LOADING)], []],
    ["drains an old one when a new one serves (R2)", goal(1), [old("a", RUNNING), replica("b", RUNNING)], ["leave a"]],
    ["kills an old one that does not serve yet (R3)", goal(1), [old("a", LOADING)], ["kill a", "start 0"]],
    ["fills the place of an old one that died", goal(2), [old("a", RUNNING)], ["start 0", "start 1"]],
    ["takes away the highest rank", goal(1), [replica("a", RUNNING), replica("b", RUNNING, { rank: 1 })], ["leave b"]],
    [
      "takes away what does not serve first",
      goal(1),
      [replica("a", LOADING), replica("b", RUNNING, { rank: 1 })],
      ["kill a", "place b"],
    ],
    ["tells changed options in place (D1)", goal(1, { configRevision: 2 }), [replica("a", RUNNING)], ["reconfigure a"]],
    [
      "drains when callers let go (D5)",
      goal(1),
      [replica("z", { kind: "leaving", untilMs: NOW + 9 }, { released: true })],
      ["drain z", "start 0"],
    ],
    ["waits for callers to let go (D5)", goal(0), [replica("z", { kind: "leaving", untilMs: NOW + 9 })], []],
    ["kills at the end of the grace (D5)", goal(0), [replica("z", { kind: "draining", untilMs: NOW })], ["kill z"]],
    [
      "waits for one known from the checkpoint (K1)",
      goal(1),
      [replica("a", { kind: "recovering", address: ADDRESS, readySinceMs: 0, untilMs: NOW + 1 })],
      [],
    ],
    [
      "gives it up at its limit (K1)",
      goal(1),
      [replica("a", { kind: "recovering", address: ADDRESS, readySinceMs: 0, untilMs: NOW })],
      ["kill a", "start 0"],
    ],
    ["waits for a link to come back", goal(1), [replica("a", RUNNING, { linkLostAtMs: NOW - REDIAL_MS + 1 })], []],
    [
      "replaces a replica whose link stays closed (R5)",
      goal(1),
      [replica("a", RUNNING, { linkLostAtMs: NOW - REDIAL_MS })],
      ["kill a", "start 0"],
    ],
    ["replaces a stuck process", goal(1), [replica("a", RUNNING, { stuck: "state T" })], ["kill a", "start 0"]],
    [
      "ends everything at a goal of nothing",
      goal(0),
      [old("a", RUNNING), replica("b", LOADING)],
      ["kill b", "leave a"],
    ],
  ])("%s", (_name, wanted, seen, expected) => expect(decide(wanted, seen)).toEqual(expected));

  it("starts no more than the tries that are left (D4)", () => {
    const failed = [1, 2, 3, 4, 5].reduce((memory) => afterFailedStart(memory, 0, "x", NOW), fresh);
    expect(decide(goal(2), [], failed)).toEqual(["start 0"]);
    expect(decide(goal(2), [], afterFailedStart(failed, 0, "x", NOW))).toEqual([]);
  });

  it("lets a slot wait, and says until when (D4)", () => {
    const memory = afterFailedStart(afterReady(fresh, 0), 0, "x", NOW);
    expect(decideReplicas(goal(1), [], memory, ANYWHERE, NOW)).toEqual({ actions: [], wakeAtMs: NOW + 1000 });
    expect(words(decideReplicas(goal(1), [], memory, ANYWHERE, NOW + 1000).actions)).toEqual(["start 0"]);
  });
});

const phase: fc.Arbitrary<ReplicaPhase> = fc.oneof(
  fc.constantFrom<ReplicaPhase>(
    { kind: "launching" },
    { kind: "idle" },
    LOADING,
    { kind: "failed", error: "x" },
    RUNNING,
    { ...RUNNING, kind: "updating" },
  ),
  fc.integer({ min: -5, max: 5 }).chain((offset) => {
    const untilMs = NOW + offset;
    return fc.constantFrom<ReplicaPhase>(
      { kind: "leaving", untilMs },
      { kind: "draining", untilMs },
      { kind: "ending", untilMs },
      { kind: "recovering", address: ADDRESS, readySinceMs: 0, untilMs },
    );
  }),
);
const snapshots = fc
  .array(
    fc.record({
      codeVersion: fc.constantFrom("v1", "v2"),
      configRevision: fc.integer({ min: 1, max: 2 }),
      rank: fc.nat(9),
      phase,
      linkLostAtMs: fc.constantFrom(null, null, NOW - 1, NOW - REDIAL_MS),
      released: fc.boolean(),
      worldSize: fc.nat(3),
      node: fc.constantFrom("n", "m"),
      startMs: fc.nat(3),
    }),
    { maxLength: 14 },
  )
  .map((list) => list.map((entry, index): ReplicaSnapshot => replica(`r${index}`, entry.phase, entry)));

describe("decideReplicas, whatever it sees,", () => {
  it("never goes above target and surge, and never takes serving replicas below the target (R1, R2)", () => {
    fc.assert(
      fc.property(fc.nat(8), snapshots, (replicas, seen) => {
        const wanted = goal(replicas);
        const { actions } = decideReplicas(wanted, seen, fresh, ANYWHERE, NOW);
        const touched = new Map(actions.flatMap((a) => (a.kind === "start" ? [] : [[a.id, a] as const])));
        const starts = actions.filter(({ kind }) => kind === "start").length;
        const stopped = (id: string): boolean =>
          ["leave", "drain", "kill", "forget"].includes(touched.get(id)?.kind ?? "");
        const live = seen.filter((r) => !isStopping(r.phase) && !stopped(r.id));
        if (starts > 0) expect(live.length + starts).toBeLessThanOrEqual(wanted.replicas + wanted.rollout.surge);
        const healthy = seen.filter((r) => isServing(r.phase) && (r.linkLostAtMs ?? NOW) > NOW - REDIAL_MS);
        const left = healthy.filter((r) => touched.get(r.id)?.kind !== "leave").length;
        expect(left).toBeGreaterThanOrEqual(Math.min(replicas, healthy.length));
      }),
    );
  });

  it("says the same for the same, in any order, one thing a replica, each with a reason (R4)", () => {
    fc.assert(
      fc.property(fc.nat(8), snapshots, (replicas, seen) => {
        const first = decideReplicas(goal(replicas), seen, fresh, ANYWHERE, NOW);
        expect(decideReplicas(goal(replicas), [...seen].reverse(), fresh, ANYWHERE, NOW)).toEqual(first);
        const ids = first.actions.flatMap((action) => (action.kind === "start" ? [] : [action.id]));
        expect(new Set(ids).size).toBe(ids.length);
        expect(first.actions.every(({ reason }) => reason !== "")).toBe(true);
        expect(first.wakeAtMs ?? NOW + 1).toBeGreaterThan(NOW);
      }),
    );
  });

  it("gives each new replica of the version a rank of its own", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), snapshots, (replicas, seen) => {
        const { actions } = decideReplicas(goal(replicas), seen, fresh, ANYWHERE, NOW);
        const gone = new Set(
          actions.flatMap((a) =>
            ["start", "load", "reconfigure", "place"].includes(a.kind) || !("id" in a) ? [] : [a.id],
          ),
        );
        const held = seen
          .filter((r) => r.codeVersion === "v2" && !isStopping(r.phase) && !gone.has(r.id))
          .map(({ rank }) => rank);
        const given = actions.flatMap((action) => (action.kind === "start" ? [action.rank] : []));
        expect(given.filter((rank) => held.includes(rank))).toEqual([]);
        expect(new Set(given).size).toBe(given.length);
      }),
    );
  });

  it("leaves nothing to do once its wishes came true", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), snapshots, (replicas, seen) => {
        const wanted = goal(replicas);
        let world = [...seen];
        let made = 0;
        for (let step = 0; step < 60; step++) {
          const { actions } = decideReplicas(wanted, world, fresh, ANYWHERE, NOW + step * 10_000);
          world = world.map((r) => ({
            ...r,
            linkLostAtMs: null,
            phase: isStarting(r.phase) && r.phase.kind !== "idle" ? { kind: "idle" } : r.phase,
          }));
          for (const action of actions) {
            if (action.kind === "start") world.push(replica(`n${made++}`, { kind: "idle" }, { rank: action.rank }));
            else if (action.kind === "load")
              world = world.map((r) => (r.id === action.id ? { ...r, phase: RUNNING } : r));
            else if (action.kind === "reconfigure")
              world = world.map((r) => (r.id === action.id ? { ...r, configRevision: 1 } : r));
            else if (action.kind === "place")
              world = world.map((r) => (r.id === action.id ? { ...r, rank: action.rank, worldSize: replicas } : r));
            else world = world.filter(({ id }) => id !== action.id);
          }
          world = world.map((r) => (r.phase.kind === "updating" ? { ...r, phase: RUNNING, configRevision: 1 } : r));
        }
        expect(world.map(({ codeVersion, phase: { kind } }) => `${codeVersion} ${kind}`)).toEqual(
          Array<string>(replicas).fill("v2 running"),
        );
      }),
    );
  });
});
