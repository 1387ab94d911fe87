// Set-up: installs what is missing, then runs a program of this repository under the pinned Node.
//   node scripts/setup.mjs [--python] [--compat] <program.ts> [arguments...]
// The only file that must run before anything is installed: plain JavaScript, Node 20, no dependency.
//   R1  Nothing changed since the last run: neither npm nor pip is started.
//   R2  The program runs under node_modules/.bin/node, never under the Node that started set-up.
//   R3  Set-up never changes package.json or package-lock.json.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const pinnedNode = path.join(root, "node_modules", ".bin", "node");

/** Python environments by flag: what the tests need, and Ray Serve itself for `npm run test:compat`. */
const environments = {
  "--python": { venv: ".venv", requirements: "requirements-dev.txt" },
  "--compat": { venv: ".venv-compat", requirements: "requirements-compat.txt" },
};

/** Ends set-up with one line that says what to do. */
function fail(message) {
  process.stderr.write(`set-up: ${message}\n`);
  process.exit(1);
}

function say(message) {
  process.stdout.write(`set-up: ${message}\n`);
}

/** A fingerprint of files of the repository and of the platform that the result is for. */
function fingerprint(files) {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}`);
  for (const file of files) hash.update(readFileSync(path.join(root, file)));
  return hash.digest("hex");
}

/** True when `stamp` was written for the same fingerprint. */
function isCurrent(stamp, wanted) {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
}

/** Runs a command to its end and shows what it printed only if it failed. */
function runQuietly(what, command, args, env = process.env) {
  const startMs = Date.now();
  say(`${what} ...`);
  const done = spawnSync(command, args, { cwd: root, env, encoding: "utf8", maxBuffer: 1 << 28 });
  if (done.status !== 0) {
    process.stderr.write(`${done.stdout ?? ""}${done.stderr ?? ""}`);
    fail(`${what} failed: ${done.error?.message ?? `exit ${done.status ?? done.signal}`}; command: ${args.join(" ")}`);
  }
  say(`${what} done in ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
}

function installPackages() {
  const stamp = path.join(root, "node_modules", ".manta-setup");
  const wanted = fingerprint(["package.json", "package-lock.json"]);
  if (isCurrent(stamp, wanted) && existsSync(pinnedNode)) return; // R1
  // The npm that runs this script, not the one that the path finds: `npx npm@10 test` stays npm 10.
  const cli = process.env.npm_execpath;
  const [command, first] = cli === undefined ? ["npm", []] : [process.execPath, [cli]];
  // `npm install` instead of `npm ci`: the latter fails where a registry lacks a platform's optional binary (R3: --no-save).
  const args = [...first, "install", "--no-save", "--no-audit", "--no-fund", "--include=dev", "--include=optional"];
  // npm 10 ignores `allowScripts`, and this package's install script wants the network for GPU libraries.
  runQuietly("installing npm packages", command, args, { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" });
  if (!existsSync(pinnedNode))
    fail("npm did not install the pinned Node; are install scripts disabled (ignore-scripts)?");
  writeFileSync(stamp, wanted);
}

/** The first Python of 3.11 or newer. */
function findPython() {
  const check = "import sys; sys.exit(0 if sys.version_info >= (3, 11) else 1)";
  const found = ["python3", "python3.11"].find((name) => spawnSync(name, ["-c", check]).status === 0);
  return found ?? fail("the tests need Python 3.11 or newer; neither python3 nor python3.11 is one");
}

function installPython({ venv: name, requirements }) {
  const venv = path.join(root, name);
  const stamp = path.join(venv, ".manta-setup");
  const wanted = fingerprint([requirements]);
  if (isCurrent(stamp, wanted)) return; // R1
  const python = findPython();
  runQuietly(`making the Python environment ${name}`, python, ["-m", "venv", "--clear", venv]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
  runQuietly("installing Python packages", path.join(venv, "bin", "python"), pip);
  writeFileSync(stamp, wanted);
}

/** Runs the program in the foreground (R2). Ctrl-C reaches it through the terminal; other signals are handed on. */
function runProgram(program, args) {
  const child = spawn(pinnedNode, ["--conditions=@manta-serve/source", program, ...args], {
    cwd: root,
    stdio: "inherit",
  });
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", (error) => fail(`${program} did not start: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
}

const args = process.argv.slice(2);
const wanted = [];
while (Object.hasOwn(environments, args[0] ?? "")) wanted.push(environments[args.shift()]);
const [program, ...rest] = args;
if (program === undefined) fail("usage: node scripts/setup.mjs [--python] [--compat] <program.ts> [arguments...]");
installPackages();
wanted.forEach(installPython);
runProgram(program, rest);
