import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { LOG_LIMITS, LogKeeper, type LogLimits } from "./log-keeper.ts";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "manta-keep-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function keeper(limits: Partial<LogLimits>, running: readonly string[] = []) {
  return new LogKeeper(folder, (program) => running.includes(program), { ...LOG_LIMITS, ...limits }, new ManualClock());
}

/** @param ageS how long ago it was written */
function write(name: string, text: string, ageS = 0): void {
  writeFileSync(join(folder, name), text);
  const timeS = 1_700_000_000 - ageS;
  utimesSync(join(folder, name), timeS, timeS);
}

const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const names = (): string[] => readdirSync(folder).toSorted();

it("exchanges a full file of output in place and keeps only so many (R1)", async () => {
  const own = keeper({ outputBytes: 4, outputBackups: 2 }, ["replica_a"]);
  for (const text of ["first", "second", "third"]) {
    appendFileSync(join(folder, "replica_a.out"), text);
    await own.look();
  }
  appendFileSync(join(folder, "replica_a.out"), "new");
  await own.look();
  expect(names()).toEqual(["replica_a.out", "replica_a.out.1", "replica_a.out.2"]);
  expect([read("replica_a.out"), read("replica_a.out.1"), read("replica_a.out.2")]).toEqual(["new", "third", "second"]);
});

it("takes away the oldest of programs that have ended, all their files together (R2)", async () => {
  write("replica_old.log", "x", 30);
  write("replica_old.log.1", "x", 40);
  write("replica_old.out", "x", 30);
  write("replica_new.log", "x", 10);
  write("controller_1.log", "x", 20);
  write("replica_runs.log", "x", 90);
  write("head.out", "x", 90);
  write("notes.txt", "x", 90);
  mkdirSync(join(folder, "replica_folder.log"));
  await keeper({ keptPrograms: 2 }, ["replica_runs"]).look();
  expect(names()).toEqual([
    "controller_1.log",
    "head.out",
    "notes.txt",
    "replica_folder.log",
    "replica_new.log",
    "replica_runs.log",
  ]);
});

it("keeps so many bytes of them, the newest (R2)", async () => {
  write("replica_a.log", "12345", 1);
  write("replica_b.log", "12345", 2);
  write("replica_c.log", "1", 3);
  await keeper({ keptBytes: 10 }).look();
  expect(names()).toEqual(["replica_a.log", "replica_b.log"]);
});

it("goes on where there is no folder (R3), and ends without a timer", async () => {
  const clock = new ManualClock();
  const own = new LogKeeper(join(folder, "none"), () => false, LOG_LIMITS, clock);
  await expect(own.look()).resolves.toBeUndefined();
  own.close();
  expect(clock.pending).toBe(0);
});
