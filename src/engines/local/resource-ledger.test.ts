import { describe, expect, it } from "vitest";
import type { Resources } from "../../engine/engine.ts";
import { ResourceLedger } from "./resource-ledger.ts";

const needs = (over: Partial<Resources>): Resources => ({ cpus: 0, gpus: 0, memoryBytes: 0, custom: {}, ...over });
const ledger = (countsCpus = false): ResourceLedger =>
  new ResourceLedger({
    total: { cpus: 2, gpus: 2, memoryBytes: 1_000, custom: { tpu: 1 } },
    gpuIds: ["0", "1"],
    countsCpus,
  });

describe("ResourceLedger", () => {
  it.each<[string, Partial<Resources>, ReturnType<ResourceLedger["lack"]>]>([
    ["what there is", { gpus: 2, custom: { tpu: 1 } }, undefined],
    ["more gpus than there are", { gpus: 3 }, { cause: "infeasible", detail: "needs 3 gpus, this node has 2" }],
    ["what nobody has", { custom: { fpga: 1 } }, { cause: "infeasible", detail: "needs 1 fpga, this node has 0" }],
    ["cpus and memory, where they are advisory (R1)", { cpus: 9, memoryBytes: 9_000 }, undefined],
  ])("judges %s", (_what, over, expected) => expect(ledger().lack(needs(over))).toEqual(expected));

  it("counts cpus and memory where the instance says how many cpus it has (R1)", () => {
    const counted = ledger(true);
    counted.claim("a", needs({ cpus: 1.5 }));
    expect(counted.lack(needs({ cpus: 1 }))).toEqual({ cause: "busy", detail: "needs 1 cpus, 0.5 of 2 free" });
    expect(counted.lack(needs({ memoryBytes: 2_000 }))?.cause).toBe("infeasible");
  });

  it("shares a gpu among fractions, and gives whole ones to one process (R2)", () => {
    const node = ledger();
    expect(node.claim("a", needs({ gpus: 0.5 }))).toEqual(["0"]);
    expect(node.claim("b", needs({ gpus: 0.3 }))).toEqual(["0"]);
    expect(node.claim("c", needs({ gpus: 0.5 }))).toEqual(["1"]);
    // 0.7 are free in all, and on no device together.
    expect(node.lack(needs({ gpus: 0.6 }))).toEqual({ cause: "busy", detail: "needs 0.6 gpus, 0.7 of 2 free" });
    expect(node.lack(needs({ gpus: 1 }))?.cause).toBe("busy");
    node.release("c");
    expect(node.claim("d", needs({ gpus: 1 }))).toEqual(["1"]);
  });

  it("fits ten tenths on one gpu (R3)", () => {
    const node = ledger();
    const ids = Array.from({ length: 10 }, (_, i) => node.claim(String(i), needs({ gpus: 0.1 })));
    expect(new Set(ids.flat())).toEqual(new Set(["0"]));
  });

  it("knows what an earlier head gave", () => {
    const node = ledger();
    node.adopt("a", needs({ gpus: 1 }), ["0"]);
    expect(node.claim("b", needs({ gpus: 1 }))).toEqual(["1"]);
    expect(node.release("a")).toBe(true);
    expect(node.release("a")).toBe(false);
  });
});
