// One head per namespace: an exclusive SQLite transaction that is never finished. The kernel gives the lock back when
// the process ends, however it ends. The holder's pid stands in a second file, for the message only.
// The lock's file must not be opened by anything else in the process: closing it would give the lock back (POSIX).
import { readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { InstancePaths } from "../config/paths.ts";
import { ServeError } from "../core/errors.ts";

/** A lock that is held; kept until `release` or the end of the process. */
export interface HeadLock {
  release(): void;
}

/**
 * Takes the namespace for this process (K5).
 * @returns undefined when another process has it; `lockHolder` says which
 * @throws {ServeError} ENGINE when the lock's file cannot be used
 */
export function takeHeadLock(paths: Pick<InstancePaths, "lock" | "lockOwner">, pid: number): HeadLock | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(paths.lock, { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if (isBusy(error)) return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw new ServeError(
      "ENGINE",
      `lock ${paths.lock}: ${why}`,
      { path: paths.lock },
      { cause: error, retryable: false },
    );
  }
  writeFileSync(paths.lockOwner, `${pid}\n`, { mode: 0o600 });
  const held = database;
  return { release: () => held.close() };
}

/** The pid that the holder wrote; undefined while it has not got to it. */
export function lockHolder(paths: Pick<InstancePaths, "lockOwner">): number | undefined {
  try {
    const pid = Number(readFileSync(paths.lockOwner, "utf8"));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** SQLITE_BUSY: somebody else holds it. */
const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return typeof error === "object" && error !== null && "errcode" in error && error.errcode === SQLITE_BUSY;
}
