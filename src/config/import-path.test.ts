import { describe, expect, it } from "vitest";
import { parseImportPath } from "./import-path.ts";

describe("parseImportPath", () => {
  const good: readonly [string, string, string | null][] = [
    ["./dir/app.ts:app", "./dir/app.ts", "app"],
    ["app.ts", "app.ts", null],
    ["app.mjs:default", "app.mjs", "default"],
    ["/a/b:c/app.ts", "/a/b:c/app.ts", null],
    ["dir/main:build", "dir/main", "build"],
  ];
  for (const [text, module, exportName] of good) {
    it(`reads ${text}`, () => expect(parseImportPath(text)).toEqual({ module, exportName }));
  }

  for (const text of ["", "app", "./app.ts:", "dir/", "app.py"]) {
    it(`refuses ${JSON.stringify(text)} with the form it expects`, () => {
      expect(() => parseImportPath(text)).toThrow(/expected a TypeScript or JavaScript file and an export/);
    });
  }

  it("tells a Python path apart", () => {
    expect(() => parseImportPath("pkg.module:app")).toThrow(/which names a Python module/);
  });
});
