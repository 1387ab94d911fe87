// Plants one violation per gate of `npm run verify` in a copy of the tree; the gate must fail and name it.
// The linter and the import rules have files of their own.
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { generatedFiles } from "../../scripts/generated-files.ts";
import { type Finished, TreeCopy } from "./tree-copy.ts";

let copy: TreeCopy;

beforeEach(() => {
  copy = new TreeCopy();
});

afterEach(() => copy[Symbol.dispose]());

function expectFailure({ exitCode, output }: Finished, ...mentions: readonly string[]): void {
  for (const mention of mentions) expect(output).toContain(mention);
  expect(exitCode).toBe(1);
}

function read(file: string): string {
  return readFileSync(path.join(copy.root, file), "utf8");
}

it("types sees a wrong assignment", () => {
  copy.plant("src/core/planted.ts", `export const planted: number = "text";\n`);
  expectFailure(copy.verify("types"), "types      failed", "src/core/planted.ts(1,14): error TS2322");
});

it("format sees a file that prettier would change", () => {
  copy.plant("src/core/planted.ts", "export const planted = {a:1}\n");
  expectFailure(copy.verify("format"), "format     failed", "src/core/planted.ts");
});

it("dead-code sees an unused file, an unused export and an unused package", () => {
  copy.plant("src/core/planted.ts", "export const planted = 1;\n");
  copy.plant("examples/planted.ts", `import { used } from "../scripts/lib/planted.ts";\nexport const x = used;\n`);
  copy.plant("scripts/lib/planted.ts", "export const used = 1;\nexport const plantedExport = 2;\n");
  copy.plant(
    "package.json",
    read("package.json").replace(`"dependencies": {`, `"dependencies": {\n    "left-pad": "1.3.0",`),
  );
  expectFailure(copy.verify("dead-code"), "dead-code  failed", "src/core/planted.ts", "plantedExport", "left-pad");
});

describe("docs", () => {
  const [generated] = generatedFiles;

  it("sees a generated file that was edited by hand", () => {
    const file = generated?.path ?? "";
    copy.plant(file, `${read(file)}// edited\n`);
    expectFailure(copy.verify("docs"), "docs       failed", `${file} is out of date`);
  });
});

describe("budgets", () => {
  it("sees long files and a line of the list that is not needed", () => {
    copy.plant("src/core/planted.ts", "export {};\n".repeat(401));
    copy.plant("tests/e2e/planted.test.ts", "export {};\n".repeat(501));
    copy.plant("scripts/large-files.txt", "src/core/errors.ts: long ago\nsrc/core/clock.ts\n");
    expectFailure(
      copy.verify("budgets"),
      "budgets    failed",
      "src/core/planted.ts: 401 lines, at most 400",
      "tests/e2e/planted.test.ts: 501 lines, at most 500",
      "src/core/errors.ts needs no line any more",
      `"src/core/clock.ts" is not "path: reason"`,
    );
  });

  it("accepts a long file that gives its reason (R2)", () => {
    copy.plant("src/core/planted.ts", "export {};\n".repeat(401));
    copy.plant("scripts/large-files.txt", `${read("scripts/large-files.txt")}src/core/planted.ts: a table\n`);
    expect(copy.verify("budgets").output).not.toContain("src/core/planted.ts");
  });
});

describe("package", () => {
  it("sees an export without its file", () => {
    copy.plant(
      "package.json",
      read("package.json").replace("./dist/types/engine/index.d.ts", "./dist/types/gone.d.ts"),
    );
    expectFailure(copy.verify("package"), "package    failed", "publint", "./dist/types/gone.d.ts");
  });

  it("sees a missing entry point", () => {
    const entries = read("scripts/lib/entry-points.ts");
    copy.plant("scripts/lib/entry-points.ts", entries.replace("src/cli/main.ts", "src/cli/gone.ts"));
    expectFailure(copy.verify("package"), "package    failed", "missing entry points: ", "src/cli/gone.ts");
  });
});

it("verify refuses a gate that does not exist", () => {
  const done = copy.verify("spelling");
  expect(done.output).toContain("no such gate: spelling; there are budgets, docs, lint, ");
  expect(done.exitCode).toBe(2);
});

describe("npm test", () => {
  const lastLine = (stdout: string): string | undefined => stdout.trimEnd().split("\n").at(-1);

  it("ends with the counts and fails when a test fails", () => {
    copy.plant(
      "scripts/lib/planted.test.ts",
      `import { expect, it } from "vitest";\nit("a", () => expect(1).toBe(1));\nit("b", () => expect(1).toBe(2));\n`,
    );
    const done = copy.run("scripts/test.ts", "scripts/lib/planted");
    expect([lastLine(done.stdout), done.exitCode]).toEqual(["1 passed, 1 failed", 1]);
  });

  it("fails when no test ran", () => {
    const done = copy.run("scripts/test.ts", "no-such-file");
    expect([lastLine(done.stdout), done.exitCode]).toEqual(["0 passed, 1 failed", 1]);
  });
});
