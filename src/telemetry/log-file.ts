// A log file: lines are gathered in memory and appended in one write.
//   R1  Written out 100 ms after the first line that waits, at 64 KiB, with an urgent line, and on close.
//   R2  Nothing here throws: when the disk is full or the folder is gone, lines are lost and counted, and the next write
//       tries again from the start (folder, file).
//   R3  A file that was moved or deleted under us is made anew.
//   R4  Above `maxBytes` it becomes `<name>.1`, older ones move up, and the oldest goes: Ray's 512 MB and 5 backups.
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Cancel, Clock } from "../core/clock.ts";

const FLUSH_AFTER_MS = 100;
const FLUSH_AT_BYTES = 64 * 1024;

/** When a file is exchanged. Defaults are Ray's (reference 7.1). */
export interface LogFileLimits {
  /** Bytes; default 512 MB. */
  readonly maxBytes?: number;
  /** Number of older files that are kept; default 5. */
  readonly backups?: number;
}

/** An open file; reopened when it is not the one that the path leads to any more. */
interface OpenFile {
  readonly descriptor: number;
  readonly inode: number;
  bytes: number;
}

/** An append-only file of lines. */
export class LogFile {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #backups: number;
  readonly #clock: Clock;
  #waiting = "";
  #cancel: Cancel | undefined;
  #file: OpenFile | undefined;
  #lostBytes = 0;
  #closed = false;

  /** Opens nothing yet; the folder and the file are made with the first write. */
  constructor(path: string, limits: LogFileLimits, clock: Clock) {
    this.#path = path;
    this.#maxBytes = limits.maxBytes ?? 512_000_000;
    this.#backups = limits.backups ?? 5;
    this.#clock = clock;
  }

  /** Bytes that could not be written since the start. */
  get lostBytes(): number {
    return this.#lostBytes;
  }

  /** Takes whole lines, with their line ends. @param urgent writes at once; for errors */
  write(lines: string, urgent = false): void {
    if (this.#closed) return;
    this.#waiting += lines;
    if (urgent || this.#waiting.length >= FLUSH_AT_BYTES) this.flush();
    else this.#cancel ??= this.#clock.after(FLUSH_AFTER_MS, () => this.flush(), true);
  }

  /** Writes out what waits. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#waiting === "") return;
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = "";
    let written = 0;
    try {
      const file = this.#ready(bytes.length);
      while (written < bytes.length) written += writeSync(file.descriptor, bytes, written);
      file.bytes += written;
    } catch {
      this.#lostBytes += bytes.length - written; // R2
      this.#release();
    }
  }

  /** Writes out what waits; later lines are dropped. */
  close(): void {
    this.flush();
    this.#closed = true;
    this.#release();
  }

  /** The file to append to: the one at hand, a new one where that is gone (R3) or full (R4). */
  #ready(bytesToCome: number): OpenFile {
    if (this.#file !== undefined && statSync(this.#path, { throwIfNoEntry: false })?.ino !== this.#file.inode)
      this.#release();
    this.#file ??= open(this.#path);
    if (this.#file.bytes === 0 || this.#file.bytes + bytesToCome <= this.#maxBytes) return this.#file;
    this.#release();
    for (let age = this.#backups - 1; age >= 1; age--)
      renameIfThere(`${this.#path}.${age}`, `${this.#path}.${age + 1}`);
    renameIfThere(this.#path, `${this.#path}.1`);
    this.#file = open(this.#path);
    return this.#file;
  }

  #release(): void {
    const file = this.#file;
    this.#file = undefined;
    try {
      if (file !== undefined) closeSync(file.descriptor);
    } catch {
      // R2: a descriptor that cannot be closed is of no use to anybody.
    }
  }
}

function open(path: string): OpenFile {
  mkdirSync(dirname(path), { recursive: true });
  const descriptor = openSync(path, "a", 0o644);
  const { ino, size } = fstatSync(descriptor);
  return { descriptor, inode: ino, bytes: size };
}

function renameIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, to);
}
