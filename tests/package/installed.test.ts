// The package as users get it: packed, installed into an empty folder, started by its command under the oldest and the
// pinned Node. The application is the README's first example.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseBlocks } from "../../scripts/lib/doc-blocks.ts";
import { root } from "../../scripts/lib/root.ts";
import { InstalledPackage, oldestNode, RunningApp } from "./installed-package.ts";

let installed: InstalledPackage;

beforeAll(() => {
  installed = new InstalledPackage();
  const blocks = parseBlocks(readFileSync(path.join(root, "README.md"), "utf8"));
  const first = blocks.find((block) => block.kind === "code" && block.file !== undefined);
  if (first?.kind !== "code") throw new Error("README.md has no `ts file=...` block");
  writeFileSync(path.join(installed.folder, "app.ts"), first.code);
});

afterAll(() => installed[Symbol.dispose]());

describe.each([
  { name: "the pinned Node", node: () => process.execPath },
  { name: "Node 22.18", node: oldestNode },
])("under $name", ({ node }) => {
  it("is found by npx", () => {
    const options = { cwd: installed.folder, env: installed.environment(node()), encoding: "utf8" } as const;
    const done = spawnSync("npx", ["manta", "--help"], options);
    expect([done.status, done.stderr, done.stdout]).toEqual([0, expect.any(String), expect.stringContaining("manta")]);
  });

  it("serves the README's first example until Ctrl-C and leaves no process behind", async () => {
    const app = new RunningApp("npx manta run app.ts:app", installed.folder, installed.environment(node()));
    const response = await fetch((await app.url) ?? "");
    expect([response.status, app.output]).toEqual([200, expect.any(String)]);
    expect(await response.text()).not.toBe("");
    expect([await app.interrupt(), app.output]).toEqual([0, expect.any(String)]);
    await expect.poll(() => installed.leftovers(), { timeout: 10_000 }).toEqual([]);
  });
});
