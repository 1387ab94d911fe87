import { describe, expect, it } from "vitest";
import {
  PROXY_MOVES,
  PROXY_STATUSES,
  REPLICA_MOVES,
  REPLICA_STATES,
  canMove,
  isStopping,
  publishedAddress,
} from "./lifecycle.ts";

/** Everything that can be reached from `start`. */
function reachable(moves: Readonly<Record<string, readonly string[]>>, start: string): Set<string> {
  const seen = new Set([start]);
  for (const from of seen) for (const to of moves[from] ?? []) seen.add(to);
  return seen;
}

describe.each([
  ["a replica", REPLICA_MOVES, REPLICA_STATES],
  ["a proxy", PROXY_MOVES, PROXY_STATUSES],
])("the life of %s", (_what, moves, shown) => {
  it("ends from every phase, and its end is the end (R1)", () => {
    for (const phase of Object.keys(moves)) expect(reachable(moves, phase)).toContain("gone");
    expect(moves.gone).toEqual([]);
  });

  it("reaches every phase from its beginning, or from a checkpoint", () => {
    const phases = new Set([...reachable(moves, "launching"), ...reachable(moves, "recovering")]);
    expect([...phases].sort()).toEqual(Object.keys(moves).sort());
  });

  it("has a word of status for every phase", () => {
    expect(Object.keys(shown).sort()).toEqual(
      Object.keys(moves)
        .filter((phase) => phase !== "gone")
        .sort(),
    );
  });

  it("never comes back from its way out", () => {
    expect(canMove(moves, "draining", "idle")).toBe(false);
    expect(canMove(moves, "ending", "draining")).toBe(false);
  });
});

describe("publishedAddress", () => {
  const address = { kind: "memory", name: "x" } as const;

  it("is that of replicas that serve, or did when the last head wrote its checkpoint (R2)", () => {
    expect(publishedAddress({ kind: "running", address, readySinceMs: 0 })).toBe(address);
    expect(publishedAddress({ kind: "recovering", address, readySinceMs: 0, untilMs: 1 })).toBe(address);
    expect(publishedAddress({ kind: "recovering", address: null, readySinceMs: 0, untilMs: 1 })).toBeNull();
    expect(publishedAddress({ kind: "leaving", untilMs: 1 })).toBeNull();
    expect(isStopping({ kind: "leaving", untilMs: 1 })).toBe(true);
  });
});
