// Writes the files of scripts/generated-files.ts; with --check it compares them and changes nothing.
//   R1  Markdown, JSON and TypeScript are formatted as the rest of the house before they are written or compared.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import * as prettier from "prettier";
import { generatedFiles, type GeneratedFile } from "./generated-files.ts";
import { root } from "./lib/root.ts";

interface Generator {
  generate(path: string): string | Promise<string>;
}

async function contentOf(file: GeneratedFile): Promise<string> {
  const generator = (await import(path.join(root, file.generator))) as Generator;
  const filepath = path.join(root, file.path);
  const options = await prettier.resolveConfig(filepath);
  return prettier.format(await generator.generate(file.path), { ...options, filepath }); // R1
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const outdated: string[] = [];
for (const file of generatedFiles) {
  const content = await contentOf(file);
  const target = path.join(root, file.path);
  if (readIfThere(target) === content) continue;
  outdated.push(file.path);
  if (!values.check) writeFileSync(target, content);
}
for (const file of outdated)
  console.log(values.check ? `${file} is out of date: run npm run docs:gen` : `wrote ${file}`);
console.log(`${generatedFiles.length} generated files, ${outdated.length} ${values.check ? "out of date" : "written"}`);
process.exitCode = values.check && outdated.length > 0 ? 1 : 0;
