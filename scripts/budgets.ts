// Holds the sizes of files. Functions are held by the linter (max-lines-per-function).
//   R1  A source file has at most 400 lines, a test file 500; the median of the sources is at most 150.
//   R2  A larger one needs a line in scripts/large-files.txt with the reason; a line that is not needed is an error.
//   R3  Finding no source file is an error.
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseLargeFiles } from "./lib/large-files.ts";
import { root } from "./lib/root.ts";

const sourceLimit = 400;
const testLimit = 500;
const medianLimit = 150;
const listFile = "scripts/large-files.txt";

const isTest = (file: string): boolean => file.endsWith(".test.ts") || file.startsWith("tests/");
const linesOf = (file: string): number => readFileSync(path.join(root, file), "utf8").split("\n").length - 1;

const { excused, problems } = parseLargeFiles(readFileSync(path.join(root, listFile), "utf8"));
const files = globSync("{src,tests,scripts,examples,bench}/**/*.ts", { cwd: root })
  .filter((file) => !file.endsWith(".generated.ts"))
  .toSorted()
  .map((file) => ({ file, lines: linesOf(file), limit: isTest(file) ? testLimit : sourceLimit }));

for (const { file, lines, limit } of files) {
  if (lines > limit && !excused.has(file)) {
    problems.push(`${file}: ${lines} lines, at most ${limit}; split it, or give the reason in ${listFile}`); // R1
  }
}
for (const file of excused) {
  const found = files.find((other) => other.file === file);
  if (found === undefined || found.lines <= found.limit) problems.push(`${listFile}: ${file} needs no line any more`); // R2
}
const sources = files.filter(({ file }) => file.startsWith("src/") && !isTest(file)).map(({ lines }) => lines);
const median = sources.toSorted((a, b) => a - b)[Math.floor(sources.length / 2)];
if (median === undefined)
  problems.push("no file of src/ was found"); // R3
else if (median > medianLimit) problems.push(`the median source file has ${median} lines, at most ${medianLimit}`);

for (const problem of problems) console.log(problem);
console.log(`${files.length} files, median source ${median ?? 0} lines`);
process.exitCode = problems.length > 0 ? 1 : 0;
