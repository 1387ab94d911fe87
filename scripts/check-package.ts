// Checks the shape of what users install: builds, packs, and lets publint and attw look at the tarball.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { root } from "./lib/root.ts";

/** Runs a script under this Node and returns what it printed; throws with all of it when it fails. */
function run(file: string, ...args: string[]): string {
  const done = spawnSync(process.execPath, [path.join(root, file), ...args], { cwd: root, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${file} failed:\n${done.stdout}${done.stderr}`);
  return done.stdout.trim();
}

run("scripts/build.ts");
const tarball = run("scripts/pack.ts");
run("node_modules/publint/src/cli.js", "run", tarball, "--strict");
run("node_modules/@arethetypeswrong/cli/dist/index.js", tarball, "--profile", "esm-only", "--no-emoji", "--no-color");
console.log(`${path.basename(tarball)} is well formed`);
