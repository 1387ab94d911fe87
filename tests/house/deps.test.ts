// Plants one forbidden import per rule in a copy of the tree; one run of `npm run deps` must name each.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Finished, TreeCopy } from "./tree-copy.ts";

const from = (path: string): string =>
  `import * as other from ${JSON.stringify(path)};\nexport const planted = other;\n`;

/** The rule that must see it, where it is planted, and what is imported there. */
const planted: readonly (readonly [rule: string, file: string, imported: string])[] = [
  ["room:src/core/", "src/core/planted.ts", "../model/planted-target.ts"],
  ["room:src/model/", "src/model/planted-schema.ts", "../config/schema/planted.ts"],
  ["room:src/router/", "src/router/planted-api.ts", "../api/planted-target.ts"],
  ["room:src/api/", "src/api/planted-router.ts", "../router/planted-target.ts"],
  ["room:src/controller/", "src/controller/planted.ts", "../proxy/planted-target.ts"],
  ["room:src/engines/local/", "src/engines/local/planted.ts", "../memory/planted-target.ts"],
  ["room:src/head/", "src/head/planted.ts", "../cli/planted-target.ts"],
  ["known-room", "src/attic/planted.ts", "../core/errors.ts"],
  ["no-import-of-a-root", "src/head/planted-root.ts", "../proxy/main.ts"],
  ["index-static", "src/index.ts", "./serve/planted-target.ts"],
  ["pure", "src/model/planted-node.ts", "node:fs"],
  ["pure", "src/controller/decide/planted.ts", "node:crypto"],
  ["pure", "src/router/choose-planted.ts", "node:fs"],
  ["pure-core", "src/model/planted-clock.ts", "../core/clock.ts"],
  ["zod", "src/core/planted-zod.ts", "zod"],
  ["schema", "src/router/planted-schema.ts", "../config/schema/planted.ts"],
  ["schema", "src/cli/planted-schema.ts", "../config/schema/planted.ts"],
  ["schema-in-driver", "src/serve/planted-schema.ts", "../config/schema/planted.ts"],
  ["no-cycle", "src/core/planted-a.ts", "./planted-b.ts"],
  ["no-test-import", "src/core/planted-test.ts", "./planted.test.ts"],
  ["resolvable", "src/core/planted-gone.ts", "./gone.ts"],
];

const allowed: readonly (readonly [file: string, imported: string])[] = [
  ["src/proxy/planted-ok.ts", "../router/planted-target.ts"],
  ["src/replica/planted-ok.ts", "../api/planted-target.ts"],
  ["src/transport/planted-ok.ts", "../protocol/planted-target.ts"],
  ["src/model/planted-ok.ts", "../config/names.ts"],
  ["src/config/schema/planted-ok.ts", "zod"],
];

const targets = ["model", "api", "router", "proxy", "engines/memory", "cli", "serve", "protocol"].map(
  (room) => `src/${room}/planted-target.ts`,
);

let copy: TreeCopy;
let done: Finished;

beforeAll(() => {
  copy = new TreeCopy();
  for (const file of [...targets, "src/config/schema/planted.ts", "src/core/planted.test.ts", "src/proxy/main.ts"]) {
    copy.plant(file, "export const target = 1;\n");
  }
  copy.plant("src/core/planted-b.ts", from("./planted-a.ts"));
  for (const [, file, imported] of planted) copy.plant(file, from(imported));
  for (const [file, imported] of allowed) copy.plant(file, from(imported));
  done = copy.run("scripts/deps.ts");
});

afterAll(() => copy[Symbol.dispose]());

it("fails", () => {
  expect(done.exitCode).toBe(1);
});

it.each(planted)("%s sees %s -> %s", (rule, file) => {
  expect(done.output).toContain(`${rule}: ${file} -> `);
});

it.each(allowed)("allows %s -> %s", (file) => {
  expect(done.output).not.toContain(`: ${file} -> `);
});

it("fails when nothing was cruised (R1)", () => {
  using empty = new TreeCopy();
  empty.plant(
    "dependency-cruiser.config.js",
    `export default { forbidden: [], options: { includeOnly: "^nothing" } };\n`,
  );
  const { exitCode, output } = empty.run("scripts/deps.ts");
  expect(output).toContain("no file of src/ was read");
  expect(exitCode).toBe(1);
});
