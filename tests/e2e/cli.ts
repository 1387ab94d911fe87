// The command line as real processes, each test in an instance of its own.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = join(import.meta.dirname, "../..");

/** Applications in tests/fixtures/cli/. */
export const APPS = join(ROOT, "tests/fixtures/cli/app.ts");
export const SLOW = join(ROOT, "tests/fixtures/cli/slow.ts");
export const UNGUARDED = join(ROOT, "tests/fixtures/cli/unguarded.ts");

/** Flags of everything that may start an instance: no port is fixed. */
export const FREE_PORTS = ["--http-port", "0", "--admin-port", "0"] as const;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One process of the command line, or of a script. */
export class Cli {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly closed: Promise<unknown>;

  constructor(script: string, args: readonly string[], home: string, cwd: string) {
    this.child = spawn(process.execPath, ["--conditions=@manta-serve/source", script, ...args], {
      cwd,
      // As a shell would start it, also where npm started the tests.
      env: { ...process.env, npm_lifecycle_event: "", MANTA_HOME: home, MANTA_NAMESPACE: "cli" },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.child.stdout!.on("data", (bytes: Buffer) => (this.stdout += bytes.toString()));
    this.child.stderr!.on("data", (bytes: Buffer) => (this.stderr += bytes.toString()));
    this.closed = once(this.child, "close");
  }

  /** The line of JSON that `--json` prints when ready; rejects when the process ends before. */
  ready(): Promise<Record<string, unknown> & { url: string; pid: number }> {
    const { promise, resolve, reject } = Promise.withResolvers<
      Record<string, unknown> & { url: string; pid: number }
    >();
    createInterface({ input: this.child.stdout! }).on(
      "line",
      (line) => line.startsWith("{") && resolve(JSON.parse(line)),
    );
    void this.closed.then(() => reject(new Error(`ended before it was ready: ${this.stderr}${this.stdout}`)));
    return promise;
  }

  async finished(): Promise<Finished> {
    await this.closed;
    return { code: this.child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }

  async interrupt(signal: "SIGINT" | "SIGTERM" | "SIGKILL" = "SIGINT"): Promise<Finished> {
    this.child.kill(signal);
    return this.finished();
  }
}

/** An instance of its own for one test: a folder, and the processes that were started in it. */
export class Place {
  readonly home = mkdtempSync(join(tmpdir(), "manta-cli-"));
  /** Where commands are given. */
  cwd = ROOT;
  readonly #started: Cli[] = [];

  manta(...args: string[]): Cli {
    return this.script(join(ROOT, "src/cli/main.ts"), ...args);
  }

  script(file: string, ...args: string[]): Cli {
    const cli = new Cli(file, args, this.home, this.cwd);
    this.#started.push(cli);
    return cli;
  }

  /** Runs a command to its end. */
  run(...args: string[]): Promise<Finished> {
    return this.manta(...args).finished();
  }

  /** Pids of all processes of this place, the test's own children left out. Linux only; elsewhere empty. */
  processes(): number[] {
    if (process.platform !== "linux") return [];
    const own = new Set(this.#started.map(({ child }) => child.pid));
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && !own.has(Number(name)))
      .filter((pid) => environmentOf(pid).includes(`MANTA_HOME=${this.home}`))
      .map(Number);
  }

  /** Pid of the head that has the namespace. */
  headPid(): number {
    return Number(readFileSync(join(this.home, "cli/head.pid"), "utf8"));
  }

  /** What everything printed; for a failed test. */
  output(): string {
    return this.#started
      .map(({ child, stdout, stderr }) => `$ ${child.spawnargs.slice(2).join(" ")}\n${stdout}${stderr}`)
      .join("\n");
  }

  async close(): Promise<void> {
    for (const { child } of this.#started) if (child.exitCode === null) child.kill("SIGKILL");
    await Promise.all(this.#started.map(({ closed }) => closed));
    for (const pid of this.processes()) killIfThere(pid);
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A user's folder, in which `manta-serve` is installed. */
export class Project {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "manta-project-")));

  constructor() {
    mkdirSync(join(this.folder, "node_modules"));
    symlinkSync(ROOT, join(this.folder, "node_modules/manta-serve"));
    this.write("package.json", '{"type": "module"}');
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  write(file: string, text: string): void {
    writeFileSync(this.path(file), text);
  }

  /** Writes a file as many editors do: a new one takes the place of the old one. */
  replace(file: string, text: string): void {
    this.write(`${file}.new`, text);
    renameSync(this.path(`${file}.new`), this.path(file));
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
}
