// README.md and docs/guides/*.md against the installed package: what they show compiles, runs and prints what they say.
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/root.ts";
import { InstalledPackage } from "./installed-package.ts";
import { Page } from "./page.ts";

const names = ["README.md", ...globSync("docs/guides/*.md", { cwd: root }).toSorted()];

let installed: InstalledPackage;

beforeAll(() => {
  installed = new InstalledPackage();
  installed.borrowPackages();
});

afterAll(() => installed[Symbol.dispose]());

describe.each(names)("%s", (name) => {
  const open = (): Page => new Page(name, readFileSync(path.join(root, name), "utf8"), installed);

  it("shows code that compiles", () => {
    expect(open().typeErrors()).toBe("");
  });

  it("shows the examples as they are", () => {
    expect(open().staleCopies()).toEqual([]);
  });

  it("shows commands that do what it says", async () => {
    await open().run(process.execPath);
  });
});

describe("a page with a mistake", () => {
  const fence = (info: string, text: string): string => `\`\`\`${info}\n${text}\n\`\`\`\n`;
  const open = (text: string): Page => new Page("planted.md", text, installed);

  it("is seen: code that does not compile", () => {
    const page = open(
      fence("ts file=app.ts", "export const a = 1;") + fence("ts", `import { b } from "./app.ts";\nvoid b;`),
    );
    expect(page.typeErrors()).toContain("line-4.ts(1,10): error TS2305");
  });

  it("is seen: a copy of an example that has moved on", () => {
    const page = open(fence("ts file=app.ts same=examples/01-hello/app.ts", "export const old = 1;"));
    expect(page.staleCopies()).toEqual(["examples/01-hello/app.ts"]);
  });

  it.each([
    ["a command that fails", fence("sh run", "false"), "line 1: `false` failed"],
    [
      "other output",
      fence("sh run", "echo a") + fence("text output", "b"),
      "the page shows\nb\nbut the commands print\na",
    ],
  ])("is seen: %s", async (_what, text, message) => {
    await expect(open(text).run(process.execPath)).rejects.toThrow(message);
  });
});
