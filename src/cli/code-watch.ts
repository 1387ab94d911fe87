// Watches the files that modules consist of, as the code version sees them (semantics D3), and files beside them.
//   R1  Folders are watched, not files: editors save by putting a new file in the place of the old one.
//   R2  What counts is the content: a file that was touched is not saved.
//   R3  Each save is followed by a new scan, so that a file which is imported from now on is watched as well, and one that
//       an import looks for is noticed when it appears.
//   R4  Saves that follow one another closely are one.
//   R5  It keeps no process alive.
import { type FSWatcher, readFileSync, watch } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { Cancel, Clock } from "../core/clock.ts";
import { hashText, scanCode } from "../head/scan-code.ts";

/** How long a folder must be quiet before files are read again, milliseconds (R4). Chosen: editors write within 10 ms. */
const QUIET_MS = 15;

/** What is watched. */
export interface Watchlist {
  /** Absolute paths of modules; all that they import is watched too. */
  readonly modules: readonly string[];
  /** Absolute paths of single files, such as a config file. */
  readonly files: readonly string[];
}

export class CodeWatch {
  readonly #list: () => Watchlist;
  readonly #onSave: (files: readonly string[], sinceMs: number) => void;
  readonly #clock: Clock;
  readonly #folders = new Map<string, FSWatcher>();
  #hashes: ReadonlyMap<string, string>;
  #names: ReadonlySet<string> = new Set();
  #cancelScan: Cancel = () => undefined;
  /** When the first of what is not scanned yet was noticed, monotonic. */
  #sinceMs: number | undefined;

  /**
   * @param list asked again after each save
   * @param onSave gets the files with another content, absolute, and when the first of them was noticed, monotonic
   */
  constructor(list: () => Watchlist, onSave: (files: readonly string[], sinceMs: number) => void, clock: Clock) {
    this.#list = list;
    this.#onSave = onSave;
    this.#clock = clock;
    this.#hashes = hashesOf(list());
    this.#follow();
  }

  close(): void {
    this.#cancelScan();
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #follow(): void {
    const paths = [...this.#hashes.keys()].map(placeOf);
    this.#names = new Set(paths.flatMap((path) => [basename(path), withoutExtension(basename(path))]));
    const folders = new Set(paths.map((path) => dirname(path)));
    for (const [folder, watcher] of this.#folders) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const folder of folders) if (!this.#folders.has(folder)) this.#watch(folder);
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || this.#names.has(name) || this.#names.has(withoutExtension(name))) this.#stir();
      });
      watcher.on("error", () => {
        watcher.close();
        this.#folders.delete(folder); // it is gone; a later scan finds it when it is back
      });
      this.#folders.set(folder, watcher);
      this.#stir(); // what was saved between the scan and the watch
    } catch {
      // No such folder, or not to be read: the import that looks there fails and says so.
    }
  }

  #stir(): void {
    this.#sinceMs ??= this.#clock.monotonic();
    this.#cancelScan();
    this.#cancelScan = this.#clock.after(QUIET_MS, () => this.#scan(), true);
  }

  #scan(): void {
    const before = this.#hashes;
    const sinceMs = this.#sinceMs ?? this.#clock.monotonic();
    this.#sinceMs = undefined;
    this.#hashes = hashesOf(this.#list());
    this.#follow(); // R3
    const saved = [...this.#hashes].filter(([path, hash]) => before.get(path) !== hash).map(([path]) => placeOf(path));
    if (saved.length > 0) this.#onSave(saved, sinceMs); // R2
  }
}

function hashesOf({ modules, files }: Watchlist): ReadonlyMap<string, string> {
  return new Map([...modules.flatMap((module) => [...scanCode(module).files]), ...files.map(hashOf)]);
}

function hashOf(file: string): [string, string] {
  try {
    return [file, hashText(readFileSync(file))];
  } catch {
    return [file, ""];
  }
}

/** Where a file is, or would be: what a scan cannot find it names `importer -> specifier`. */
function placeOf(path: string): string {
  const [importer = "", specifier] = path.split(" -> ");
  return specifier === undefined ? path : resolve(dirname(importer), specifier);
}

function withoutExtension(name: string): string {
  return name.replace(/\.[cm]?[jt]sx?$/, "");
}
