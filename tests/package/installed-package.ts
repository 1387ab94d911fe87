// The packed tarball, installed into an empty folder as a user does it, and the commands a user then runs there.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { root } from "../../scripts/lib/root.ts";

/** Packages of this repository that pages may import beside Manta, and the types that an editor would have. */
const borrowed = ["@fastify", "@types", "express", "fastify", "hono", "vitest", "zod"];

function mustRun(command: string, args: readonly string[], cwd: string): string {
  const done = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${done.stdout}${done.stderr}`);
  return done.stdout.trim();
}

/** The oldest Node that the package supports, installed once and kept in .cache/. */
export function oldestNode(): string {
  const folder = path.join(root, ".cache/node-22.18");
  const node = path.join(folder, "node_modules/.bin/node");
  if (existsSync(node)) return node;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), `{ "private": true, "allowScripts": { "node": true } }\n`);
  mustRun("npm", ["install", "--no-save", "--no-audit", "--no-fund", "node@22.18"], folder);
  return node;
}

export class InstalledPackage {
  /** The folder in which `npm install` ran. */
  readonly folder = mkdtempSync(path.join(tmpdir(), "manta-package-"));
  readonly #home = path.join(this.folder, ".manta");

  constructor() {
    mustRun(process.execPath, ["scripts/build.ts"], root);
    const tarball = mustRun(process.execPath, ["scripts/pack.ts", this.folder], root);
    writeFileSync(path.join(this.folder, "package.json"), `{ "private": true, "type": "module" }\n`);
    mustRun("npm", ["install", "--no-audit", "--no-fund", tarball], this.folder);
  }

  /** Lets pages import what a user would have installed beside Manta. */
  borrowPackages(): void {
    const modules = path.join(this.folder, "node_modules");
    const present = new Set(readdirSync(modules));
    for (const name of borrowed.filter((other) => !present.has(other))) {
      symlinkSync(path.join(root, "node_modules", name), path.join(modules, name));
    }
  }

  /** The environment of a user's shell whose `node` is the given one, with Manta's own folder inside this one. */
  environment(node: string): NodeJS.ProcessEnv {
    const { NODE_OPTIONS: _, ...inherited } = process.env;
    const searched = [path.dirname(node), path.join(this.folder, "node_modules/.bin"), inherited["PATH"]];
    return { ...inherited, PATH: searched.join(":"), MANTA_HOME: this.#home };
  }

  /** Command lines of processes that belong to this folder and still run. */
  leftovers(): string[] {
    const listed = spawnSync("ps", ["-axo", "pid=,command="], { encoding: "utf8" }).stdout;
    return listed.split("\n").filter((line) => line.includes(this.folder));
  }

  [Symbol.dispose](): void {
    for (const line of this.leftovers()) process.kill(Number.parseInt(line, 10), "SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * `npx manta run ... --json` in a terminal. It is started without npx, which ends by the signal whatever the program
 * under it answers, so that its exit code is seen.
 */
export class RunningApp {
  readonly #child: ChildProcess;
  readonly #closed: Promise<number | null>;
  /** Everything it printed so far. */
  output = "";
  /** The URL of the ready line, undefined without a route; rejects with the output when the program ends first. */
  readonly url: Promise<URL | undefined>;
  /** The admin server; known when `url` is. */
  admin: URL | undefined;

  constructor(command: string, cwd: string, env: NodeJS.ProcessEnv) {
    const [program = "", ...args] = command.replace(/^npx /, "").split(" ");
    const flags = ["--http-port", "0", "--admin-port", "0", "--json"];
    // Its own process group, so that `interrupt` reaches all of it, as Ctrl-C in a terminal does.
    this.#child = spawn(program, [...args, ...flags], { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const { promise, resolve, reject } = Promise.withResolvers<URL | undefined>();
    this.url = promise;
    this.#closed = new Promise((ended) => this.#child.on("close", ended));
    this.#closed.then((code) => reject(new Error(`${command} ended with ${code}:\n${this.output}`)), reject);
    this.#child.stderr?.on("data", (text: Buffer) => (this.output += text.toString()));
    if (this.#child.stdout === null) throw new Error("no stdout");
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.output += `${line}\n`;
      const ready = readReady(line);
      if (ready === undefined) return;
      this.admin = ready.admin;
      resolve(ready.url);
    });
  }

  /** Ctrl-C; resolves to the exit code. */
  async interrupt(): Promise<number | null> {
    if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGINT");
    return this.#closed;
  }
}

function readReady(line: string): { readonly url: URL | undefined; readonly admin: URL | undefined } | undefined {
  try {
    const { url, admin } = JSON.parse(line) as { url?: string | null; admin?: string };
    if (url === undefined) return undefined;
    return { url: URL.parse(url ?? "") ?? undefined, admin: admin === undefined ? admin : new URL(admin) };
  } catch {
    return undefined; // an ordinary line of output
  }
}
