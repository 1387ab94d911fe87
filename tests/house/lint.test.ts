// Plants one violation per lint rule in a copy of the tree; one run of the linter must name each.
import { afterAll, beforeAll, expect, it } from "vitest";
import { TreeCopy } from "./tree-copy.ts";

const longFunction = `export function long(): void {\n${"  void 0;\n".repeat(61)}}\n`;

/** What is planted, where, and the rule that must see it. */
const planted: readonly (readonly [rule: string, file: string, code: string])[] = [
  ["typescript(no-floating-promises)", "src/model", "export function f(): void { Promise.resolve(1); }"],
  ["typescript(no-misused-promises)", "src/model", "[1].forEach(async () => { await Promise.resolve(); });"],
  [
    "typescript(switch-exhaustiveness-check)",
    "src/model",
    `export function f(kind: "a" | "b"): void { switch (kind) { case "a": return; } }`,
  ],
  ["typescript(only-throw-error)", "src/model", `export function f(): never { throw "text"; }`],
  ["typescript(no-explicit-any)", "src/model", "export function f(x: any): void { void x; }"],
  ["import(no-default-export)", "src/model", "export default 1;"],
  ["house(no-export-all)", "src/model", `export * from "../core/errors.ts";`],
  ["house(no-enum)", "src/model", "export enum Kind { A }"],
  ["eslint(no-console)", "src/model", "console.log(1);"],
  ["eslint(no-restricted-globals)", "src/model", "setTimeout(() => {}, 1);"],
  ["eslint(no-restricted-globals)", "src/model", "setInterval(() => {}, 1);"],
  ["eslint(no-restricted-globals)", "src/model", "setImmediate(() => {});"],
  ["eslint(no-restricted-properties)", "src/model", "export const t = Date.now();"],
  ["eslint(no-restricted-properties)", "src/model", "export const t = performance.now();"],
  ["eslint(no-restricted-properties)", "src/model", "export const t = AbortSignal.timeout(1);"],
  ["eslint(no-restricted-properties)", "src/model", "export const t = Math.random();"],
  ["eslint(no-restricted-imports)", "src/model", `import { setTimeout } from "node:timers/promises"; void setTimeout;`],
  ["eslint(no-restricted-imports)", "src/cli", `import { performance } from "node:perf_hooks"; void performance;`],
  ["eslint(no-restricted-imports)", "src/head", `import { systemClock } from "../core/clock.ts"; void systemClock;`],
  ["eslint(no-restricted-imports)", "src/head", `import { systemRandom } from "../core/random.ts"; void systemRandom;`],
  ["eslint(max-lines-per-function)", "src/model", longFunction],
  ["house(no-new-date)", "src/model", "export const t = new Date();"],
  ["house(only-serve-error)", "src/model", `export function f(): never { throw new TypeError("x"); }`],
  ["house(only-serve-error)", "src/model", `export const f = (): Promise<never> => Promise.reject(new Error("x"));`],
  ["vitest(no-focused-tests)", "tests/e2e", `import { it } from "vitest"; it.only("x", () => {});`],
  ["vitest(no-disabled-tests)", "tests/e2e", `import { it } from "vitest"; it.skip("x", () => {});`],
  ["house(no-sleep)", "tests/e2e", "export const f = () => new Promise((resolve) => setTimeout(resolve, 9));"],
  [
    "house(no-sleep)",
    "tests/e2e",
    `import { setTimeout } from "node:timers/promises"; export async function f() { await setTimeout(9); }`,
  ],
];

/** What a composition root, the command line and the clock itself may do. */
const allowed: readonly (readonly [file: string, code: string])[] = [
  ["src/serve", `import { systemClock } from "../core/clock.ts"; export const nowMs = systemClock.now();`],
  ["src/cli", "console.log(1);"],
  ["src/core", "export const t = Date.now();"],
  ["src/model", "export const t = new Date(0);"],
  ["tests/e2e", "export const f = (done: () => void) => setTimeout(done, 9);"],
];

const fileOf = (folder: string, index: string): string =>
  `${folder}/planted-${index}${folder.startsWith("tests/") ? ".test" : ""}.ts`;

interface Report {
  readonly diagnostics: readonly { readonly code: string; readonly filename: string; readonly message: string }[];
}

let copy: TreeCopy;
let report: Report;
let exitCode: number | null;

beforeAll(() => {
  copy = new TreeCopy();
  for (const [index, [, folder, code]] of planted.entries()) copy.plant(fileOf(folder, String(index)), `${code}\n`);
  for (const [index, [folder, code]] of allowed.entries()) copy.plant(fileOf(folder, `ok-${index}`), `${code}\n`);
  const args = ["--type-aware", "--deny-warnings", "--format=json"];
  const done = copy.run("node_modules/oxlint/bin/oxlint", ...args);
  exitCode = done.exitCode;
  report = JSON.parse(done.output) as Report;
});

afterAll(() => copy[Symbol.dispose]());

it("fails", () => {
  expect(exitCode).toBe(1);
});

it.each(planted.map(([rule, folder, code], index) => [rule, code.slice(0, 100), fileOf(folder, String(index))]))(
  "%s sees `%s`",
  (rule, _code, file) => {
    expect(report.diagnostics.filter((found) => found.filename === file).map((found) => found.code)).toContain(rule);
  },
);

it.each(allowed.map(([folder, code], index) => [folder, code, fileOf(folder, `ok-${index}`)]))(
  "allows in %s: `%s`",
  (_folder, _code, file) => {
    expect(report.diagnostics.filter((found) => found.filename === file)).toEqual([]);
  },
);
