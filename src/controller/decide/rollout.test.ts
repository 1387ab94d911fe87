import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { goalOf, LOADING, NOW, replicaOf, RUNNING } from "../../../tests/fixtures/controller/decide.ts";
import { type ReplicaPhase, isServing, isStarting, isStopping } from "../../model/lifecycle.ts";
import type { ReplicaSnapshot } from "../snapshot.ts";
import type { DeploymentGoal, RolloutRule } from "./goal.ts";
import { ANYWHERE, NO_RESOURCES } from "./placement.ts";
import { decideReplicas } from "./replicas.ts";
import { rolloutRule } from "./rollout.ts";
import { type StartMemory, afterDeath, afterFailedStart, freshMemory, healthyMemory } from "./start-failures.ts";

const LEAVING = { kind: "leaving", untilMs: NOW + 9 } as const;
const goal = (replicas: number, rollout: RolloutRule, over: Partial<DeploymentGoal> = {}): DeploymentGoal =>
  goalOf(replicas, { rollout, ...over });
const replica = (id: string, codeVersion: string, phase: ReplicaPhase, over: Partial<ReplicaSnapshot> = {}) =>
  replicaOf({ id, codeVersion, phase, ...over });
/** `old 3 v1`: so many replicas of a version. */
const many = (count: number, version: string, phase: ReplicaPhase = RUNNING, over: Partial<ReplicaSnapshot> = {}) =>
  Array.from({ length: count }, (_, i) =>
    replica(`${version}-${phase.kind}-${i}`, version, phase, { rank: i, ...over }),
  );
const rollout = freshMemory("v2@1", true);
/** How many start, leave and are killed. */
const counts = (g: DeploymentGoal, seen: ReplicaSnapshot[], memory: StartMemory = rollout) => {
  const known = seen.map((r) => ({ ...r, worldSize: g.replicas }));
  const { actions } = decideReplicas(g, known, memory, ANYWHERE, NOW);
  const count = (kind: string) => actions.filter((action) => action.kind === kind).length;
  return { start: count("start"), leave: count("leave"), kill: count("kill") };
};

describe("rolloutRule", () => {
  it.each<[number, number, number | null, RolloutRule]>([
    [1, 0.2, null, { surge: 1, batch: 1, stopFirst: false }],
    [4, 0.2, null, { surge: 1, batch: 1, stopFirst: false }],
    [10, 0.2, null, { surge: 2, batch: 2, stopFirst: false }],
    [25, 0.2, null, { surge: 5, batch: 5, stopFirst: false }],
    [10, 1, null, { surge: 10, batch: 10, stopFirst: false }],
    [10, 0.2, 0, { surge: 0, batch: 2, stopFirst: true }],
    [10, 0.2, 25, { surge: 3, batch: 2, stopFirst: false }],
    [1, 0.2, 10, { surge: 1, batch: 1, stopFirst: false }],
  ])("%i replicas, share %f, surge %s (D2, reference 4.11)", (replicas, share, surge, expected) => {
    expect(rolloutRule(replicas, share, surge)).toEqual(expected);
  });
});

const FIRST = rolloutRule(10, 0.2, null);
const STOP = rolloutRule(10, 0.2, 0);
const SURGE = rolloutRule(10, 0.2, 50);

describe("a rollout", () => {
  it.each<[string, DeploymentGoal, ReplicaSnapshot[], ReturnType<typeof counts>]>([
    ["starts a batch beside the old (R1)", goal(10, FIRST), many(10, "v1"), { start: 2, leave: 0, kill: 0 }],
    [
      "takes old ones away as new ones serve (R2)",
      goal(10, FIRST),
      [...many(10, "v1"), ...many(1, "v2"), ...many(1, "v2", LOADING)],
      { start: 1, leave: 1, kill: 0 },
    ],
    [
      "fills the surge again when an old one is on its way out (R1)",
      goal(10, FIRST),
      [...many(9, "v1"), ...many(1, "v1", LEAVING), ...many(1, "v2"), ...many(1, "v2", LOADING)],
      { start: 1, leave: 0, kill: 0 },
    ],
    [
      "replaces within the batch where the engine has no room (R3)",
      goal(10, FIRST),
      [...many(10, "v1"), ...many(2, "v2", { kind: "launching" }, { pending: "busy" })],
      { start: 2, leave: 2, kill: 0 },
    ],
    [
      "and waits then for the room (R3)",
      goal(10, FIRST),
      [...many(8, "v1"), ...many(2, "v1", LEAVING), ...many(2, "v2", { kind: "launching" }, { pending: "busy" })],
      { start: 2, leave: 0, kill: 0 },
    ],
    [
      "gives up no old one for what the engine can never start (R3)",
      goal(10, FIRST),
      [...many(10, "v1"), ...many(2, "v2", { kind: "launching" }, { pending: "infeasible" })],
      { start: 0, leave: 0, kill: 0 },
    ],
    ["stops a batch first and replaces it (R4)", goal(10, STOP), many(10, "v1"), { start: 2, leave: 2, kill: 0 }],
    [
      "counts those that start as missing (R4)",
      goal(10, STOP),
      [...many(8, "v1"), ...many(1, "v2"), ...many(1, "v2", LOADING)],
      { start: 1, leave: 1, kill: 0 },
    ],
    [
      "stops none while a batch is missing (R4)",
      goal(10, STOP),
      [...many(8, "v1"), ...many(2, "v2", LOADING)],
      { start: 0, leave: 0, kill: 0 },
    ],
    [
      "lets a smaller target come true first (R2, R4)",
      goal(5, rolloutRule(5, 0.2, 0)),
      many(10, "v1"),
      { start: 0, leave: 5, kill: 0 },
    ],
    [
      "surges as far as the option says (reference 4.11)",
      goal(10, SURGE),
      many(10, "v1"),
      { start: 5, leave: 0, kill: 0 },
    ],
    [
      "takes away one batch at a time (reference 4.11)",
      goal(10, SURGE),
      [...many(10, "v1"), ...many(5, "v2")],
      { start: 2, leave: 2, kill: 0 },
    ],
    [
      "kills old ones that do not serve",
      goal(10, FIRST),
      [...many(4, "v1"), ...many(6, "v1", LOADING)],
      { start: 8, leave: 0, kill: 6 },
    ],
    [
      "makes place for replicas of a node that is being emptied",
      goal(2, FIRST),
      [...many(1, "v2"), ...many(1, "v2", RUNNING, { id: "x", displaced: true, rank: 1 })],
      { start: 1, leave: 0, kill: 0 },
    ],
  ])("%s", (_what, wanted, seen, expected) => expect(counts(wanted, seen)).toEqual(expected));

  it("gives up no old one for what the old ones do not hold (R3)", () => {
    const needs = { resources: { ...NO_RESOURCES, gpus: 1 } };
    const waiting = many(2, "v2", { kind: "launching" }, { pending: "busy", ...needs });
    expect(counts(goal(10, FIRST), [...many(10, "v1"), ...waiting]).leave).toBe(0);
    expect(counts(goal(10, FIRST), [...many(10, "v1", RUNNING, needs), ...waiting]).leave).toBe(2);
  });

  it("replaces within the batch where no node has a place (R3)", () => {
    const full = { ...ANYWHERE, free: 1 };
    const leaving = (seen: ReplicaSnapshot[]) =>
      decideReplicas(goal(10, FIRST), seen, rollout, full, NOW).actions.filter(({ kind }) => kind === "leave").length;
    expect(leaving(many(10, "v1"))).toBe(2);
    expect(leaving([...many(9, "v1"), ...many(9, "v2", LOADING)])).toBe(0);
  });

  it("goes back to the old version by taking the new ones away again", () => {
    const back = goal(10, FIRST, { codeVersion: "v1" });
    const seen = [...many(8, "v1"), ...many(2, "v2"), ...many(2, "v2", LOADING)];
    expect(counts(back, seen)).toEqual({ start: 2, leave: 0, kill: 2 });
    expect(counts(back, [...many(10, "v1"), ...many(2, "v2")])).toEqual({ start: 0, leave: 2, kill: 0 });
  });

  it("is over at the threshold although some of its replicas run, also when those die (start-failures R6)", () => {
    const failures = Array.from({ length: 19 }).reduce<StartMemory>((m) => afterFailedStart(m, 0, "x", NOW), rollout);
    const seen = [...many(9, "v1"), ...many(1, "v2")];
    expect(counts(goal(10, FIRST), seen, failures).start).toBe(1);
    expect(counts(goal(10, FIRST), seen, afterDeath(failures, 0, 60_000, "x", NOW)).start).toBe(0);
  });

  it("that failed with stop-first costs no further old replica (R5)", () => {
    const over = { ...freshMemory("v2@1"), failedStarts: 20 };
    expect(counts(goal(10, STOP), many(10, "v1"), over)).toEqual({ start: 0, leave: 0, kill: 0 });
  });
});

describe("a stalled rollout", () => {
  const stalled = goal(4, rolloutRule(4, 0.2, null), { codeVersion: "v1", stalled: true });
  const memory = healthyMemory("v1@1");
  it.each<[string, ReplicaSnapshot[], ReturnType<typeof counts>]>([
    ["leaves what serves as it is (R5)", [...many(3, "v1"), ...many(1, "v2")], { start: 0, leave: 0, kill: 0 }],
    ["replaces what dies by the version before", [...many(2, "v1"), ...many(1, "v2")], { start: 1, leave: 0, kill: 0 }],
    ["kills what still starts", [...many(4, "v1"), ...many(1, "v2", LOADING)], { start: 0, leave: 0, kill: 1 }],
    [
      "takes those given up first when there are too many",
      [...many(4, "v1"), ...many(1, "v2")],
      { start: 0, leave: 1, kill: 0 },
    ],
  ])("%s", (_what, seen, expected) => expect(counts(stalled, seen, memory)).toEqual(expected));
});

/** A world in which every order comes true, a step later; `room` processes at most live at a time. */
function play(wanted: DeploymentGoal, seen: ReplicaSnapshot[], room: number, look: (world: ReplicaSnapshot[]) => void) {
  let world = seen;
  let made = 0;
  for (let step = 0; step < 200; step++) {
    const nowMs = NOW + step * 10_000;
    const { actions } = decideReplicas(wanted, world, rollout, ANYWHERE, nowMs);
    for (const action of actions) {
      const change = (over: Partial<ReplicaSnapshot>) =>
        (world = world.map((r) => ("id" in action && r.id === action.id ? { ...r, ...over } : r)));
      if (action.kind === "start") {
        world.push(
          replica(`n${made++}`, wanted.codeVersion, { kind: "launching" }, { rank: action.rank, startMs: step }),
        );
      } else if (action.kind === "load") change({ phase: RUNNING });
      else if (action.kind === "reconfigure") change({ configRevision: wanted.configRevision });
      else if (action.kind === "place") change({ rank: action.rank, worldSize: wanted.replicas });
      else if (action.kind === "leave") change({ phase: { kind: "leaving", untilMs: nowMs + 60_000 }, released: true });
      else world = world.filter(({ id }) => id !== action.id);
    }
    look(world);
    const isUp = ({ phase }: ReplicaSnapshot) => phase.kind !== "launching";
    let free = room - world.filter(isUp).length;
    world = world.map((r) => {
      if (isUp(r)) return r;
      return free-- > 0 ? { ...r, phase: { kind: "idle" }, pending: null } : { ...r, pending: "busy" };
    });
    if (actions.length === 0 && step > 0) return world;
  }
  return world;
}

describe("a rollout, whatever its rule,", () => {
  const rules = fc.record({
    replicas: fc.integer({ min: 1, max: 12 }),
    share: fc.constantFrom(0.1, 0.2, 0.5, 1),
    surge: fc.constantFrom(null, null, 0, 10, 50, 100),
    old: fc.nat(14),
    fresh: fc.nat(4),
  });

  it("keeps its bounds in every step and comes to its end (R1 to R4)", () => {
    fc.assert(
      fc.property(rules, ({ replicas, share, surge, old, fresh }) => {
        const wanted = goal(replicas, rolloutRule(replicas, share, surge));
        const { batch, stopFirst } = wanted.rollout;
        const seen = [...many(old, "v1"), ...many(fresh, "v2")];
        const atFirst = Math.min(replicas, old + fresh);
        const end = play(wanted, seen, 1_000, (world) => {
          const live = world.filter(({ phase }) => !isStopping(phase)).length;
          expect(live).toBeLessThanOrEqual(Math.max(old + fresh, replicas + wanted.rollout.surge));
          const ready = world.filter(({ phase }) => isServing(phase)).length;
          expect(ready).toBeGreaterThanOrEqual(stopFirst ? Math.min(atFirst, replicas - batch) : atFirst);
        });
        expect(end.map(({ codeVersion, phase: { kind } }) => `${codeVersion} ${kind}`)).toEqual(
          Array<string>(replicas).fill("v2 running"),
        );
        expect(end.map(({ rank }) => rank).sort((a, b) => a - b)).toEqual(end.map((_, rank) => rank));
        expect(decideReplicas(wanted, end, rollout, ANYWHERE, NOW).actions).toEqual([]);
      }),
    );
  });

  it("comes to its end without any room, never more than a batch short (R3)", () => {
    fc.assert(
      fc.property(rules, ({ replicas, share, surge }) => {
        const wanted = goal(replicas, rolloutRule(replicas, share, surge));
        const end = play(wanted, many(replicas, "v1"), replicas, (world) => {
          const ready = world.filter(({ phase }) => isServing(phase)).length;
          expect(ready).toBeGreaterThanOrEqual(replicas - wanted.rollout.batch);
        });
        expect(end.filter((r) => r.codeVersion === "v2" && isServing(r.phase))).toHaveLength(replicas);
        expect(end.filter(({ phase }) => isStarting(phase))).toEqual([]);
      }),
    );
  });
});
