// Links between the pages of this repository lead somewhere.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { anchorsOf, linksOf } from "../../scripts/lib/page-links.ts";
import { root } from "../../scripts/lib/root.ts";

const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

/** The links of a page that lead nowhere. */
function deadLinks(name: string, text: string): string[] {
  return linksOf(text).flatMap(({ file, anchor }) => {
    const target = file === "" ? name : path.join(path.dirname(name), file);
    const shown = `${name}: ${file}${anchor === "" ? "" : `#${anchor}`}`;
    if (!existsSync(path.join(root, target))) return [shown];
    if (anchor === "" || !target.endsWith(".md")) return [];
    return anchorsOf(target === name ? text : read(target)).includes(anchor) ? [] : [shown];
  });
}

it("leads somewhere, from every page", () => {
  const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" }).trim().split("\n");
  expect(pages).toContain("README.md");
  expect(pages.flatMap((page) => deadLinks(page, read(page)))).toEqual([]);
});

it("is seen: a link to no file, and one to no heading", () => {
  const planted = "[a](no-such-page.md) [b](options.md#no-such-option) [c](options.md#deployment) [d](#nowhere)";
  expect(deadLinks("docs/reference/planted.md", planted)).toEqual([
    "docs/reference/planted.md: no-such-page.md",
    "docs/reference/planted.md: options.md#no-such-option",
    "docs/reference/planted.md: #nowhere",
  ]);
});
