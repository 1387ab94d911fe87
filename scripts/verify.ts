// Every check besides the tests: node scripts/verify.ts [gate...]. One line per gate; details only of those that fail.
//   R1  Each gate is one command that fails by its exit code, so that it can be run alone and tested on a broken tree.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { root } from "./lib/root.ts";

const tool = (file: string): string => path.join(root, "node_modules", file);

/** The gates in the order of their cost: what each runs under this Node. */
const gates: Readonly<Record<string, readonly string[]>> = {
  budgets: ["scripts/budgets.ts"],
  docs: ["scripts/docs-gen.ts", "--check"],
  lint: [tool("oxlint/bin/oxlint"), "--type-aware", "--deny-warnings"],
  types: [tool("ts7/bin/tsc"), "-p", "."],
  deps: ["scripts/deps.ts"],
  "dead-code": [tool("knip/bin/knip.js"), "--no-progress", "--no-config-hints"],
  format: [tool("prettier/bin/prettier.cjs"), "--check", "--log-level=warn", "."],
  package: ["scripts/check-package.ts"],
};

function runGate(name: string, args: readonly string[]): boolean {
  const startMs = performance.now();
  const done = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1).padStart(5);
  const ok = done.status === 0;
  console.log(`${name.padEnd(10)} ${ok ? "ok    " : "failed"} ${seconds} s`);
  if (!ok) console.log(`${done.stdout}${done.stderr}${done.error?.message ?? ""}`.trimEnd().replaceAll(/^/gm, "    "));
  return ok;
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(gates);
const unknown = wanted.filter((name) => !Object.hasOwn(gates, name));
if (unknown.length > 0) {
  console.error(`no such gate: ${unknown.join(", ")}; there are ${Object.keys(gates).join(", ")}`);
  process.exit(2);
}
const failed = wanted.filter((name) => !runGate(name, gates[name] ?? []));
console.log(failed.length === 0 ? `verified: ${wanted.join(", ")}` : `not verified: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
