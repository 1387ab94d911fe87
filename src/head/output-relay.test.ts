import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import type { ReplicaOutput } from "../protocol/control.ts";
import { OutputRelay, type ReplicaName } from "./output-relay.ts";

const NAME = { application: "shop", deployment: "Cart", replicaId: "r1" };

let folder: string;
let path: string;
let clock: ManualClock;
let replicas: ReplicaName[];
let relay: OutputRelay;
let got: ReplicaOutput[];

const take = (output: ReplicaOutput): Promise<void> => {
  got.push(output);
  return Promise.resolve();
};
const lines = (): string[] => got.flatMap((output) => output.lines);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "manta-relay-"));
  path = join(folder, "replica_shop_Cart_r1.out");
  clock = new ManualClock();
  replicas = [NAME];
  got = [];
  relay = new OutputRelay(folder, () => replicas, clock);
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("OutputRelay", () => {
  it("does nothing before somebody asks, nor after the last one left", async () => {
    relay.connect("cli-1", take);
    relay.started("r1");
    expect(clock.pending).toBe(0);
    relay.follow("cli-1", null);
    expect(clock.pending).toBe(1);
    relay.disconnect("cli-1");
    expect(clock.pending).toBe(0);
  });

  it("gives what is printed from now on, and all of a replica that starts later", async () => {
    writeFileSync(path, "old\n");
    relay.connect("cli-1", take);
    expect(relay.follow("cli-1", null)).toEqual({ r1: 4 });
    replicas.push({ ...NAME, replicaId: "r2" });
    relay.started("r2");
    appendFileSync(path, "new\n");
    writeFileSync(join(folder, "replica_shop_Cart_r2.out"), "first\n");
    await clock.advance(100);
    expect(got).toEqual([
      { ...NAME, lines: ["new"], skippedBytes: 0, position: 8 },
      { ...NAME, replicaId: "r2", lines: ["first"], skippedBytes: 0, position: 6 },
    ]);
  });

  it("goes on where the listener stands (R2)", async () => {
    writeFileSync(path, "one\ntwo\n");
    relay.connect("cli-1", take);
    expect(relay.follow("cli-1", { r1: 4 })).toEqual({ r1: 4 });
    await clock.advance(100);
    expect(lines()).toEqual(["two"]);
  });

  it("gives nothing further before the listener has answered (R1)", async () => {
    const answers: (() => void)[] = [];
    relay.connect("cli-1", (output) => {
      got.push(output);
      return new Promise<void>((resolve) => answers.push(resolve));
    });
    relay.follow("cli-1", null);
    writeFileSync(path, "one\n");
    await clock.advance(100);
    appendFileSync(path, "two\n");
    await clock.advance(500);
    expect(lines()).toEqual(["one"]);
    answers[0]?.();
    await clock.advance(100);
    expect(lines()).toEqual(["one", "two"]);
  });

  it("gives the last words of a replica that ended, then lets go of its file (R3)", async () => {
    relay.connect("cli-1", take);
    relay.follow("cli-1", null);
    writeFileSync(path, "good");
    relay.exited("r1");
    await clock.advance(100);
    appendFileSync(path, "bye\n");
    await clock.advance(1000);
    expect(lines()).toEqual(["good"]);
  });

  it("passes everything on before the end, unless the listener does not take it (R3)", async () => {
    relay.connect("cli-1", take);
    relay.connect("cli-2", () => new Promise(() => undefined));
    relay.follow("cli-1", null);
    relay.follow("cli-2", null);
    writeFileSync(path, "last\n");
    const flushed = relay.flush();
    await clock.advance(1000);
    await flushed;
    expect(lines()).toEqual(["last"]);
    expect(clock.pending).toBe(0);
  });
});
