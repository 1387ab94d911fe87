// A file beside the store that says how far it had come: after a write is on the disk its number is noted here. A store
// that is found with a smaller number has lost what was acknowledged, which its own file alone could not tell: pages of
// an earlier moment are in order, and SQLite drops whatever follows a damaged part of its log.
//   R1  It is noted after the write, never before, and not waited for: it may lag behind the store, never the reverse.
//   R2  One that cannot be read says nothing: a power cut may leave it half written.
import { createHash } from "node:crypto";
import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";

/** Characters of the check. Chosen: a flipped digit passes once in 2^64. */
const CHECK_LENGTH = 16;

/** Notes generations in a file, in place. */
export class StoreWitness {
  readonly #file: number;

  /** Opens or makes the file, mode 0600. */
  constructor(path: string, generation: number) {
    // Neither "w", which would empty it first, nor "a", which would write at the end.
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.note(generation);
  }

  note(generation: number): void {
    writeSync(this.#file, format(generation), 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The generation that was noted last; undefined when nothing can be said (R2). */
export function readWitness(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
  const generation = Number.parseInt(text, 10);
  return text === format(generation) ? generation : undefined;
}

/** Of constant length, so that a later note covers an earlier one. */
function format(generation: number): string {
  const number = String(generation).padStart(16, "0");
  return `${number} ${createHash("sha256").update(number).digest("hex").slice(0, CHECK_LENGTH)}\n`;
}
