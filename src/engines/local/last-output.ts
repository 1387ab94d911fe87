// What a process printed last, as a part of the reason why it ended. Never throws: a reason without it is one, too.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Most of the file that is read, bytes. Chosen: the native stack of a V8 that is out of memory is about 4 KiB. */
const TAIL_BYTES = 16 << 10;

/** Lines that are shown, and frames of one stack among them: as many as of an error that a replica reports itself. */
const SHOWN_LINES = 6;
const STACK_LINES = 3;

/** The last lines that say something; none when the file holds none, or cannot be read. @param path the output file */
export function lastOutput(path: string): readonly string[] {
  try {
    return choosePrinted(readEnd(path));
  } catch {
    return [];
  }
}

/** Of a text the last lines, without most of the frames of its stacks. */
export function choosePrinted(text: string): readonly string[] {
  let frames = 0;
  const lines = text.split("\n").filter((line) => {
    if (line.trim() === "" || /node:internal|^Node\.js v\d/.test(line)) return false;
    frames = /^\s*(?:at |\d+: 0x)/.test(line) ? frames + 1 : 0;
    return frames <= STACK_LINES;
  });
  return lines.slice(-SHOWN_LINES);
}

function readEnd(path: string): string {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString();
  } finally {
    closeSync(file);
  }
}
