// Compiles the claims about types (*.test-d.ts): with the compiler of this house and with the oldest that users may have,
// with and without the browser's types, which declare Request, Response and WebSocket a second time.
import { describe, expect, it } from "vitest";
import { TreeCopy } from "../house/tree-copy.ts";

const compilers = { "TypeScript 7": "node_modules/ts7/bin/tsc", "TypeScript 6": "node_modules/typescript/bin/tsc" };
const projects = { "without dom": "tests/types/tsconfig.json", "with dom": "tests/types/tsconfig.dom.json" };

/** What the compiler says, without our own sources: users get declarations, and `npm run types` checks the sources. */
function errorsOutsideSource(stdout: string): string[] {
  return stdout.split("\n").filter((line) => line !== "" && !line.startsWith("src/") && !line.startsWith(" "));
}

const cases = Object.entries(compilers).flatMap(([compiler, tsc]) =>
  Object.entries(projects).map(([lib, project]) => ({ compiler, tsc, lib, project })),
);

describe.each(cases)("$compiler $lib", ({ tsc, project }) => {
  it("accepts every claim about types", () => {
    using copy = new TreeCopy();
    expect(errorsOutsideSource(copy.run(tsc, "-p", project).stdout)).toEqual([]);
  });

  it("sees a wrong claim", () => {
    using copy = new TreeCopy();
    copy.plant(
      "tests/types/planted.test-d.ts",
      `import { expectTypeOf } from "vitest";\nexpectTypeOf<string>().toEqualTypeOf<number>();\n`,
    );
    const done = copy.run(tsc, "-p", project);
    expect(done.output).toContain("tests/types/planted.test-d.ts(2,");
    expect(done.exitCode).not.toBe(0);
  });
});
