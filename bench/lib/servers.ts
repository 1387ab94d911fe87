// Starts and ends what is measured: bare servers, and Manta by its command line, each in a folder of its own.
//   R1  Ephemeral ports, MANTA_HOME in a temporary folder: nothing that runs on this machine is met.
//   R2  Nothing stays behind: what a server started and did not end itself is killed, and that is a failure.
//   R3  The time of a start counts from the command to its ready line.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../../scripts/lib/root.ts";
import { isAlive, type ProcessInfo, processTree, programName } from "./processes.ts";
import { formatProfile, profilesIn } from "./profile.ts";

/** Longest wait for a server to come up or to end, milliseconds. */
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;

/** A running server. */
export interface Server extends AsyncDisposable {
  /** Ends in `/`. */
  readonly url: string;
  /** When the command was given, by `performance.now()` (R3). */
  readonly startedMs: number;
  /** All its processes. */
  processes(): readonly ProcessInfo[];
}

/** How Manta is started. */
export interface ServerOptions {
  /** True: `src/` by type stripping; false: `dist/`. */
  readonly fromSource: boolean;
  /** Folder that gets a CPU profile of each process of Manta. */
  readonly profileFolder: string | undefined;
}

/** Starts servers and remembers those that run. */
export class Servers implements AsyncDisposable {
  readonly #options: ServerOptions;
  readonly #folder: string;
  readonly #open = new Set<Running>();
  #count = 0;

  private constructor(options: ServerOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  static async create(options: ServerOptions): Promise<Servers> {
    const profileFolder = options.profileFolder === undefined ? undefined : path.resolve(options.profileFolder);
    return new Servers({ ...options, profileFolder }, await mkdtemp(path.join(tmpdir(), "manta-bench-")));
  }

  /** A bare `node:http` server that does the work of all applications. */
  bare(): Promise<Server> {
    const args = [path.join(root, "bench/apps/bare.mjs")];
    return this.#start("bare", args, "pipe", {}, async () => undefined);
  }

  /**
   * `manta run bench/apps/<app>`.
   * @param compileCache name of a folder for compiled code; used again when given again
   * @param given further variables of the environment
   */
  async manta(app: string, compileCache = "shared", given: Readonly<Record<string, string>> = {}): Promise<Server> {
    const { fromSource, profileFolder } = this.#options;
    this.#count += 1;
    const name = `${app.replaceAll(/\W+/g, "-")}-${this.#count}`;
    const home = path.join(this.#folder, `home-${this.#count}`);
    const profiles = profileFolder === undefined ? undefined : path.join(profileFolder, name);
    if (profiles !== undefined) await mkdir(profiles, { recursive: true });
    const command = fromSource ? ["--conditions=@manta-serve/source", "src/cli/main.ts"] : ["dist/cli/main.js"];
    const target = `bench/apps/${app}`;
    const env = {
      ...given,
      MANTA_HOME: home,
      MANTA_NAMESPACE: undefined,
      NODE_COMPILE_CACHE: path.join(this.#folder, `compiled-${compileCache}`),
      NODE_OPTIONS:
        profiles === undefined ? given["NODE_OPTIONS"] : `--cpu-prof --cpu-prof-dir=${JSON.stringify(profiles)}`,
    };
    const args = [...command, "run", target, "--http-port", "0", "--admin-port", "0", "--json"];
    return this.#start(`manta run ${target}`, args, "ignore", env, async (processes) => {
      await rm(home, { recursive: true, force: true });
      if (profiles !== undefined) reportProfiles(name, profiles, processes);
    });
  }

  /** Ends what still runs and removes the temporary folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#open].map((running) => running[Symbol.asyncDispose]()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #start(
    name: string,
    args: readonly string[],
    stdin: "pipe" | "ignore",
    env: Readonly<Record<string, string | undefined>>,
    afterEnd: (processes: readonly ProcessInfo[]) => Promise<void>,
  ): Promise<Server> {
    const running = new Running(name, args, stdin, env, async (processes) => {
      this.#open.delete(running);
      await afterEnd(processes);
    });
    this.#open.add(running);
    try {
      await running.ready();
      return running;
    } catch (error) {
      await running[Symbol.asyncDispose]();
      throw error;
    }
  }
}

class Running implements Server {
  readonly startedMs = performance.now();
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #afterEnd: (processes: readonly ProcessInfo[]) => Promise<void>;
  #url = "";
  #errors = "";
  #ending: Promise<void> | undefined;

  constructor(
    name: string,
    args: readonly string[],
    stdin: "pipe" | "ignore",
    env: Readonly<Record<string, string | undefined>>,
    afterEnd: (processes: readonly ProcessInfo[]) => Promise<void>,
  ) {
    this.#name = name;
    this.#afterEnd = afterEnd;
    this.#child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: [stdin, "pipe", "pipe"],
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#errors += text));
    this.#exited = new Promise((resolve) => {
      this.#child.once("close", () => resolve()).once("error", () => resolve());
    });
  }

  get url(): string {
    return this.#url;
  }

  processes(): readonly ProcessInfo[] {
    return this.#child.pid === undefined ? [] : processTree(this.#child.pid);
  }

  /** Resolves with the ready line. @throws {Error} the server ended, or took too long */
  async ready(): Promise<void> {
    const { stdout } = this.#child;
    if (stdout === null) return;
    const line = new Promise<string>((resolve) => createInterface(stdout).once("line", resolve));
    const ready = await Promise.race([line, this.#exited, sleep(START_LIMIT_MS, undefined, { ref: false })]);
    if (typeof ready !== "string") throw new Error(`${this.#name} did not come up\n${this.#errors}`);
    this.#url = (JSON.parse(ready) as { url: string }).url;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    const processes = this.processes();
    if (this.#child.stdin === null) this.#child.kill("SIGINT");
    else this.#child.stdin.end();
    await Promise.race([this.#exited, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
    const left = processes.filter(({ pid }) => isAlive(pid));
    for (const { pid } of left) process.kill(pid, "SIGKILL"); // R2
    await this.#afterEnd(processes);
    const names = left.map(({ pid, command }) => `${programName(command)} (${pid})`);
    if (left.length > 0) throw new Error(`${this.#name} left processes behind: ${names.join(", ")}`);
  }
}

/** Programs on the path of a request; the profiles of the others are only kept. */
const onRequestPath = ["proxy", "replica"];

function reportProfiles(name: string, folder: string, processes: readonly ProcessInfo[]): void {
  for (const { file, pid } of profilesIn(folder)) {
    const program = programName(processes.find((one) => one.pid === pid)?.command ?? "");
    if (!onRequestPath.includes(program)) continue;
    console.error(formatProfile(`${name}: ${program} (${pid})`, JSON.parse(readFileSync(file, "utf8"))));
  }
}
