// The head's documents in one SQLite file: what a returned write said survives SIGKILL, and a power cut where that is
// asked for (K4).
//   R1  A store is looked at before it is opened for writing (verify-store.ts). One that is damaged, older than what was
//       acknowledged, or of another format is an error with its path; it is never written to, renamed or replaced.
//       One of another format that holds nothing any more is made anew.
//   R2  A store appears whole: it is made under another name, so that no cut leaves half of one.
//   R3  Each write renews the seal in the same transaction, and is noted by the witness once it is on the disk.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ServeError, describeThrown } from "../../core/errors.ts";
import type { StateStore } from "../../engine/state-store.ts";
import { documentHash, sealDigest } from "./store-seal.ts";
import { StoreWitness } from "./store-witness.ts";
import {
  isForgotten,
  LOG_SUFFIX,
  STORE_FORMAT,
  STORE_TABLES,
  type VerifiedStore,
  verifyStore,
  WITNESS_SUFFIX,
} from "./verify-store.ts";

/** What returned writes survive. Either way the file is never damaged. */
export type Survives = "power cut" | "kill";

/** A `StateStore` in a SQLite file (WAL; `synchronous=FULL`, which waits for the disk, against power cuts). */
export class SqliteStore implements StateStore {
  readonly place: string;
  readonly #database: DatabaseSync;
  /** Undefined where a power cut may take acknowledged writes: then it could come out ahead of the store. */
  readonly #witness: StoreWitness | undefined;
  #hashes: ReadonlyMap<string, Uint8Array>;
  #generation: number;

  /**
   * Opens or creates the file, mode 0600.
   * @throws {ServeError} ENGINE with the path when the store cannot be used (R1)
   */
  constructor(path: string, survives: Survives = "power cut") {
    this.place = path;
    const { database, witness, store } = this.#guard("cannot open", () => open(path, survives));
    this.#database = database;
    this.#witness = witness;
    this.#hashes = store.hashes;
    this.#generation = store.generation;
  }

  read(key: string): Uint8Array | undefined {
    const row = this.#guard("cannot read", () =>
      this.#database.prepare("SELECT value FROM documents WHERE key = ?").get(key),
    );
    return row?.["value"] as Uint8Array | undefined;
  }

  write(changes: ReadonlyMap<string, Uint8Array | null>): void {
    this.#guard("cannot write", () => {
      const hashes = new Map(this.#hashes);
      for (const [key, value] of changes) {
        if (value === null) hashes.delete(key);
        else hashes.set(key, documentHash(value));
      }
      this.#commit(changes, sealDigest(this.#generation + 1, hashes));
      this.#generation++;
      this.#hashes = hashes;
      this.#witness?.note(this.#generation); // R3
    });
  }

  keys(prefix: string): readonly string[] {
    // Not `?1` twice: Node 22 takes that for a name and binds nothing to it.
    const sql = "SELECT key FROM documents WHERE substr(key, 1, length(?)) = ? ORDER BY key";
    const rows = this.#guard("cannot read", () => this.#database.prepare(sql).all(prefix, prefix));
    return rows.map((row) => row["key"] as string);
  }

  close(): void {
    if (!this.#database.isOpen) return;
    this.#database.close();
    this.#witness?.close();
  }

  #commit(changes: ReadonlyMap<string, Uint8Array | null>, digest: Uint8Array): void {
    const database = this.#database;
    database.exec("BEGIN IMMEDIATE");
    try {
      const put = database.prepare(
        "INSERT INTO documents VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      );
      const remove = database.prepare("DELETE FROM documents WHERE key = ?");
      for (const [key, value] of changes) {
        if (value === null) remove.run(key);
        else put.run(key, value);
      }
      database.prepare("UPDATE seal SET generation = ?, digest = ?").run(this.#generation + 1, digest);
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  #guard<T>(what: string, use: () => T): T {
    try {
      return use();
    } catch (error) {
      throw storeError(this.place, what, error);
    }
  }
}

interface OpenStore {
  readonly database: DatabaseSync;
  readonly witness: StoreWitness | undefined;
  readonly store: VerifiedStore;
}

function open(path: string, survives: Survives): OpenStore {
  const files = ["", LOG_SUFFIX, "-shm", WITNESS_SUFFIX].map((suffix) => path + suffix);
  if (isForgotten(path)) for (const file of files) rmSync(file, { force: true });
  if (!files.some((file) => existsSync(file))) create(path, survives);
  const store = verifyStore(path); // R1
  const database = new DatabaseSync(path);
  try {
    // The second pragma is for macOS, whose plain fsync does not reach the disk.
    database.exec(`PRAGMA synchronous = ${synchronous(survives)}; PRAGMA fullfsync = ON; PRAGMA busy_timeout = 1000`);
    if (survives === "power cut")
      return { database, witness: new StoreWitness(path + WITNESS_SUFFIX, store.generation), store };
    rmSync(path + WITNESS_SUFFIX, { force: true });
    return { database, witness: undefined, store };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Makes an empty store (R2). */
function create(path: string, survives: Survives): void {
  const draft = `${path}.new`;
  for (const suffix of ["", LOG_SUFFIX, "-shm", "-journal"]) rmSync(draft + suffix, { force: true });
  closeSync(openSync(draft, "wx", 0o600));
  const database = new DatabaseSync(draft);
  try {
    database.exec(`
      PRAGMA synchronous = OFF;
      PRAGMA journal_mode = WAL;
      BEGIN;
      ${STORE_TABLES.join("; ")};
      PRAGMA user_version = ${STORE_FORMAT};`);
    database.prepare("INSERT INTO seal VALUES (0, ?)").run(sealDigest(0, new Map()));
    database.exec("COMMIT");
  } finally {
    database.close();
  }
  // Once, before the name says that it is whole.
  if (survives === "power cut") sync(draft);
  renameSync(draft, path);
  // The folder's own name may be as new as the file's.
  if (survives === "power cut") for (const folder of [dirname(path), dirname(dirname(path))]) sync(folder);
}

function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function synchronous(survives: Survives): string {
  return survives === "power cut" ? "FULL" : "NORMAL";
}

function storeError(path: string, what: string, cause: unknown): ServeError {
  const why = cause instanceof Error ? cause.message : describeThrown(cause);
  return new ServeError(
    "ENGINE",
    `state store ${path}: ${what}: ${why}; ${cureOf(path, cause as StoreFault)}`,
    { path },
    { cause, retryable: false },
  );
}

/** What Node throws for files, or for SQLite. */
interface StoreFault {
  readonly code?: string;
  readonly errcode?: number;
}

function cureOf(path: string, { code, errcode }: StoreFault): string {
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return "let this user read and write it";
  if (code === "ENOSPC" || errcode === SQLITE_FULL) return "make room on the disk, then do it again";
  return `nothing was overwritten: restore the file, or move ${path}* to another folder to start empty`;
}

/** SQLite's code for a full disk. */
const SQLITE_FULL = 13;
