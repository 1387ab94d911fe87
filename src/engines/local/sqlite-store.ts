// The head's documents in one SQLite file: what a returned write said survives SIGKILL, and a power cut where that is
// asked for.
//   R1  A file that cannot be read, or fails SQLite's own check, is an error with its path. It is never written to,
//       renamed or replaced (K4).
import { closeSync, existsSync, fchmodSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { ServeError, describeThrown } from "../../core/errors.ts";
import type { StateStore } from "../../engine/state-store.ts";

/** What returned writes survive. Either way the file is never damaged. */
export type Survives = "power cut" | "kill";

/** A `StateStore` in a SQLite file (WAL; `synchronous=FULL`, which waits for the disk, against power cuts). */
export class SqliteStore implements StateStore {
  readonly #path: string;
  readonly #database: DatabaseSync;

  /**
   * Opens or creates the file, mode 0600.
   * @throws {ServeError} ENGINE with the path when the file is damaged or cannot be opened (R1)
   */
  constructor(path: string, survives: Survives = "power cut") {
    this.#path = path;
    this.#database = this.#guard("cannot open", () => open(path, survives));
  }

  read(key: string): Uint8Array | undefined {
    const row = this.#guard("cannot read", () =>
      this.#database.prepare("SELECT value FROM documents WHERE key = ?").get(key),
    );
    return row?.["value"] as Uint8Array | undefined;
  }

  write(changes: ReadonlyMap<string, Uint8Array | null>): void {
    this.#guard("cannot write", () => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const put = this.#database.prepare(
          "INSERT INTO documents VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        );
        const remove = this.#database.prepare("DELETE FROM documents WHERE key = ?");
        for (const [key, value] of changes) {
          if (value === null) remove.run(key);
          else put.run(key, value);
        }
        this.#database.exec("COMMIT");
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  keys(prefix: string): readonly string[] {
    // Not `?1` twice: Node 22 takes that for a name and binds nothing to it.
    const sql = "SELECT key FROM documents WHERE substr(key, 1, length(?)) = ? ORDER BY key";
    const rows = this.#guard("cannot read", () => this.#database.prepare(sql).all(prefix, prefix));
    return rows.map((row) => row["key"] as string);
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #guard<T>(what: string, use: () => T): T {
    try {
      return use();
    } catch (error) {
      throw storeError(this.#path, what, error);
    }
  }
}

function open(path: string, survives: Survives): DatabaseSync {
  const fresh = !existsSync(path);
  if (fresh) {
    const file = openSync(path, "a", 0o600);
    fchmodSync(file, 0o600);
    closeSync(file);
  }
  const database = new DatabaseSync(path);
  try {
    // Before anything is written: switching the journal mode would already touch a damaged file (R1).
    const verdict = database.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
    if (verdict !== "ok") throw new ServeError("ENGINE", String(verdict));
    const synchronous = survives === "power cut" ? "FULL" : "NORMAL";
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA busy_timeout = 1000`);
    database.exec("CREATE TABLE IF NOT EXISTS documents (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function storeError(path: string, what: string, cause: unknown): ServeError {
  const why = cause instanceof Error ? cause.message : describeThrown(cause);
  const message = `state store ${path}: ${what}: ${why}; nothing was overwritten: restore the file, or move it away to start empty`;
  return new ServeError("ENGINE", message, { path }, { cause, retryable: false });
}
