// Looks at a store before anything may write to it (K4).
//   R1  Nothing is written: SQLite would drop a damaged log at the end of a connection that may write.
//   R2  Each finding is one line that says what is wrong; whoever opens the store adds the path and what to do.
import { accessSync, closeSync, constants, existsSync, openSync, readSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { ServeError } from "../../core/errors.ts";
import { documentHash, type Seal, sealDigest } from "./store-seal.ts";
import { readWitness } from "./store-witness.ts";

/** Grows when the tables change in a way that an earlier version cannot read. SQLite's `user_version`. */
export const STORE_FORMAT = 1;

/** Files that stand beside a store. */
export const LOG_SUFFIX = "-wal";
export const WITNESS_SUFFIX = "-acknowledged";

const MAGIC = "SQLite format 3\0";

/** A store that is in order. */
export interface VerifiedStore {
  readonly generation: number;
  /** Hash of each document, by key. */
  readonly hashes: Map<string, Uint8Array>;
}

/** @throws {ServeError} ENGINE with what is wrong (R2) */
export function verifyStore(path: string): VerifiedStore {
  checkHeader(path);
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    checkFormat(database);
    const verdict = database.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
    if (verdict !== "ok") throw problem(`it is damaged: ${String(verdict).replaceAll("\n", " ")}`);
    const store = readSealed(database);
    checkAge(path, store.generation);
    return store;
  } finally {
    database.close();
  }
}

/** What is seen without SQLite, which takes an empty file for a new database and deletes the log beside it. */
function checkHeader(path: string): void {
  const beside = [LOG_SUFFIX, WITNESS_SUFFIX].map((suffix) => path + suffix).find((file) => existsSync(file));
  if (!existsSync(path)) throw problem(`it is missing, but ${beside} is there`);
  accessSync(path, constants.R_OK | constants.W_OK);
  const header = Buffer.alloc(20);
  const file = openSync(path, "r");
  try {
    const length = readSync(file, header, 0, header.length, 0);
    if (length === 0) throw problem("it is empty");
    if (header.toString("latin1", 0, MAGIC.length) !== MAGIC) throw problem("it is not a SQLite database");
    // Bytes 18 and 19 say that there is a log; without them SQLite would not look at it.
    if (header[18] !== 2 || header[19] !== 2) throw problem("it is damaged: its header names no write-ahead log");
  } finally {
    closeSync(file);
  }
}

function checkFormat(database: DatabaseSync): void {
  const format = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (format === STORE_FORMAT) return;
  throw problem(`its format is ${format}, and this version of Manta reads ${STORE_FORMAT}`);
}

function readSealed(database: DatabaseSync): VerifiedStore {
  const seal = database.prepare("SELECT generation, digest FROM seal").get() as Seal | undefined;
  if (seal === undefined) throw problem("it is damaged: it has no seal");
  const hashes = new Map<string, Uint8Array>();
  for (const { key, value } of database.prepare("SELECT key, value FROM documents").iterate()) {
    hashes.set(String(key), documentHash(value as Uint8Array));
  }
  if (!Buffer.from(seal.digest).equals(sealDigest(seal.generation, hashes))) {
    throw problem("it is damaged: its documents are not those that were written");
  }
  return { generation: seal.generation, hashes };
}

function checkAge(path: string, generation: number): void {
  const acknowledged = readWitness(path + WITNESS_SUFFIX);
  if (acknowledged === undefined || acknowledged <= generation) return;
  const lost = `it holds write ${generation}, but write ${acknowledged} was acknowledged`;
  throw problem(`${lost}; to go on with the older state, delete ${path + WITNESS_SUFFIX}`);
}

function problem(message: string): ServeError {
  return new ServeError("ENGINE", message, {}, { retryable: false });
}
