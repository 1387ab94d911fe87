// A config file as something to run, and an import path with a runtime environment, which is deployed as one.
//   R1  The file is read again for each deploy: it may have been edited.
import { resolve } from "node:path";
import { instanceOptionsOf } from "../config/config-instance.ts";
import { parseImportPath } from "../config/import-path.ts";
import { localPath } from "../config/runtime-env.ts";
import type { RunFlags } from "./actions.ts";
import type { HeadClient } from "./head-client.ts";
import { isConfigFile, startingFrom } from "./run-target.ts";
import type { Runnable } from "./runnable.ts";
import { configOfImportPath, ignoredFlags, namesOf, readConfig, type SentConfig } from "./sent-config.ts";
import { warn } from "./warn.ts";

/** @throws {ConfigError} what is wrong with the file @throws {ServeError} CONFIG_INVALID: unknown keys */
export function runnableConfig(target: string, args: readonly string[], flags: RunFlags): Runnable {
  const isFile = isConfigFile(target);
  const read = (): SentConfig =>
    isFile
      ? readConfig(target, flags.allowUnknownKeys === true)
      : configOfImportPath(startingFrom(target, flags), args, flags);
  let sent = read();
  const ignored = isFile ? ignoredFlags(flags) : undefined;
  if (ignored !== undefined) warn(ignored);
  if (isFile && args.length > 0) warn("ignored: application arguments; the config file has its own");
  warn(...sent.warnings);
  const deploy = async (head: HeadClient, wait: boolean): Promise<readonly string[]> => {
    sent = read(); // R1
    const { document, workingDir, warnings: known } = sent;
    const { warnings } = await head.deployConfig({ document, workingDir, wait, allowUnknownKeys: true });
    warn(...warnings.filter((warning) => !known.includes(warning)));
    return namesOf(sent.config);
  };
  return {
    instance: isFile ? instanceOptionsOf(sent.config, sent.workingDir) : {},
    first: undefined,
    get names() {
      return namesOf(sent.config);
    },
    deploy,
    madeOf: () => ({ modules: modulesOf(sent), files: isFile ? [resolve(target)] : [] }),
  };
}

/** Where each application is imported from; one whose folder has to be fetched has no place here. */
function modulesOf({ config, workingDir }: SentConfig): string[] {
  return config.applications.flatMap(({ import_path: importPath, runtime_env: env }) => {
    const own = env?.["working_dir"];
    const folder = localPath(typeof own === "string" ? own : workingDir);
    return folder === undefined ? [] : [resolve(workingDir, folder, parseImportPath(importPath).module)];
  });
}
