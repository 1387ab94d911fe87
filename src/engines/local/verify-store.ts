// Looks at a store before anything may write to it (K4).
//   R1  Nothing is written: SQLite would drop a damaged log at the end of a connection that may write.
//   R2  Each finding is one line that says what is wrong; whoever opens the store adds the path and what to do.
import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { ServeError } from "../../core/errors.ts";
import { documentHash, sealDigest } from "./store-seal.ts";
import { readWitness } from "./store-witness.ts";

/** Grows when the tables change in a way that an earlier version cannot read. SQLite's `user_version`. */
export const STORE_FORMAT = 1;

/** The tables, one statement each. SQLite keeps these very texts, and a store that has others is refused. */
export const STORE_TABLES: readonly string[] = [
  "CREATE TABLE documents (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
  "CREATE TABLE seal (generation INTEGER NOT NULL, digest BLOB NOT NULL)",
];

/** Files that stand beside a store. */
export const LOG_SUFFIX = "-wal";
export const WITNESS_SUFFIX = "-acknowledged";

const MAGIC = "SQLite format 3\0";
/** SQLite's header, and where `user_version` stands in it. */
const HEADER_BYTES = 100;
const FORMAT_AT = 60;

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

/** True for a store of another format whose instance ended in order: it holds nothing, and may be made anew. */
export function isForgotten(path: string): boolean {
  try {
    checkHeader(path);
    if (readHeader(path).readUInt32BE(FORMAT_AT) === STORE_FORMAT) return false;
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      return database.prepare("SELECT count(*) AS count FROM documents").get()?.["count"] === 0;
    } finally {
      database.close();
    }
  } catch {
    return false; // what is wrong with it, `verifyStore` says
  }
}

/** What is seen without SQLite, which takes an empty file for a new database and deletes the log beside it. */
function checkHeader(path: string): void {
  const beside = [LOG_SUFFIX, WITNESS_SUFFIX].map((suffix) => path + suffix).find((file) => existsSync(file));
  if (!existsSync(path)) throw problem(`it is missing, but ${beside} is there`);
  accessSync(path, constants.R_OK | constants.W_OK);
  if (statSync(path).size === 0) throw problem("it is empty");
  const header = readHeader(path);
  if (header.toString("latin1", 0, MAGIC.length) !== MAGIC) throw problem("it is not a SQLite database");
  // Bytes 18 and 19 say that there is a log; without them SQLite would not look at it.
  if (header[18] !== 2 || header[19] !== 2) throw problem("it is damaged: its header names no write-ahead log");
}

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, "r");
  try {
    readSync(file, header, 0, header.length, 0);
    return header;
  } finally {
    closeSync(file);
  }
}

function checkFormat(database: DatabaseSync): void {
  const format = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (format !== STORE_FORMAT) {
    throw problem(`its format is ${format}, and this version of Manta reads ${STORE_FORMAT}`);
  }
  const tables = database.prepare("SELECT sql FROM sqlite_schema ORDER BY name").all();
  if (tables.map(({ sql }) => sql).join() !== STORE_TABLES.join())
    throw problem("it holds other tables than a store has");
}

function readSealed(database: DatabaseSync): VerifiedStore {
  const hashes = new Map<string, Uint8Array>();
  for (const { key, value } of database.prepare("SELECT key, value FROM documents").iterate()) {
    // A damaged row may say that it holds a number, or nothing.
    if (typeof key === "string" && value instanceof Uint8Array) hashes.set(key, documentHash(value));
  }
  const { generation, digest } = database.prepare("SELECT generation, digest FROM seal").get() ?? {};
  const isSealed =
    typeof generation === "number" &&
    digest instanceof Uint8Array &&
    Buffer.from(digest).equals(sealDigest(generation, hashes));
  if (!isSealed) throw problem("it is damaged: its documents are not those that were written");
  return { generation, hashes };
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
