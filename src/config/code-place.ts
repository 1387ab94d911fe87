// Reads import paths of users' code: a module and an export of it.
import { resolve } from "node:path";

/** Where code is. */
export interface CodePlace {
  /** Absolute path of the module. */
  readonly file: string;
  /** An export of it. */
  readonly name: string;
}

/** `./file.ts:name`; without a name the default export. @param workingDir what a relative path starts from, absolute */
export function readCodePlace(path: string, workingDir: string): CodePlace {
  const colon = path.lastIndexOf(":");
  const hasName = colon > path.lastIndexOf("/");
  const module = hasName ? path.slice(0, colon) : path;
  return { file: resolve(workingDir, module), name: hasName ? path.slice(colon + 1) : "default" };
}
