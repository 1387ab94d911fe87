// `manta build`: a config file for applications, to be edited and deployed.
//   R1  Import paths in it start from the file's own folder, so that it deploys as it is.
import { writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { parseImportPath } from "../config/import-path.ts";
import type { ServeConfig } from "../config/serve-config.ts";
import { ServeError } from "../core/errors.ts";
import { VERSION } from "../core/version.ts";
import type { BuildFlags } from "./actions.ts";
import { configOf } from "./build-config.ts";
import { EXIT } from "./exit-codes.ts";
import { formatYaml } from "./format-yaml.ts";
import { runBuilders } from "./run-builders.ts";

/** @throws {ServeError} what a builder says, or that the file cannot be written */
export async function build(importPaths: readonly string[], flags: BuildFlags): Promise<number> {
  const workingDir = resolve(flags.appDir);
  const orders = importPaths.map((importPath) => ({
    importPath,
    args: {},
    workingDir,
    name: undefined,
    routePrefix: undefined,
  }));
  const results = await runBuilders(orders);
  const folder = flags.outputPath === undefined ? process.cwd() : dirname(resolve(flags.outputPath));
  const built = results.map((result, index) => {
    const importPath = importPathFrom(folder, workingDir, importPaths[index] ?? "");
    return { importPath, result };
  });
  const text = formatConfig(configOf(built));
  if (flags.outputPath === undefined) process.stdout.write(text);
  else write(flags.outputPath, text);
  return EXIT.ok;
}

/** The same module, named from another folder (R1). */
function importPathFrom(folder: string, workingDir: string, importPath: string): string {
  const { module, exportName } = parseImportPath(importPath);
  const path = relative(folder, resolve(workingDir, module));
  const named = path.startsWith("../") ? path : `./${path}`;
  return exportName === null ? named : `${named}:${exportName}`;
}

/** The header and a blank line between top-level keys, as Ray's. */
function formatConfig(config: ServeConfig): string {
  const parts = Object.entries(config).map(([key, value]) => formatYaml({ [key]: value }));
  return [`# This file was generated using the \`manta build\` command on Manta v${VERSION}.\n`, ...parts].join("\n");
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new ServeError("CONFIG_INVALID", error instanceof Error ? error.message : `cannot write ${file}`);
  }
}
