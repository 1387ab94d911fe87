// The store of a controller that deploys and scales, cut at the bytes that were under way to the disk (K4). What SQLite
// writes between two syncs may reach the disk in part: as a beginning, with holes, with whatever stood there before.
//   - To the log: everything after the last acknowledged write, which was synced.
//   - To the main file: while the log is copied into it, any part of any page; the log is whole then.
//   - The witness is not waited for: it may be of an earlier write, half written or missing.
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Checkpoint } from "../../src/controller/checkpoint.ts";
import { ControllerState } from "../../src/controller/state.ts";
import { type Random, seededRandom } from "../../src/core/random.ts";
import { SqliteStore } from "../../src/engines/local/sqlite-store.ts";
import { LOG_SUFFIX, verifyStore } from "../../src/engines/local/verify-store.ts";
import { app, Harness } from "../sim/harness.ts";
import { putFiles, type Recorded, RecordingStore, type StoreFiles, textOf } from "./store-files.ts";

const SEED = 20_261;
const PAGE = 4096;
const SECTOR = 512;

let folder: string;
let random: Random;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "manta-power-cut-"));
  random = seededRandom(SEED);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const below = (limit: number): number => Math.floor(random.next() * limit);

/** Runs a controller over a real store: deploys, scales, broken code, deletes. Large deploys fill the log quickly. */
async function controllerRun(
  rounds: number,
  argBytes: number,
  onWrite: (a: Recorded, b: Recorded) => void,
): Promise<void> {
  mkdirSync(join(folder, "live"));
  const h = new Harness({ bootMs: () => 5 + below(40), drainMs: () => 5 }, SEED);
  const store = new RecordingStore(new SqliteStore(join(folder, "live", "state.db")), onWrite);
  h.cluster.store = store;
  await h.startHead();
  for (let round = 0; round < rounds; round++) {
    const name = `app${round % 3}`;
    const versioned = app(name, `v${round}`, { Inner: { numReplicas: 1 + below(3) }, Main: {} });
    const [first] = versioned.spec.deployments;
    const large = { ...first, initArgs: new Uint8Array(argBytes).fill(round) } as NonNullable<typeof first>;
    const spec = { ...versioned.spec, deployments: [large, ...versioned.spec.deployments.slice(1)] };
    h.controller.deploy([{ ...versioned, spec }]);
    await h.run(below(300));
    if (round % 5 === 4) await h.settle(h.controller.delete(name));
  }
  h.controller.stop();
  store.close();
}

/** What is on the disk when only some of what changed had got there: `after` up to `at`, then `tail`. */
function cutLog(before: Buffer, after: Buffer, at: number): Buffer {
  const tails = [
    // What stood there before.
    () => before.subarray(at),
    // The file had grown already.
    () => Buffer.alloc(after.length - at),
    // A sector that was being written.
    () => Buffer.from(Array.from({ length: Math.min(SECTOR, after.length - at) }, () => below(256))),
    // Later sectors came first.
    () => {
      const rest = Buffer.from(after.subarray(at));
      for (let sector = 0; sector < rest.length; sector += SECTOR) {
        if (sector === 0 || below(2) === 0) rest.fill(0, sector, Math.min(sector + SECTOR, rest.length));
      }
      return rest;
    },
  ];
  return Buffer.concat([after.subarray(0, at), (tails[below(tails.length)] ?? tails[0]!)()]);
}

/** The main file while the log is copied into it: each page that changed is old, new, or torn at some byte. */
function cutMain(before: Buffer, after: Buffer): Buffer {
  const torn = Buffer.from(before);
  const pages: Buffer[] = [];
  for (let start = 0; start < after.length; start += PAGE) {
    const at = [0, PAGE, below(PAGE)][below(3)] ?? 0;
    const old = torn.subarray(start, start + PAGE);
    pages.push(
      Buffer.concat([after.subarray(start, start + at), old.length > at ? old.subarray(at) : Buffer.alloc(PAGE - at)]),
    );
  }
  return Buffer.concat(pages).subarray(0, Math.max(before.length, PAGE * below(pages.length + 1)));
}

function cutWitness({ files: { witness } }: Recorded, earlier: readonly Buffer[]): Buffer | null {
  const torn = witness === null ? null : witness.subarray(0, below(witness.length));
  return [witness, null, torn, earlier[below(earlier.length)] ?? null][below(4)] ?? null;
}

/** Where the two logs differ first; the end of the shorter when nowhere. */
function firstChange(before: Buffer, after: Buffer): number {
  const shorter = Math.min(before.length, after.length);
  for (let at = 0; at < shorter; at++) if (before[at] !== after[at]) return at;
  return shorter;
}

/** The end of the last byte in which they differ. */
function lastChange(before: Buffer, after: Buffer): number {
  let end = after.length;
  while (end > 0 && before[end - 1] === after[end - 1]) end--;
  return end;
}

/** A head starts on what the cut left: it has the acknowledged state, or the next one whole, and goes on from there. */
function expectRecovered(files: StoreFiles, allowed: readonly string[]): void {
  const path = join(folder, "cut", "state.db");
  putFiles(path, files);
  expect(allowed).toContain(textOf(verifyStore(path)));
  if (below(8) > 0) return;
  const store = new SqliteStore(path);
  const state = new ControllerState();
  new Checkpoint(store).load(state, 0);
  store.write(new Map([["head/next", new Uint8Array([1])]]));
  store.close();
}

it(
  "keeps what was acknowledged through a cut at bytes all over a run of deploys and scales (K4)",
  { timeout: 120_000 },
  async () => {
    const CUTS_PER_WRITE = 5;
    const seen = { writes: 0, appended: 0, restarted: 0, copied: 0 };
    const witnesses: Buffer[] = [];
    await controllerRun(16, 400_000, (before, after) => {
      seen.writes++;
      const [oldLog, newLog] = [before.files.log ?? Buffer.alloc(0), after.files.log ?? Buffer.alloc(0)];
      const [oldMain, newMain] = [before.files.main ?? Buffer.alloc(0), after.files.main ?? Buffer.alloc(0)];
      const from = firstChange(oldLog, newLog);
      seen[from < oldLog.length ? "restarted" : "appended"]++;
      const span = (from < oldLog.length ? lastChange(oldLog, newLog) : newLog.length) - from;
      for (let cut = 0; cut < CUTS_PER_WRITE; cut++) {
        const log = cutLog(oldLog, newLog, from + below(span + 1));
        const witness = cutWitness(before, witnesses);
        expectRecovered({ main: oldMain, log, witness }, [before.state, after.state]);
      }
      if (!oldMain.equals(newMain)) {
        seen.copied++;
        for (let cut = 0; cut < 10 * CUTS_PER_WRITE; cut++) {
          const witness = cutWitness(after, witnesses);
          expectRecovered({ main: cutMain(oldMain, newMain), log: newLog, witness }, [after.state]);
        }
      }
      if (before.files.witness !== null) witnesses.push(before.files.witness);
    });
    expect(seen.writes).toBeGreaterThan(100);
    expect(seen.appended).toBeGreaterThan(20);
    expect(seen.restarted).toBeGreaterThan(0);
    expect(seen.copied).toBeGreaterThan(0);
  },
);

it(
  "keeps what was acknowledged through a cut at every single byte of a deploy (K4)",
  { timeout: 120_000 },
  async () => {
    const path = join(folder, "cut", "state.db");
    let cuts = 0;
    let write = 0;
    await controllerRun(2, 100, (before, after) => {
      if (++write !== 6) return;
      const [oldLog, newLog] = [before.files.log ?? Buffer.alloc(0), after.files.log ?? Buffer.alloc(0)];
      putFiles(path, { ...before.files, log: newLog });
      const file = openSync(path + LOG_SUFFIX, "r+");
      for (let at = newLog.length - 1; at >= oldLog.length; at--) {
        ftruncateSync(file, at);
        if (textOf(verifyStore(path)) !== before.state) throw new Error(`cut at byte ${at}: another state`);
        writeSync(file, Buffer.alloc(SECTOR, 0xa5), 0, SECTOR - (at % SECTOR), at);
        if (at % 8 === 0 && textOf(verifyStore(path)) !== before.state)
          throw new Error(`torn at byte ${at}: another state`);
        cuts++;
      }
      closeSync(file);
    });
    expect(cuts).toBeGreaterThan(2 * PAGE);
  },
);
