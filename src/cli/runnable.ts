// What `manta run` runs: an import path, or a config file.
//   R1  What is needed for a config file only is loaded for one only: with an import path the head starts at once.
import { resolve } from "node:path";
import { parseImportPath } from "../config/import-path.ts";
import type { InstanceOptions } from "../config/options.generated.ts";
import type { FirstBuild } from "../serve/instance.ts";
import type { RunFlags } from "./actions.ts";
import { applicationOptions } from "./flags.ts";
import type { HeadClient } from "./head-client.ts";
import { isConfigFile, parseArguments } from "./run-target.ts";

/** Something that can be deployed, and again when it was edited. */
export interface Runnable {
  /** What it says of an instance that is started for it. */
  readonly instance: InstanceOptions;
  /** What a head that is started for it should begin with. */
  readonly first: FirstBuild | undefined;
  /** Names of its applications, as far as they are known before it was built. */
  readonly names: readonly string[];
  /** Resolves with the names when it was accepted; with `wait` when it runs. */
  deploy(head: HeadClient, wait: boolean): Promise<readonly string[]>;
  /** What it is made of, absolute paths: modules (with all they import), and other files. */
  madeOf(): { readonly modules: readonly string[]; readonly files: readonly string[] };
}

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
  const order = { importPath: startingFrom(target, flags), args: parseArguments(args), workingDir, name, routePrefix };
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

/** An import path starts from `--app-dir`, else from this folder, wherever replicas work. */
export function startingFrom(target: string, { appDir, workingDir }: RunFlags): string {
  return appDir === undefined && workingDir === undefined ? target : resolve(appDir ?? ".", target);
}
