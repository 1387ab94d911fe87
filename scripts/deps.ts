// Checks import direction, purity and cycles of src/ by the rules of dependency-cruiser.config.js.
//   R1  Zero modules cruised is a failure: dependency-cruiser reports success when it could not read TypeScript.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { root } from "./lib/root.ts";

interface Cruised {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
      readonly comment?: string;
      readonly cycle?: readonly { readonly name: string }[];
    }[];
  };
}

/** Runs the cruiser in its own process, because it reads its settings from the working directory. */
function cruise(): Cruised {
  const bin = path.join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const args = [bin, "src", "--config", "dependency-cruiser.config.js", "--output-type", "json"];
  const done = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  try {
    return JSON.parse(done.stdout) as Cruised;
  } catch {
    throw new Error(`dependency-cruiser did not answer (exit ${done.status}):\n${done.stderr}${done.stdout}`);
  }
}

const { modules, summary } = cruise();
const ours = modules.filter((module) => module.source.startsWith("src/"));
for (const { rule, from, to, comment, cycle } of summary.violations) {
  const target = cycle === undefined ? to : cycle.map((step) => step.name).join(" -> ");
  console.log(`${rule.name}: ${from} -> ${target}${comment === undefined ? "" : `\n    ${comment}`}`);
}
console.log(`${ours.length} files of src/, ${summary.violations.length} forbidden imports`);
if (ours.length === 0) console.log("no file of src/ was read: is typescript 6 installed?"); // R1
process.exitCode = ours.length === 0 || summary.violations.length > 0 ? 1 : 0;
