// `manta logs`: the last lines of log files, and those to come.
//   R1  It reads files only, so that the logs of an instance that has ended, or hangs, can be read as well.
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { readEnv } from "../config/env.ts";
import { instancePaths } from "../config/paths.ts";
import { systemClock } from "../core/clock.ts";
import { chooseLogFiles } from "./choose-log-files.ts";
import { EXIT } from "./exit-codes.ts";
import { namespaceOf } from "./instance-flags.ts";
import type { LogsFlags } from "./actions.ts";
import { UsageError } from "./usage-error.ts";

/** How often files are looked at with `--follow`, milliseconds. Chosen: twice as often as logs are written out. */
const FOLLOW_MS = 50;

/** Longest end of a file that is searched for lines, bytes. */
const TAIL_BYTES = 4 << 20;

/** Most that is read of a file at once, bytes. */
const READ_BYTES = 1 << 20;

/** @throws {UsageError} a number of lines that is none, or a word that no file belongs to */
export async function logs(word: string | undefined, flags: LogsFlags): Promise<number> {
  if (!/^\d+$/.test(flags.lines)) throw new UsageError(`--lines: received ${flags.lines}, expected an integer >= 0`);
  const namespace = namespaceOf(flags);
  const folder = instancePaths(readEnv().home, namespace).logs;
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const chosen = chooseLogFiles(names, word);
  if (chosen.length === 0 && flags.follow !== true) {
    const known = chooseLogFiles(names, undefined).join(", ") || "none";
    console.error(`no log file${word === undefined ? "" : ` for ${word}`} in ${folder}; there are: ${known}`);
    return EXIT.failed;
  }
  const printer = new Printer();
  const positions = new Map<string, number>();
  for (const name of chosen) {
    const { text, end } = readTail(join(folder, name), Number(flags.lines));
    printer.print(name, text);
    positions.set(name, end);
  }
  process.stdout.once("error", () => process.exit(EXIT.ok)); // nobody reads any more
  if (flags.follow === true) await follow(folder, word, positions, printer);
  return EXIT.ok;
}

/** Prints what files gain, files that come later included; ends with the process. */
async function follow(
  folder: string,
  word: string | undefined,
  positions: Map<string, number>,
  printer: Printer,
): Promise<never> {
  for (;;) {
    for (const name of existsSync(folder) ? chooseLogFiles(readdirSync(folder), word) : []) {
      const path = join(folder, name);
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      const known = positions.get(name) ?? 0;
      const from = size < known ? 0 : known; // a file that was exchanged begins anew
      if (size === from) continue;
      const bytes = readRange(path, from, Math.min(size, from + READ_BYTES));
      printer.print(name, bytes.toString("utf8"));
      positions.set(name, from + bytes.length);
    }
    await systemClock.sleep(FOLLOW_MS);
  }
}

/** Writes pieces of files, each file's name above its lines when it changes. */
class Printer {
  #last = "";

  print(name: string, text: string): void {
    if (text === "") return;
    if (name !== this.#last) process.stdout.write(`${this.#last === "" ? "" : "\n"}==> ${name} <==\n`);
    this.#last = name;
    process.stdout.write(text);
  }
}

function readTail(path: string, lines: number): { text: string; end: number } {
  const end = statSync(path).size;
  const all = readRange(path, Math.max(0, end - TAIL_BYTES), end).toString("utf8");
  const text = all.trimEnd();
  if (text === "" || lines === 0) return { text: "", end };
  return { text: `${text.split("\n").slice(-lines).join("\n")}\n`, end };
}

function readRange(path: string, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(to - from);
  const file = openSync(path, "r");
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
  } finally {
    closeSync(file);
  }
}
