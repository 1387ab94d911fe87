// The version of a deployment (semantics D3): a hash over its code, its arguments and its options of kind `restart`.
// Equal versions mean that a replica need not be replaced. Remembers what was hashed, to tell what was edited since.
import { dirname, relative } from "node:path";
import { OPTIONS } from "../config/options.generated.ts";
import { BoundedMap } from "../core/bounded-map.ts";
import type { ApplicationSpec, DeploymentSpec } from "../model/application-spec.ts";
import { deploymentKey } from "../model/ids.ts";
import type { VersionedApplication } from "../model/target-state.ts";
import { changedFiles, type CodeScan, hashText, scanCode } from "./scan-code.ts";
import { hashFolder } from "./scan-folder.ts";

/** Deployments whose files are remembered. Chosen: far more than run at a time; any other is scanned again. */
const REMEMBERED = 500;

/** Versions of deployments, and the files behind the newest one of each. */
export class CodeVersions {
  readonly #newest = new BoundedMap<string, { readonly version: string; readonly scan: CodeScan }>(REMEMBERED);

  /** Reads the code of each deployment and gives the application its versions. */
  stamp(spec: ApplicationSpec): VersionedApplication {
    const scans = new Map<string, CodeScan>();
    const folders = new Map<string, string>();
    const codeVersions = spec.deployments.map((deployment): [string, string] => {
      const { file } = deployment.entry;
      const scan = scans.get(file) ?? scanCode(file);
      scans.set(file, scan);
      const dir = deployment.options.runtimeEnv.workingDir;
      const folder = dir === null ? null : (folders.get(dir) ?? hashFolder(dir));
      if (dir !== null && folder !== null) folders.set(dir, folder);
      const version = codeVersion(deployment, scan, folder);
      this.#newest.set(deploymentKey(spec.name, deployment.name), { version, scan });
      return [deployment.name, version];
    });
    return { spec, codeVersions: Object.fromEntries(codeVersions) };
  }

  /**
   * Files of a deployment that were edited since `version` was made. After a restart of the head only the fact is
   * known: then the entry stands for all of them.
   */
  changedSince(application: string, spec: DeploymentSpec, version: string): readonly string[] {
    const known = this.#newest.get(deploymentKey(application, spec.name));
    if (known?.version === version) return changedFiles(known.scan);
    const dir = spec.options.runtimeEnv.workingDir;
    const folder = dir === null ? null : hashFolder(dir);
    return codeVersion(spec, scanCode(spec.entry.file), folder) === version ? [] : [spec.entry.file];
  }
}

/**
 * The version of one deployment, 12 hex digits. Paths count relative to the entry, so that a moved project is the same.
 * @param folder hash of its working directory; null: it has none of its own
 */
export function codeVersion(spec: DeploymentSpec, scan: CodeScan, folder: string | null): string {
  const root = dirname(spec.entry.file);
  const files = [...scan.files].map(([file, hash]) => [relative(root, file), hash]);
  const options = Object.entries(OPTIONS.deployment)
    .filter(([, facts]) => facts.update === "restart")
    .map(([name]) => [name, canonical(spec.options[name as keyof typeof spec.options])]);
  const entry = [relative(root, spec.entry.file), spec.entry.exportName, canonical(spec.entry.args)];
  const own = [spec.registeredName, spec.kind, entry, hashText(spec.initArgs)];
  return hashText(JSON.stringify([own, files, scan.packages, options, ...(folder === null ? [] : [folder])]));
}

/** JSON data with the keys of its objects sorted: their order means nothing. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value ?? null;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, inner]) => [key, canonical(inner)]);
}
