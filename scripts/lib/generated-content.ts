// What each generated file should hold, and which of them do not.
//   R1  Markdown, JSON and TypeScript are formatted as the rest of the house before they are written or compared.
import { readFileSync } from "node:fs";
import path from "node:path";
import * as prettier from "prettier";
import type { GeneratedFile } from "../generated-files.ts";
import { root } from "./root.ts";

interface Generator {
  generate(path: string): string | Promise<string>;
}

/** A file that differs from what would be generated, and its right content. */
export interface OutdatedFile {
  readonly path: string;
  readonly content: string;
}

/** The outdated ones among `files`. @param read gives a file's present content, undefined where there is none */
export async function findOutdated(
  files: readonly GeneratedFile[],
  read: (file: string) => string | undefined = readIfThere,
): Promise<OutdatedFile[]> {
  const outdated: OutdatedFile[] = [];
  for (const file of files) {
    const content = await contentOf(file);
    if (read(file.path) !== content) outdated.push({ path: file.path, content });
  }
  return outdated;
}

async function contentOf(file: GeneratedFile): Promise<string> {
  const generator = (await import(path.join(root, file.generator))) as Generator;
  const filepath = path.join(root, file.path);
  const content = await generator.generate(file.path);
  const { inferredParser } = await prettier.getFileInfo(filepath);
  if (inferredParser === null) return content;
  const options = await prettier.resolveConfig(filepath);
  return prettier.format(content, { ...options, filepath }); // R1
}

/** Content of a file of the repository, undefined where there is none. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(path.join(root, file), "utf8");
  } catch {
    return undefined;
  }
}
