import { describe, expect, it } from "vitest";
import { parseBlocks, showsOutput } from "./doc-blocks.ts";

const fence = (info: string, text: string): string => `\`\`\`${info}\n${text}\n\`\`\`\n`;

describe("parseBlocks", () => {
  it("finds files, code, commands with their output, and what stays up", () => {
    const page = [
      "# Title\n",
      fence("ts file=app.ts same=examples/a.ts", "const a = 1;"),
      fence("ts", "const b = 2;"),
      fence("yaml file=manta.yaml", "a: 1"),
      fence("yaml", "b: 2"),
      fence("sh start", "$ npx manta run app.ts:app"),
      fence("sh run", "# ask\ncurl http://127.0.0.1:8000/"),
      fence("text output", "hello"),
      fence("sh", "npm run quickstart"),
      fence("text", "a picture"),
    ].join("");
    expect(parseBlocks(page)).toEqual([
      { kind: "code", file: "app.ts", same: "examples/a.ts", code: "const a = 1;\n", line: 2 },
      { kind: "code", code: "const b = 2;\n", line: 5 },
      { kind: "code", file: "manta.yaml", code: "a: 1\n", line: 8 },
      { kind: "start", command: "npx manta run app.ts:app", line: 14 },
      { kind: "run", commands: ["curl http://127.0.0.1:8000/"], output: "hello\n", line: 17 },
    ]);
  });

  it.each([
    ["an unknown marker of code", fence("ts run", "1;"), 'line 1: unknown marker "run" of a ts block'],
    ["an unknown marker of YAML", fence("yaml run", "a: 1"), 'line 1: unknown marker "run" of a yaml block'],
    ["an unknown marker of commands", fence("sh go", "ls"), 'line 1: unknown marker "go" of a sh block'],
    ["output that follows nothing", fence("text output", "x"), 'line 1: "text output" does not follow'],
    ["something else that stays up", fence("sh start", "node app.ts"), "begins with npx manta run"],
  ])("refuses %s (R1)", (_what, page, message) => {
    expect(() => parseBlocks(page)).toThrow(message);
  });
});

describe("showsOutput", () => {
  it.each([
    ["hello\n", "hello  \n\n", true],
    ["took ... ms\n", "took 12.5 ms\n", true],
    ["a\n...\nd\n", "a\nb\nc\nd\n", true],
    ["hello (x)\n", "hello (y)\n", false],
    ["hello\n", "hello world\n", false],
  ])("%j against %j is %j", (expected, actual, matches) => {
    expect(showsOutput(expected, actual)).toBe(matches);
  });
});
