// Writes the files of scripts/generated-files.ts; with --check it compares them and changes nothing.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { generatedFiles } from "./generated-files.ts";
import { findOutdated } from "./lib/generated-content.ts";
import { root } from "./lib/root.ts";

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const outdated = await findOutdated(generatedFiles);
for (const file of outdated) {
  if (!values.check) writeFileSync(path.join(root, file.path), file.content);
  console.log(values.check ? `${file.path} is out of date: run npm run docs:gen` : `wrote ${file.path}`);
}
console.log(`${generatedFiles.length} generated files, ${outdated.length} ${values.check ? "out of date" : "written"}`);
process.exitCode = values.check && outdated.length > 0 ? 1 : 0;
