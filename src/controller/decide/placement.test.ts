import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Resources } from "../../engine/engine.ts";
import { NO_RESOURCES, type NodeLoad, byVictimOrder, choosePlace, mayMakeRoom, nodesToFree } from "./placement.ts";

const resources = (over: Partial<Resources> = {}): Resources => ({ ...NO_RESOURCES, ...over });
const node = (id: string, over: Partial<NodeLoad> = {}): NodeLoad => ({
  id,
  total: resources({ cpus: 4, gpus: 1 }),
  claimed: NO_RESOURCES,
  replicas: 0,
  own: 0,
  ...over,
});
const needs = (over: Partial<Resources> = {}, maxReplicasPerNode: number | null = null) => ({
  resources: resources({ cpus: 1, ...over }),
  maxReplicasPerNode,
});

describe("choosePlace", () => {
  it.each<[string, ReturnType<typeof needs>, NodeLoad[], string | null]>([
    ["spreads the deployment first (R1)", needs(), [node("a", { own: 1 }), node("b", { replicas: 9 })], "b"],
    ["then all deployments (R1)", needs(), [node("a", { replicas: 2 }), node("b", { replicas: 1 })], "b"],
    [
      "prefers a node with room (R2)",
      needs(),
      [node("a", { claimed: resources({ cpus: 4 }) }), node("b", { own: 3 })],
      "b",
    ],
    [
      "waits where there could be room rather than where there never is (R2)",
      needs({ gpus: 1 }),
      [node("a", { total: resources({ cpus: 4 }) }), node("b", { claimed: resources({ gpus: 1 }), own: 3 })],
      "b",
    ],
    ["lets the engine say what no node has (R2)", needs({ gpus: 9 }), [node("a")], "a"],
    ["keeps to maxReplicasPerNode (R2)", needs({}, 1), [node("a", { own: 1 }), node("b", { replicas: 9 })], "b"],
    ["finds none when every node has its share (R2)", needs({}, 1), [node("a", { own: 1 })], null],
    [
      "counts custom resources",
      needs({ custom: { tpu: 1 } }),
      [node("a"), node("b", { total: resources({ cpus: 1, custom: { tpu: 1 } }), own: 1 })],
      "b",
    ],
  ])("%s", (_what, wanted, nodes, expected) => expect(choosePlace(wanted, nodes)).toBe(expected));

  it("fills nodes evenly, whatever their order (R1, R4)", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(20), (count, starts) => {
        const own = new Map(Array.from({ length: count }, (_, i) => [`n${i}`, 0]));
        for (let i = 0; i < starts; i++) {
          const loads = [...own].map(([id, n]) => node(id, { own: n, replicas: n }));
          const chosen = choosePlace(needs(), loads) ?? "";
          expect(choosePlace(needs(), loads.reverse())).toBe(chosen);
          own.set(chosen, (own.get(chosen) ?? 0) + 1);
        }
        expect(Math.max(...own.values()) - Math.min(...own.values())).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("mayMakeRoom", () => {
  it.each<[Partial<Resources>, Partial<Resources>, boolean]>([
    [{ cpus: 1 }, { cpus: 1 }, true],
    [{ cpus: 0 }, { cpus: 1 }, false],
    [{ cpus: 1 }, { cpus: 1, gpus: 1 }, false],
    [{ cpus: 1, gpus: 1 }, { cpus: 1, gpus: 2 }, true],
    [{ gpus: 1 }, { gpus: 1, custom: { tpu: 1 } }, false],
    [{ gpus: 1, custom: { tpu: 1 } }, { gpus: 1, custom: { tpu: 1 } }, true],
  ])("of what %o held for %o: %s", (held, needed, expected) => {
    expect(mayMakeRoom(resources(held), resources(needed))).toBe(expected);
  });
});

describe("victims", () => {
  it("come from the emptiest node first, from the head's last, the newest first (R3)", () => {
    const order = nodesToFree(
      [
        { id: "head", replicas: 1 },
        { id: "full", replicas: 5 },
        { id: "empty", replicas: 2 },
      ],
      "head",
    );
    expect(order).toEqual(["empty", "full", "head"]);
    const victim = (id: string, nodeId: string, startMs: number, rank = 0) => ({ id, node: nodeId, startMs, rank });
    const sorted = [
      victim("a", "head", 9),
      victim("b", "empty", 1),
      victim("c", "empty", 2),
      victim("d", "full", 3, 1),
      victim("e", "full", 3, 2),
      victim("f", "vanished", 0),
    ].sort(byVictimOrder(order));
    expect(sorted.map(({ id }) => id)).toEqual(["f", "c", "b", "e", "d", "a"]);
  });
});
