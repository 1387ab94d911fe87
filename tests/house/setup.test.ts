// Runs scripts/setup.mjs in a small tree with a stand-in for npm and for Python, so that nothing is installed.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { root } from "../../scripts/lib/root.ts";

/** Installs the pinned Node (a link to this one) and records how it was called. */
const npmStandIn = `
import { appendFileSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
appendFileSync("calls", "npm " + process.argv.slice(2).join(" ") + " skip=" + process.env.ONNXRUNTIME_NODE_INSTALL + "\\n");
mkdirSync("node_modules/.bin", { recursive: true });
rmSync("node_modules/.bin/node", { force: true });
symlinkSync(${JSON.stringify(process.execPath)}, "node_modules/.bin/node");
`;

/** Answers the version check with the given exit code, and makes an environment that holds itself. */
const pythonStandIn = (versionExit: number): string => `#!/bin/sh
case "$1 $2" in
  "-c "*) exit ${versionExit} ;;
  "-m venv") mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; echo "venv" >> calls ;;
  "-m pip") echo "pip" >> calls ;;
esac
`;

let tree: string;

beforeEach(() => {
  tree = mkdtempSync(path.join(tmpdir(), "manta-setup-"));
  mkdirSync(path.join(tree, "scripts"));
  mkdirSync(path.join(tree, "bin"));
  cpSync(path.join(root, "scripts/setup.mjs"), path.join(tree, "scripts/setup.mjs"));
  for (const file of ["package.json", "package-lock.json", "requirements-dev.txt", "requirements-compat.txt"]) {
    write(file, "{}");
  }
  write("npm.mjs", npmStandIn);
  write("program.ts", "const text: string = process.argv.slice(2).join();\nconsole.log(process.execPath, text);\n");
  writePython(0);
});

afterEach(() => rmSync(tree, { recursive: true, force: true }));

function write(file: string, text: string): void {
  writeFileSync(path.join(tree, file), text);
}

function writePython(versionExit: number): void {
  write("bin/python3", pythonStandIn(versionExit));
  chmodSync(path.join(tree, "bin/python3"), 0o755);
}

function setUp(...args: readonly string[]): { exitCode: number | null; stdout: string; stderr: string } {
  const env = { PATH: `${tree}/bin:/usr/bin:/bin`, npm_execpath: path.join(tree, "npm.mjs") };
  const done = spawnSync(process.execPath, ["scripts/setup.mjs", ...args], { cwd: tree, env, encoding: "utf8" });
  return { exitCode: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** What was started since the last look. */
function calls(): string[] {
  const file = path.join(tree, "calls");
  const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  rmSync(file, { force: true });
  return lines;
}

it("installs once and starts neither npm nor pip again while nothing changed (R1)", () => {
  expect(setUp("--python", "program.ts").exitCode).toBe(0);
  expect(calls()).toEqual([expect.stringMatching(/^npm install --no-save .* skip=skip$/), "venv", "pip"]);
  const second = setUp("--python", "program.ts");
  expect([second.exitCode, calls()]).toEqual([0, []]);
  expect(second.stdout).not.toContain("set-up:");
});

it("installs again what changed", () => {
  setUp("--python", "program.ts");
  calls();
  write("package-lock.json", "changed");
  setUp("--python", "program.ts");
  expect(calls()).toEqual([expect.stringContaining("npm install")]);
  write("requirements-dev.txt", "changed");
  setUp("--python", "program.ts");
  expect(calls()).toEqual(["venv", "pip"]);
});

it("keeps Ray in an environment of its own", () => {
  setUp("--python", "program.ts");
  calls();
  expect(setUp("--python", "--compat", "program.ts", "--compat").stdout.trimEnd()).toMatch(/ --compat$/);
  expect([calls(), existsSync(path.join(tree, ".venv-compat/bin/python"))]).toEqual([["venv", "pip"], true]);
});

it("runs the program under the pinned Node with its arguments and its exit code (R2)", () => {
  const done = setUp("program.ts", "-a", "b c");
  expect(done.stdout.trimEnd().split("\n").at(-1)).toBe(`${process.execPath} -a,b c`);
  write("program.ts", "process.exit(3);");
  expect(setUp("program.ts").exitCode).toBe(3);
});

it("needs no Python unless asked", () => {
  setUp("program.ts");
  expect(calls()).toEqual([expect.stringContaining("npm install")]);
});

it("says in one line that Python is too old", () => {
  writePython(1);
  const env = { PATH: `${tree}/bin`, npm_execpath: path.join(tree, "npm.mjs") };
  const args = ["scripts/setup.mjs", "--python", "program.ts"];
  const done = spawnSync(process.execPath, args, { cwd: tree, env, encoding: "utf8" });
  expect(done.stderr).toBe("set-up: the tests need Python 3.11 or newer; neither python3 nor python3.11 is one\n");
  expect(done.status).toBe(1);
});
