// What `manta run` is asked to run: the file, and the arguments of its builder.
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { UsageError } from "./usage-error.ts";

const NO_CONFIG_FILES = "config files come with a later version; give a TypeScript file such as app.ts";

/**
 * The import path: as given, else the nearest `app.ts` from `folder` upwards.
 * @throws {UsageError} a config file, or nothing found
 */
export function findTarget(target: string | undefined, folder: string): string {
  if (target !== undefined) {
    if (/\.(?:ya?ml|json)$/.test(target)) throw new UsageError(`${target}: ${NO_CONFIG_FILES}`);
    return target;
  }
  for (let at = folder; ; at = dirname(at)) {
    const app = join(at, "app.ts");
    const config = join(at, "manta.yaml");
    if (existsSync(config)) throw new UsageError(`found ${config}, but ${NO_CONFIG_FILES}`);
    if (existsSync(app)) return `./${relative(folder, app)}`.replace(/^\.\/\.\.\//, "../");
    if (at === dirname(at)) break;
  }
  throw new UsageError(`no app.ts in ${folder} or above; say what to run: manta run path/to/file.ts`);
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
