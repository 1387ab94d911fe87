// A store whose files were hurt: flipped bytes, copies taken mid-write, files that are missing or empty, wrong rights,
// another version (K4). Whatever happens, it opens with the acknowledged state or with a later whole one, or it is
// refused with one line that names the path and what to do; and what is refused keeps every byte.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isServeError } from "../../src/core/errors.ts";
import { seededRandom } from "../../src/core/random.ts";
import { SqliteStore } from "../../src/engines/local/sqlite-store.ts";
import {
  LOG_SUFFIX,
  STORE_FORMAT,
  STORE_TABLES,
  verifyStore,
  WITNESS_SUFFIX,
} from "../../src/engines/local/verify-store.ts";
import {
  putFiles,
  type Recorded,
  RecordingStore,
  sameFiles,
  type StoreFiles,
  takeFiles,
  textOf,
} from "./store-files.ts";

const STORE = join(import.meta.dirname, "../../src/engines/local/sqlite-store.ts");

/** Of so many bytes one is hurt. */
const STEP = 8;

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "manta-damage-"));
  path = join(folder, "state.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A store of 40 documents after 30 writes, as a killed head leaves it (`closed`: as one that ended does). */
function madeStore(closed = false): Recorded {
  let last: Recorded | undefined;
  const inner = new SqliteStore(path);
  const store = new RecordingStore(inner, (_, after) => void (last = after));
  for (let n = 1; n <= 30; n++) {
    const changes = Array.from(
      { length: 5 },
      (_, i) => [`key-${(n * 3 + i) % 40}`, new Uint8Array(300).fill(n)] as const,
    );
    store.write(new Map(changes));
  }
  if (last === undefined) throw new Error("nothing was written");
  const { generation, state } = last;
  store.close();
  return closed ? { generation, state, files: takeFiles(path) } : last;
}

/** Opens the files as a head does. @returns the state it has; undefined when it is refused, with every byte kept */
function open(files: StoreFiles): string | undefined {
  putFiles(path, files);
  const refusal = refusalOf();
  if (refusal === undefined) return textOf(verifyStore(path));
  expectRefusal(refusal, files);
  return undefined;
}

function refusalOf(): unknown {
  try {
    new SqliteStore(path).close();
    return undefined;
  } catch (error) {
    return error;
  }
}

function expectRefused(files: StoreFiles): void {
  expectRefusal(refusalOf(), files);
}

function expectRefusal(refusal: unknown, files: StoreFiles): void {
  expect(refusal).toMatchObject({
    code: "ENGINE",
    message: expect.stringMatching(/^state store [^\n]*: cannot open: [^\n]+; nothing was overwritten: restore[^\n]+$/),
  });
  expect((refusal as Error).message).toContain(path);
  expect(sameFiles(takeFiles(path), files)).toBe(true);
}

const flipped = (bytes: Buffer, at: number, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
};

describe("a flipped bit", () => {
  it("anywhere in the main file is refused, or lies where nothing is kept (K4)", () => {
    const { state, files } = madeStore(true);
    const main = files.main ?? Buffer.alloc(0);
    const random = seededRandom(7);
    putFiles(path, files);
    const file = openSync(path, "r+");
    let refused = 0;
    for (let at = 0; at < main.length; at += 1 + Math.floor(random.next() * 2 * STEP)) {
      const byte = main[at] ?? 0;
      writeSync(file, Buffer.of(byte ^ (1 << Math.floor(random.next() * 8))), 0, 1, at);
      try {
        expect(textOf(verifyStore(path))).toBe(state);
      } catch (error) {
        if (!isSqliteOrServeError(error)) throw error;
        refused++;
      } finally {
        writeSync(file, Buffer.of(byte), 0, 1, at);
      }
    }
    closeSync(file);
    // The rest: space that is not in use, and header fields that say nothing about the contents.
    expect(refused).toBeGreaterThan((40 * 300) / STEP / 2);
  }, 60_000);

  it("in main file, log or witness leaves a refused store as it is, and a store that opens with the last state (K4)", () => {
    const { state, files } = madeStore();
    const random = seededRandom(11);
    const seen = { opened: 0, refused: 0 };
    for (const name of ["main", "log", "witness"] as const) {
      const bytes = files[name] ?? Buffer.alloc(0);
      for (let n = 0; n < 150; n++) {
        const hurt = flipped(bytes, Math.floor(random.next() * bytes.length), Math.floor(random.next() * 8));
        const found = open({ ...files, [name]: hurt });
        if (found !== undefined) expect(found).toBe(state);
        seen[found === undefined ? "refused" : "opened"]++;
      }
    }
    expect(seen.refused).toBeGreaterThan(20);
    expect(seen.opened).toBeGreaterThan(20);
  });
});

describe("files that are missing or empty", () => {
  const none = null;
  const empty = Buffer.alloc(0);
  const refusedCases: readonly (readonly [string, Partial<StoreFiles>, RegExp])[] = [
    ["no main file, but a log", { main: none }, /it is missing, but .*-wal is there/],
    ["no main file, but a witness", { main: none, log: none }, /it is missing, but .*-acknowledged is there/],
    ["an empty main file", { main: empty }, /it is empty/],
    ["an empty main file alone", { main: empty, log: none, witness: none }, /it is empty/],
    ["a main file of zeros", { main: Buffer.alloc(8192) }, /it is not a SQLite database/],
    [
      "no log",
      { log: none },
      /it holds write \d+, but write 30 was acknowledged; to go on with the older state, delete .*-acknowledged/,
    ],
    ["an empty log", { log: empty }, /but write 30 was acknowledged/],
  ];
  it.each(refusedCases)("%s: refused with what to do, and left as it is (K4)", (_, change, words) => {
    const files = { ...madeStore().files, ...change };
    putFiles(path, files);
    expect(() => new SqliteStore(path)).toThrow(words);
    expectRefused(files);
  });

  it("a truncated main file is refused wherever it ends (K4)", () => {
    const { files } = madeStore(true);
    const main = files.main ?? empty;
    for (let end = 1; end < main.length; end += 509) {
      expect(open({ ...files, main: main.subarray(0, end) })).toBeUndefined();
    }
  });

  it("no witness, or one of an earlier write: opens with the last state", () => {
    const { state, files } = madeStore();
    expect(open({ ...files, witness: none })).toBe(state);
    expect(open({ ...files, witness: empty })).toBe(state);
  });

  it("no -shm, or garbage in it: opens with the last state", () => {
    const { state, files } = madeStore();
    putFiles(path, files);
    writeFileSync(`${path}-shm`, Buffer.alloc(32_768, 0xa5));
    expect(textOf(verifyStore(path))).toBe(state);
    expect(open(files)).toBe(state);
  });

  it("a draft that a cut left behind does not keep a new store from being made (R2)", () => {
    writeFileSync(`${path}.new`, "half of ");
    writeFileSync(`${path}.new-wal`, "half of ");
    const store = new SqliteStore(path);
    store.write(new Map([["a", new Uint8Array([1])]]));
    store.close();
    const again = new SqliteStore(path);
    expect(again.read("a")).toEqual(new Uint8Array([1]));
    again.close();
  });

  it("deleting the witness, as the message says, goes on with the older state", () => {
    const { files } = madeStore();
    putFiles(path, { ...files, log: none });
    expect(() => new SqliteStore(path)).toThrow(/delete .*-acknowledged/);
    rmSync(path + WITNESS_SUFFIX);
    new SqliteStore(path).close();
  });
});

describe("a store that is not this version's", () => {
  it("of a newer format is refused with both numbers, and left as it is (K4)", () => {
    madeStore(true);
    const database = new DatabaseSync(path);
    database.exec(`PRAGMA user_version = ${STORE_FORMAT + 1}`);
    database.close();
    expect(() => new SqliteStore(path)).toThrow(`its format is ${STORE_FORMAT + 1}, and this version of Manta reads`);
    expectRefused(takeFiles(path));
  });

  it.each([
    ["of another program", ["CREATE TABLE orders (id INTEGER)"], "it holds other tables than a store has"],
    ["without a seal", STORE_TABLES, "its documents are not those that were written"],
  ])("%s is refused (K4)", (_, tables, words) => {
    const database = new DatabaseSync(path);
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA user_version = ${STORE_FORMAT}; ${tables.join("; ")}`);
    database.close();
    expect(() => new SqliteStore(path)).toThrow(words);
    expectRefused(takeFiles(path));
  });

  it("but holds nothing, because its instance ended in order, is made anew", () => {
    const database = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode = WAL; CREATE TABLE documents (key TEXT PRIMARY KEY, value BLOB NOT NULL)");
    database.close();
    const store = new SqliteStore(path);
    store.write(new Map([["a", new Uint8Array([1])]]));
    store.close();
    expect(verifyStore(path).generation).toBe(1);
  });

  it("with a document changed behind its back is refused (K4)", () => {
    madeStore(true);
    const database = new DatabaseSync(path);
    database.exec("DELETE FROM documents WHERE key = 'key-7'");
    database.close();
    expect(() => new SqliteStore(path)).toThrow("its documents are not those that were written");
  });
});

describe("rights", () => {
  it("that are missing are named, and nothing is changed (K4)", () => {
    madeStore(true);
    chmodSync(folder, 0o755);
    chmodSync(path, process.getuid?.() === 0 ? 0o600 : 0o000);
    // As root everything may be read: the store is opened as somebody else, who need not be able to read the sources.
    const script = `import { SqliteStore } from ${JSON.stringify(STORE)};
      if (process.getuid() === 0) process.seteuid(65534);
      new SqliteStore(${JSON.stringify(path)});`;
    const { stderr } = spawnSync(process.execPath, ["--input-type=module-typescript", "--eval", script], {
      encoding: "utf8",
    });
    expect(stderr).toContain(`state store ${path}: cannot open: EACCES: permission denied`);
    expect(stderr).toContain("let this user read and write it");
  });

  it("to a folder in the place of the file: refused", () => {
    mkdirSync(path);
    expect(() => new SqliteStore(path)).toThrow(`state store ${path}: cannot open: `);
  });
});

const WRITER = `
import { SqliteStore } from ${JSON.stringify(STORE)};
const store = new SqliteStore(process.argv[2]);
for (let n = 1; ; n++) {
  const value = new TextEncoder().encode(String(n)).slice();
  store.write(new Map([["n", value], ["copy", value], ["pad-" + (n % 50), new Uint8Array(20_000).fill(n)]]));
  process.stdout.write(n + "\\n");
}`;

describe("copies taken while the head writes", () => {
  let writer: ChildProcess;
  let output = "";
  beforeEach(async () => {
    const script = join(folder, "writer.mts");
    writeFileSync(script, WRITER);
    output = "";
    writer = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    writer.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
    while (output === "") await once(writer.stdout!, "data");
  });
  afterEach(async () => {
    writer.kill("SIGKILL");
    await once(writer, "close");
  });

  it("in any order open with what was acknowledged when the copy began, or later, or are refused (K4)", async () => {
    const orders = [
      ["", LOG_SUFFIX, WITNESS_SUFFIX],
      ["", WITNESS_SUFFIX, LOG_SUFFIX],
      [LOG_SUFFIX, "", WITNESS_SUFFIX],
      [WITNESS_SUFFIX, LOG_SUFFIX, ""],
    ];
    const seen = { opened: 0, refused: 0 };
    for (let copy = 0; copy < 60; copy++) {
      await once(writer.stdout!, "data");
      const acknowledged = Number(output.trimEnd().split("\n").at(-1));
      output = output.slice(-200);
      const target = join(folder, `copy-${copy}`, "state.db");
      mkdirSync(join(folder, `copy-${copy}`));
      for (const suffix of orders[copy % orders.length] ?? []) copyFileSync(path + suffix, target + suffix);
      try {
        const store = new SqliteStore(target);
        const read = (key: string): number => Number(new TextDecoder().decode(store.read(key)));
        expect(read("copy")).toBe(read("n"));
        expect(read("n")).toBeGreaterThanOrEqual(acknowledged);
        store.close();
        seen.opened++;
      } catch (error) {
        if (!isServeError(error)) throw error;
        expect(error.message).toContain(target);
        seen.refused++;
      }
      rmSync(join(folder, `copy-${copy}`), { recursive: true });
    }
    expect(seen.opened).toBeGreaterThan(10);
  });
});

function isSqliteOrServeError(error: unknown): boolean {
  return isServeError(error) || (error as { code?: string }).code === "ERR_SQLITE_ERROR";
}
