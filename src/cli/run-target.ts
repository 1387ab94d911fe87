// What `manta run` is asked to run: the file, and the arguments of its builder.
import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { RunFlags } from "./actions.ts";
import { UsageError } from "./usage-error.ts";

/** What is looked for where nothing is said, in this order. */
const USUAL_FILES = ["manta.yaml", "app.ts"];

/**
 * The import path or config file: as given, else the nearest `manta.yaml` or `app.ts` from `folder` upwards.
 * @throws {UsageError} nothing found
 */
export function findTarget(target: string | undefined, folder: string): string {
  if (target !== undefined) return target;
  for (let at = folder; ; at = dirname(at)) {
    const found = USUAL_FILES.map((name) => join(at, name)).find((file) => existsSync(file));
    if (found !== undefined) return `./${relative(folder, found)}`.replace(/^\.\/\.\.\//, "../");
    if (at === dirname(at)) break;
  }
  throw new UsageError(`no manta.yaml or app.ts in ${folder} or above; say what to run: manta run path/to/file.ts`);
}

/** True for what is a config file by its name. */
export function isConfigFile(target: string): boolean {
  return /\.(?:ya?ml|json)$/.test(target);
}

/** The arguments of an application builder. @throws {UsageError} one that is not `key=value` */
export function parseArguments(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf("=");
      if (at > 0 && at < word.length - 1) return [word.slice(0, at), word.slice(at + 1)];
      throw new UsageError(`invalid application argument ${JSON.stringify(word)}: expected <key>=<value>`);
    }),
  );
}

/** An import path starts from `--app-dir`, else from this folder, wherever replicas work. */
export function startingFrom(target: string, { appDir, workingDir }: RunFlags): string {
  return appDir === undefined && workingDir === undefined ? target : resolve(appDir ?? ".", target);
}
