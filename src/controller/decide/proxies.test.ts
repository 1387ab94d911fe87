import { describe, expect, it } from "vitest";
import type { ProxyPhase } from "../../model/lifecycle.ts";
import type { ProxySnapshot } from "../snapshot.ts";
import { type ProxyMemory, afterProxyDeath, decideProxies } from "./proxies.ts";

const NOW = 1_000_000;
const LISTENING = { kind: "listening", host: "127.0.0.1", port: 8000, sinceMs: 0 } as const;
const proxy = (id: string, phase: ProxyPhase, over: Partial<ProxySnapshot> = {}): ProxySnapshot => ({
  id,
  node: "n",
  phase,
  linkLostAtMs: null,
  stuck: null,
  silent: null,
  ...over,
});
const decide = (nodes: string[], seen: ProxySnapshot[], memory = new Map<string, ProxyMemory>()): string[] =>
  decideProxies(nodes, seen, memory, NOW).actions.map(
    (action) => `${action.kind} ${action.kind === "start" ? action.node : action.id}`,
  );

describe("decideProxies", () => {
  it.each<[string, string[], ProxySnapshot[], string[]]>([
    ["starts one on each node", ["n", "m"], [proxy("a", LISTENING)], ["start m"]],
    ["gives a process that is up its port", ["n"], [proxy("a", { kind: "idle" })], ["listen a"]],
    ["waits for one that starts", ["n"], [proxy("a", { kind: "starting" })], []],
    [
      "replaces one that cannot listen",
      ["n"],
      [proxy("a", { kind: "failed", error: "port taken" })],
      ["kill a", "start n"],
    ],
    ["drains one that is not wanted (R2)", [], [proxy("a", LISTENING)], ["drain a"]],
    ["kills one that is not wanted and does not listen (R2)", [], [proxy("a", { kind: "launching" })], ["kill a"]],
    ["waits for one known from the checkpoint (K1)", ["n"], [proxy("a", { kind: "recovering", untilMs: NOW + 1 })], []],
    ["replaces it at its limit (K1)", ["n"], [proxy("a", { kind: "recovering", untilMs: NOW })], ["kill a", "start n"]],
    [
      "replaces one whose link stays closed",
      ["n"],
      [proxy("a", LISTENING, { linkLostAtMs: NOW - 2_000 })],
      ["kill a", "start n"],
    ],
    ["kills one that does not finish draining", [], [proxy("a", { kind: "draining", untilMs: NOW })], ["kill a"]],
  ])("%s", (_name, nodes, seen, expected) => expect(decide(nodes, seen)).toEqual(expected));

  it("replaces at once one that listened, however often it is killed (K3)", () => {
    let memory: ProxyMemory | undefined;
    const waits = Array.from({ length: 8 }, () => (memory = afterProxyDeath(memory, true, NOW)).notBeforeMs - NOW);
    expect(waits).toEqual(waits.map(() => 0));
  });

  it("restarts later from the third death in a row before it listened, 8 s at most (R1)", () => {
    let memory: ProxyMemory | undefined;
    const waits = Array.from({ length: 8 }, () => (memory = afterProxyDeath(memory, false, NOW)).notBeforeMs - NOW);
    expect(waits).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    expect(afterProxyDeath(memory, true, NOW)).toEqual({ failedStarts: 0, notBeforeMs: NOW });
    const waiting = new Map([["n", { failedStarts: 3, notBeforeMs: NOW + 1_000 }]]);
    expect(decideProxies(["n"], [], waiting, NOW)).toEqual({ actions: [], wakeAtMs: NOW + 1_000 });
  });
});
