// Working directories of deployments, as users wrote them, on this machine: absolute, and there.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "../core/errors.ts";
import type { ApplicationSpec } from "../model/application-spec.ts";

/**
 * The application with absolute folders.
 * @param from absolute folder that relative ones start from
 * @throws {ConfigError} one is not there
 */
export function inFolders(spec: ApplicationSpec, from: string): ApplicationSpec {
  const deployments = spec.deployments.map((deployment) => {
    const { options, name } = deployment;
    const { workingDir } = options.runtimeEnv;
    if (workingDir === null) return deployment;
    const folder = existingFolder(workingDir, from, `deployment ${JSON.stringify(name)}: working directory`);
    return { ...deployment, options: { ...options, runtimeEnv: { ...options.runtimeEnv, workingDir: folder } } };
  });
  return { ...spec, deployments };
}

/** @param path where it stands, for messages @throws {ConfigError} it is not there */
export function existingFolder(text: string, from: string, path: string): string {
  const folder = resolve(from, text);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return folder;
  const received = `${JSON.stringify(text)} (no folder ${folder})`;
  throw new ConfigError({ path, received, expected: "an existing folder" });
}
