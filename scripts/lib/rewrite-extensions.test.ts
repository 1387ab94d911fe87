import { expect, it } from "vitest";
import { rewriteExtensions } from "./rewrite-extensions.ts";

it.each([
  [`export { A } from "./a.ts";`, `export { A } from "./a.js";`],
  [`import type { A } from '../a/b.ts';`, `import type { A } from '../a/b.js';`],
  [`import "./side.ts";`, `import "./side.js";`],
  [`declare const a: import("./a.ts").A;`, `declare const a: import("./a.js").A;`],
])("rewrites %s", (before, after) => {
  expect(rewriteExtensions(before)).toBe(after);
});

it("leaves packages and prose alone", () => {
  const text = `// see from ./a.ts\nimport type { B } from "b.ts";`;
  expect(rewriteExtensions(text)).toBe(text);
});
