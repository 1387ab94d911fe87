// What lies in a working directory, as one hash: what code reads from there belongs to its version (semantics D3).
//   R1  Installed packages and the history of the code do not count; links count by where they lead, not by what is there.
//   R2  A large file counts by size and time of its last change: reading models would hold up the head for seconds.
import { type Dirent, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { hashText } from "./scan-code.ts";

const SKIPPED: ReadonlySet<string> = new Set(["node_modules", ".git"]);

/** Bytes up to which a file counts by its content (R2). Chosen: some ten milliseconds of reading and hashing. */
const LARGE_BYTES = 4 * 1024 * 1024;

/** @param folder absolute; what cannot be read counts as empty */
export function hashFolder(folder: string): string {
  const seen: [path: string, content: string][] = [];
  const waiting = [folder];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const entry of entriesOf(at)) {
      if (SKIPPED.has(entry.name)) continue;
      const path = join(at, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isSymbolicLink() || entry.isFile())
        seen.push([relative(folder, path), contentOf(path, entry.isFile())]);
    }
  }
  return hashText(JSON.stringify(seen.sort(([a], [b]) => (a < b ? -1 : 1))));
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function contentOf(path: string, isFile: boolean): string {
  try {
    if (!isFile) return readlinkSync(path);
    const { size, mtimeMs } = statSync(path);
    return size > LARGE_BYTES ? `${size} bytes of ${mtimeMs}` : hashText(readFileSync(path));
  } catch {
    return "";
  }
}
