// The files of a store as bytes: taken from a running one, changed, and put down again somewhere else.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { StateStore } from "../../src/engine/state-store.ts";
import { documentHash } from "../../src/engines/local/store-seal.ts";
import { LOG_SUFFIX, WITNESS_SUFFIX } from "../../src/engines/local/verify-store.ts";

/** Null: there is no such file. */
export interface StoreFiles {
  readonly main: Buffer | null;
  readonly log: Buffer | null;
  readonly witness: Buffer | null;
}

export function takeFiles(path: string): StoreFiles {
  return { main: readOrNull(path), log: readOrNull(path + LOG_SUFFIX), witness: readOrNull(path + WITNESS_SUFFIX) };
}

/** Puts the files down in the place of whatever is there. */
export function putFiles(path: string, { main, log, witness }: StoreFiles): void {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(`${path}-shm`, { force: true });
  for (const [file, bytes] of [
    [path, main],
    [path + LOG_SUFFIX, log],
    [path + WITNESS_SUFFIX, witness],
  ] as const) {
    if (bytes === null) rmSync(file, { force: true });
    else writeFileSync(file, bytes);
  }
}

/** True when all bytes are the same; a log without content is as good as none. */
export function sameFiles(a: StoreFiles, b: StoreFiles): boolean {
  const content = (bytes: Buffer | null): Buffer => bytes ?? Buffer.alloc(0);
  return (["main", "log", "witness"] as const).every((name) => content(a[name]).equals(content(b[name])));
}

function readOrNull(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}

/** Hashes in a form that `toEqual` and `===` can compare. */
export function textOf({
  generation,
  hashes,
}: {
  generation: number;
  hashes: ReadonlyMap<string, Uint8Array>;
}): string {
  const rows = [...hashes].map(([key, hash]) => `${key}=${Buffer.from(hash).toString("hex")}`).sort();
  return `${generation}: ${rows.join(" ")}`;
}

/** A store that tells of each acknowledged write: the state then, and the files before and after. */
export class RecordingStore implements StateStore {
  readonly place: string;
  readonly #inner: StateStore;
  readonly #onWrite: (before: Recorded, after: Recorded) => void;
  readonly #hashes = new Map<string, Uint8Array>();
  #last: Recorded;

  constructor(inner: StateStore, onWrite: (before: Recorded, after: Recorded) => void) {
    this.place = inner.place;
    this.#inner = inner;
    this.#onWrite = onWrite;
    this.#last = { generation: 0, state: textOf({ generation: 0, hashes: new Map() }), files: takeFiles(this.place) };
  }

  read(key: string): Uint8Array | undefined {
    return this.#inner.read(key);
  }

  write(changes: ReadonlyMap<string, Uint8Array | null>): void {
    this.#inner.write(changes);
    for (const [key, value] of changes) {
      if (value === null) this.#hashes.delete(key);
      else this.#hashes.set(key, documentHash(value));
    }
    const generation = this.#last.generation + 1;
    const state = textOf({ generation, hashes: this.#hashes });
    const before = this.#last;
    this.#last = { generation, state, files: takeFiles(this.place) };
    this.#onWrite(before, this.#last);
  }

  keys(prefix: string): readonly string[] {
    return this.#inner.keys(prefix);
  }

  close(): void {
    this.#inner.close();
  }
}

/** What was acknowledged at a moment, and how it stood on the disk. */
export interface Recorded {
  readonly generation: number;
  /** `textOf` the state. */
  readonly state: string;
  readonly files: StoreFiles;
}
