import { describe, expect, it } from "vitest";
import { plainBuiltins } from "./plain-builtins.ts";

describe("plainBuiltins", () => {
  it("takes names, renamed names and defaults without an import", () => {
    expect(plainBuiltins('import { join, resolve as at } from "node:path";\n')).toBe(
      'const { join, resolve: at } = process.getBuiltinModule("node:path");\n',
    );
    expect(plainBuiltins('import assert, { equal } from "node:assert/strict";')).toBe(
      'const assert = process.getBuiltinModule("node:assert/strict"); const { equal } = process.getBuiltinModule("node:assert/strict");',
    );
  });

  it("leaves other imports alone", () => {
    const code = 'import { Command } from "commander";\nimport "node:fs";\nexport { join } from "node:path";\n';
    expect(plainBuiltins(code)).toBe(code);
  });
});
