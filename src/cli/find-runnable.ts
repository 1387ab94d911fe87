// What `manta run` runs: an import path, or a config file.
//   R1  What is needed for a config file only is loaded for one only: with an import path the head starts at once.
import { resolve } from "node:path";
import { parseImportPath } from "../config/import-path.ts";
import type { RunFlags } from "./actions.ts";
import { applicationOptions } from "./flags.ts";
import { isConfigFile, parseArguments, startingFrom } from "./run-target.ts";
import type { Runnable } from "./runnable.ts";

/** @throws {UsageError} @throws {ConfigError} what is wrong with a config file */
export async function findRunnable(target: string, args: readonly string[], flags: RunFlags): Promise<Runnable> {
  const hasEnvironment = flags.runtimeEnv !== undefined || flags.runtimeEnvJson !== undefined;
  if (!isConfigFile(target) && !hasEnvironment) return importPath(target, args, flags);
  const { runnableConfig } = await import("./runnable-config.ts"); // R1
  return runnableConfig(target, args, flags);
}

/** An import path with its builder's arguments. */
function importPath(target: string, args: readonly string[], flags: RunFlags): Runnable {
  const { name, routePrefix } = applicationOptions(flags);
  const workingDir = resolve(flags.workingDir ?? ".");
  const again = flags.reload === true;
  const path = startingFrom(target, flags);
  const order = { importPath: path, args: parseArguments(args), workingDir, name, routePrefix, again };
  return {
    instance: {},
    first: order,
    names: [name ?? "default"],
    async deploy(head, wait) {
      const { applications } = await head.run({ ...order, wait });
      return applications.map((application) => application.name);
    },
    madeOf: () => ({ modules: [resolve(workingDir, parseImportPath(order.importPath).module)], files: [] }),
  };
}
