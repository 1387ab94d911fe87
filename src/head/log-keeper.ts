// Keeps the folder of the logs bounded while the head runs. The `.log` files are exchanged by whoever writes them
// (telemetry/log-file.ts); what processes print goes straight into `.out` files, and what ended programs leave stays
// until somebody takes it away: both are done here.
//   R1  An `.out` file above `outputBytes` is copied to `<name>.1` and cut in place: its writer appends, whatever the size.
//       A crash on the way leaves lines twice, never lost; lines printed between copy and cut are lost.
//   R2  Of programs that have ended the newest `keptPrograms` keep their files, and at most `keptBytes` together; files of
//       programs that run, and of names that are not ours, are never removed.
//   R3  Nothing here throws or stops the head: what fails is tried again at the next look.
import { copyFile, readdir, rename, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Cancel, Clock } from "../core/clock.ts";

/** Bounds of the folder. */
export interface LogLimits {
  readonly outputBytes: number;
  readonly outputBackups: number;
  readonly keptPrograms: number;
  readonly keptBytes: number;
}

/** Chosen: what a person still reads of printed lines; logs of some days of rollouts, within a small disk's means. */
export const LOG_LIMITS: LogLimits = {
  outputBytes: 64_000_000,
  outputBackups: 2,
  keptPrograms: 200,
  keptBytes: 2_000_000_000,
};

/** How often the folder is looked at, milliseconds. Chosen: 100 MB/s of output stay below a gigabyte; a look costs a stat a file. */
const LOOK_MS = 10_000;

const FILE = /^(?<program>(?:replica|controller|driver|supervisor)_.+)\.(?:log|out)(?:\.\d+|\.copy)?$/;
const OUTPUT = /\.out$/;

interface Program {
  readonly names: string[];
  bytes: number;
  newestMs: number;
}

export class LogKeeper {
  readonly #folder: string;
  readonly #isRunning: (program: string) => boolean;
  readonly #limits: LogLimits;
  readonly #stop: Cancel;
  #looking = false;

  /** @param isRunning whether a program still runs, by the name of its files without their ends */
  constructor(folder: string, isRunning: (program: string) => boolean, limits: LogLimits, clock: Clock) {
    this.#folder = folder;
    this.#isRunning = isRunning;
    this.#limits = limits;
    this.#stop = clock.every(LOOK_MS, () => void this.look());
  }

  close(): void {
    this.#stop();
  }

  /** Looks once; resolves when everything is done that had to be. Never rejects (R3). */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const names = await readdir(this.#folder).catch(() => []);
    const ended = new Map<string, Program>();
    for (const name of names) {
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() !== true) continue;
      if (OUTPUT.test(name) && found.size > this.#limits.outputBytes) await this.#exchange(path).catch(() => undefined);
      const program = FILE.exec(name)?.groups?.["program"];
      if (program === undefined || this.#isRunning(program)) continue;
      const known = ended.get(program) ?? { names: [], bytes: 0, newestMs: 0 };
      known.names.push(name);
      known.bytes += found.size;
      known.newestMs = Math.max(known.newestMs, found.mtimeMs);
      ended.set(program, known);
    }
    for (const name of this.#surplus([...ended.values()])) {
      await rm(join(this.#folder, name), { force: true }).catch(() => undefined);
    }
    this.#looking = false;
  }

  /** R1 */
  async #exchange(path: string): Promise<void> {
    await copyFile(path, `${path}.copy`);
    for (let age = this.#limits.outputBackups - 1; age >= 1; age--) {
      await rename(`${path}.${age}`, `${path}.${age + 1}`).catch(() => undefined);
    }
    await rename(`${path}.copy`, `${path}.1`);
    await truncate(path);
  }

  /** R2 */
  #surplus(ended: readonly Program[]): string[] {
    let bytes = 0;
    return ended
      .toSorted((a, b) => b.newestMs - a.newestMs)
      .flatMap((program, i) => {
        bytes += program.bytes;
        return i < this.#limits.keptPrograms && bytes <= this.#limits.keptBytes ? [] : program.names;
      });
  }
}
