// Makes a folder and those above it. Node's own recursive form never returns below a place where nothing can be made
// and the system says "no such file" instead of why, as in /proc.
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** Makes `folder` unless it is there; what is made gets mode 0700. @throws what the system says, with the path */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // somebody else made it meanwhile
  }
}
