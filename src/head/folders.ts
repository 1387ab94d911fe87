// The folders of an instance, made by its head: mode 0700, because another user of the machine must reach neither the
// sockets nor the token.
import { chmodSync, lstatSync } from "node:fs";
import { makeFolder } from "../config/make-folder.ts";
import type { InstancePaths } from "../config/paths.ts";
import { ServeError } from "../core/errors.ts";

/**
 * Makes the folders that are missing and takes others' rights from those that are there.
 * @throws {ServeError} ENGINE when one cannot be made, or belongs to another user: the sockets' may stand below `/tmp`
 */
export function makeFolders(paths: Pick<InstancePaths, "root" | "sockets" | "logs">): void {
  for (const folder of [paths.root, paths.sockets, paths.logs]) {
    try {
      makeFolder(folder);
      const { uid } = lstatSync(folder);
      if (uid !== process.getuid?.()) throw new ServeError("ENGINE", `it belongs to user ${uid}`);
      chmodSync(folder, 0o700);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const message = `cannot use the folder ${folder}: ${why}; set MANTA_HOME to a folder of your own`;
      throw new ServeError("ENGINE", message, { path: folder }, { cause, retryable: false });
    }
  }
}
