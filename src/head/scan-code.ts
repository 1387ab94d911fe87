// Which files a module consists of, and what is in them (semantics D3): its own files by content, packages by name and
// version. Reads files; follows what import-scan.ts finds; never runs anything.
//   R1  Own files are those reached by specifiers that start with `.`, `/`, `#` or `file:`. Anything else is a package;
//       Node's own modules do not count.
//   R2  What cannot be read or found counts as empty: the replica that imports it tells the user.
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createRequire, findPackageJSON, isBuiltin } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { importSpecifiers } from "./import-scan.ts";

/** What a module consists of. */
export interface CodeScan {
  /** Hash of the content by absolute path, sorted by path. */
  readonly files: ReadonlyMap<string, string>;
  /** `name@version`, sorted. */
  readonly packages: readonly string[];
}

/** Scans the module `entry` (absolute path) and all it imports. */
export function scanCode(entry: string): CodeScan {
  const files = new Map<string, string>();
  const packages = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    const source = readOrEmpty(file);
    files.set(file, hashText(source));
    if (!/\.[cm]?[jt]sx?$/.test(file)) continue;
    for (const specifier of importSpecifiers(source)) {
      if (isBuiltin(specifier)) continue;
      if (/^(?:[./#]|file:)/.test(specifier)) waiting.push(resolveOwn(specifier, file));
      else packages.add(describePackage(specifier, file));
    }
  }
  return { files: new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1))), packages: [...packages].sort() };
}

/** Those of the scanned files whose content is another by now. */
export function changedFiles(scan: Pick<CodeScan, "files">): readonly string[] {
  return [...scan.files].filter(([file, hash]) => hashText(readOrEmpty(file)) !== hash).map(([file]) => file);
}

/** The first 12 hex digits of SHA-256: enough to tell versions apart, short enough to read aloud. */
export function hashText(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function resolveOwn(specifier: string, importer: string): string {
  if (specifier.startsWith("file:")) return fileURLToPath(specifier);
  if (!specifier.startsWith("#")) {
    const exact = fileURLToPath(new URL(specifier, pathToFileURL(importer)));
    if (statSync(exact, { throwIfNoEntry: false })?.isFile() === true) return exact;
  }
  try {
    // CommonJS leaves out extensions, and `#names` stand in package.json.
    return createRequire(importer).resolve(specifier);
  } catch {
    return `${importer} -> ${specifier}`; // R2
  }
}

/** The nearest package.json tells the version that is installed, not the range that was asked for. */
function describePackage(specifier: string, importer: string): string {
  try {
    const file = findPackageJSON(specifier, pathToFileURL(importer));
    if (file !== undefined) {
      const { name, version } = JSON.parse(readFileSync(file, "utf8")) as { name?: string; version?: string };
      return `${name}@${version}`;
    }
  } catch {
    // R2
  }
  return `${specifier}@?`;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // R2
  }
}
