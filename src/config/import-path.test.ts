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

  it.each(["pkg.module:app", "pkg.module.app"])("says that there is no Python yet: %s", (text) => {
    expect(() => parseImportPath(text)).toThrow(/which names a Python module; this version runs no Python yet/);
  });
});
