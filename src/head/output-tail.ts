// The end of one output file, as it grows. Keeps a position; holds no file open.
//   R1  A file that is shorter than the position was exchanged: it is read from its start.
//   R2  Of a flood only the newest `LOOK_BYTES` of each look are read; how much was left out is told.
//   R3  A line without an end is taken for one when the file has not grown for `PARTIAL_MS`, or is complete.
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { splitOutput } from "./split-output.ts";

/** Most that is read at one look, bytes. Chosen: far more than a person reads, little work at ten looks a second. */
const LOOK_BYTES = 64 << 10;

/** How long a line may wait for its end, milliseconds. Chosen: a prompt or a progress bar should still be seen. */
const PARTIAL_MS = 500;

/** What a look brought. */
export interface OutputPiece {
  readonly lines: readonly string[];
  /** Bytes that were left out in front of the lines (R2). */
  readonly skippedBytes: number;
  /** Where the next look goes on. */
  readonly position: number;
}

export class OutputTail {
  readonly #path: string;
  #position: number;
  #size = 0;
  #grewMs = 0;

  /** @param position where to begin; undefined: at the end that the file has now */
  constructor(path: string, position: number | undefined) {
    this.#path = path;
    this.#position = position ?? this.#fileSize();
  }

  get position(): number {
    return this.#position;
  }

  /** What is new; undefined when nothing is. @param isComplete true: nobody writes to the file any more */
  look(nowMs: number, isComplete: boolean): OutputPiece | undefined {
    const size = this.#fileSize();
    if (size < this.#position) this.#position = 0; // R1
    if (size !== this.#size) this.#grewMs = nowMs;
    const isSettled = isComplete || nowMs - this.#grewMs >= PARTIAL_MS;
    if (size === this.#position || (size === this.#size && !isSettled)) return undefined;
    this.#size = size;
    const from = Math.max(this.#position, size - LOOK_BYTES);
    const { lines, usedBytes } = splitOutput(this.#read(from, size), isSettled);
    const skippedBytes = from - this.#position;
    this.#position = from + usedBytes;
    return lines.length === 0 ? undefined : { lines, skippedBytes, position: this.#position };
  }

  #fileSize(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }

  #read(from: number, to: number): Uint8Array {
    const bytes = new Uint8Array(to - from);
    let file: number | undefined;
    try {
      file = openSync(this.#path, "r");
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
    } catch {
      return bytes.subarray(0, 0); // it was removed between the two looks
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }
}
