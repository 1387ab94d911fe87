import { describe, expect, it } from "vitest";
import { importSpecifiers } from "./import-scan.ts";

describe("importSpecifiers (D3)", () => {
  it("finds every form of import with a fixed name", () => {
    const source = `
      import "./side-effect.ts";
      import one from './one.ts';
      import { a, type B as C } from "./two.ts";
      import * as three from "./three.ts"
      import type { T } from "./types.ts";
      import def, { x } from "pkg/sub";
      export { y } from "./four.ts"; export * from "#inner";
      const five = await import("./five.ts"), six = await import(\`./six.ts\`);
      const old = require("./seven.cjs");
      import data from "./data.json" with { type: "json" };
    `;
    expect(importSpecifiers(source)).toEqual([
      "./side-effect.ts",
      "./one.ts",
      "./two.ts",
      "./three.ts",
      "./types.ts",
      "pkg/sub",
      "./four.ts",
      "#inner",
      "./five.ts",
      "./six.ts",
      "./seven.cjs",
      "./data.json",
    ]);
  });

  it("steps over comments, strings, templates and computed names", () => {
    const source = `
      // import "./a.ts"
      /* import "./b.ts" */
      const text = "import './c.ts'", other = 'say "import(\\'./d.ts\\')"';
      const template = \`import "./e.ts" \${1}\`;
      await import(name); await import(\`./\${name}.ts\`);
      const url = "https://host/path"; import "./real.ts";
    `;
    expect(importSpecifiers(source)).toEqual(["./real.ts"]);
  });

  it("takes a declaration without a source, and words that look alike, for what they are", () => {
    expect(importSpecifiers(`export const from = "./x.ts"; export default "y"; const important = "./z.ts";`)).toEqual(
      [],
    );
  });
});
