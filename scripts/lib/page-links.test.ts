import { expect, it } from "vitest";
import { anchorsOf, linksOf } from "./page-links.ts";

it("finds links of prose, and none in code (R1)", () => {
  const page =
    "[a](one.md#x), [`b`](two.ts) `[c](no.md)` [d](#here)\n\n```ts\n[e](no.md)\n```\n[f](https://example.com)\n";
  expect(linksOf(page)).toEqual([
    { file: "one.md", anchor: "x" },
    { file: "two.ts", anchor: "" },
    { file: "", anchor: "here" },
  ]);
});

it("gives headings the anchors that GitHub gives them (R2)", () => {
  const page =
    "# A `code` name\n\n## What's [new](x.md)?\n\n```sh\n# no heading\n```\n\n## Twice\n\n### Twice\n\n## BACK_PRESSURE\n";
  expect(anchorsOf(page)).toEqual(["a-code-name", "whats-new", "twice", "twice-1", "back_pressure"]);
});
