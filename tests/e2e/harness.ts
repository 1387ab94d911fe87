// Whole instances under test: real processes in a folder and namespace of their own, and the verbs that hurt them.
//   H1  Nothing is fixed: ports are 0, the home is a new folder. After `close` no process of that home is left.
//   H2  Nothing sleeps: `waitUntil` looks at the real state until it is right or the limit is over.
//   H3  What a failed test needs is printed: output of what was started, the log files of the instance.
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { basename, join } from "node:path";
import { onTestFailed } from "vitest";
import { instancePaths } from "../../src/config/paths.ts";
import { ensureToken } from "../../src/config/token.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { ApplicationDetails, InstanceStatus, ReplicaDetails } from "../../src/model/status.ts";
import type { HeadMethods } from "../../src/protocol/control.ts";
import { ControlLink } from "../../src/transport/control-link.ts";
import { socketTransport } from "../../src/transport/socket-transport.ts";
import { type Cli, type Finished, FREE_PORTS, Place } from "./cli.ts";
import { Load } from "./load.ts";

const ROOT = join(import.meta.dirname, "../..");
const FIXTURES = join(ROOT, "tests/fixtures/faults");
const LOOK_MS = 10;
/** How much of each log file a failed test shows. */
const SHOWN_LOG_BYTES = 6000;

type Nothing = false | null | undefined;

export interface Served {
  readonly process: Cli;
  readonly url: string;
}

export class Harness {
  readonly #place = new Place();
  readonly paths = instancePaths(this.#place.home, "cli");
  readonly #apps = join(this.#place.home, "apps");
  readonly #loads: Load[] = [];

  constructor() {
    mkdirSync(join(this.#apps, "node_modules"), { recursive: true });
    symlinkSync(ROOT, join(this.#apps, "node_modules", "manta-serve"));
  }

  /** A copy of a fixture of tests/fixtures/faults that a test may change. @returns its path */
  copy(fixture: string, change: (source: string) => string = (source) => source): string {
    const file = join(this.#apps, fixture);
    cpSync(join(FIXTURES, fixture), file);
    return this.write(basename(fixture), change(readFileSync(file, "utf8")));
  }

  /** Writes a module beside the copies. @returns its path */
  write(name: string, source: string): string {
    const file = join(this.#apps, name);
    writeFileSync(file, source);
    return file;
  }

  /** Starts an instance by a script that calls `serve.run` and prints its status; resolves when it serves. */
  async startServe(file: string, ...args: string[]): Promise<Served> {
    const process = this.run(file, ...args);
    const { http } = (await process.ready()) as unknown as InstanceStatus;
    return { process, url: http?.url ?? "" };
  }

  /** Starts an instance by `manta run`; resolves when it serves. */
  async startByCommand(target: string, ...flags: string[]): Promise<Served> {
    const process = this.#place.manta("run", target, ...FREE_PORTS, "--json", ...flags);
    const { url } = await process.ready();
    return { process, url };
  }

  /** Runs a script as a driver. */
  run(file: string, ...args: string[]): Cli {
    return this.#place.script(file, ...args);
  }

  /** Runs a command to its end. */
  manta(...args: string[]): Promise<Finished> {
    return this.#place.run(...args);
  }

  /** Deploys by a script that joins the instance and ends. @returns its line of JSON */
  async deploy<T = InstanceStatus>(file: string, ...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run(file, ...args).finished();
    if (code !== 0) throw new Error(`${basename(file)} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "null") as T;
  }

  /** Asks the head that answers first. */
  async ask<K extends keyof HeadMethods>(method: K, body: HeadMethods[K]["in"]): Promise<HeadMethods[K]["out"]> {
    const transport = socketTransport(ensureToken(this.paths.token), systemClock);
    const address = { kind: "unix", path: this.paths.headSocket } as const;
    const startMs = systemClock.monotonic();
    for (;;) {
      const dialled = await transport.dial(address, { role: "cli", id: "cli-1", epoch: 0 }).catch(() => undefined);
      if (dialled !== undefined) {
        const link = new ControlLink(dialled, systemClock);
        return await link.request<HeadMethods, K>(method, body).finally(() => link.close("answered"));
      }
      if (systemClock.monotonic() - startMs > 10_000) throw new Error(`no head answers ${method}`);
      await systemClock.sleep(LOOK_MS);
    }
  }

  status(): Promise<InstanceStatus> {
    return this.ask("status", null);
  }

  async application(name = "default"): Promise<ApplicationDetails> {
    const found = (await this.status()).applications[name];
    if (found === undefined) throw new Error(`no application ${name}`);
    return found;
  }

  /** Replicas of a deployment, or of the only one. */
  async replicas(deployment?: string, application = "default"): Promise<readonly ReplicaDetails[]> {
    const { deployments } = await this.application(application);
    return Object.values(deployments)
      .filter(({ name }) => deployment === undefined || name === deployment)
      .flatMap(({ replicas }) => replicas);
  }

  /** Resolves with the pids of a deployment's replicas when all are RUNNING, and so is the application. */
  async running(deployment?: string, application = "default", limitMs?: number): Promise<number[]> {
    return this.waitUntil(
      async () => {
        const { status } = await this.application(application);
        const replicas = await this.replicas(deployment, application);
        if (status !== "RUNNING" || replicas.some(({ state }) => state !== "RUNNING")) return undefined;
        return replicas.map(({ pid }) => pid ?? 0);
      },
      `${application} runs`,
      limitMs,
    );
  }

  /** Looks until `check` gives something other than false, null or undefined (H2). */
  async waitUntil<T>(check: () => Promise<T | Nothing> | T | Nothing, what: string, limitMs = 15_000): Promise<T> {
    const startMs = systemClock.monotonic();
    for (;;) {
      const seen = await check();
      if (seen !== undefined && seen !== null && seen !== false) return seen;
      const passedMs = systemClock.monotonic() - startMs;
      if (passedMs > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
      await systemClock.sleep(LOOK_MS);
    }
  }

  /** SIGKILL; resolves with the pid when the process is gone, as the other verbs do. */
  async killReplica(deployment?: string): Promise<number> {
    const [victim] = await this.replicas(deployment);
    return this.#kill(victim?.pid);
  }

  async freezeReplica(deployment?: string): Promise<number> {
    const [victim] = await this.replicas(deployment);
    return kill(victim?.pid, "SIGSTOP");
  }

  async killProxy(): Promise<number> {
    return this.#kill((await this.status()).proxies["local"]?.pid);
  }

  async killHead(): Promise<number> {
    return this.#kill((await this.ask("info", null)).pid);
  }

  async #kill(pid: number | null | undefined): Promise<number> {
    const victim = kill(pid);
    await this.waitUntil(() => hasEnded(victim), "the killed process is gone");
    return victim;
  }

  /** Breaks a connection without a word. */
  cutConnection(socket: Socket): void {
    socket.resetAndDestroy();
  }

  /** Starts requests over kept-alive connections; they end with the test. */
  load(url: string, connections = 8): Load {
    const load = new Load(url, connections);
    this.#loads.push(load);
    return load;
  }

  /** Pids of this home's processes, those that the test itself started left out. */
  processes(): number[] {
    return this.#place.processes();
  }

  /** The program that a process runs: `head`, `proxy`, `replica`, ... */
  programOf(pid: number): string | undefined {
    return /\/(\w+)\/main\.(?:ts|js)/.exec(readFileSync(`/proc/${pid}/cmdline`, "utf8"))?.[1];
  }

  /** Resolves when no process of this home is left but those that the test started. */
  async nothingLeft(limitMs = 5000): Promise<void> {
    await this.waitUntil(() => this.processes().length === 0, "no process is left", limitMs);
  }

  /** All lines of the log files whose names begin with `prefix`. */
  logs(prefix = ""): string {
    return this.#logFiles(prefix)
      .map((name) => readFileSync(join(this.paths.logs, name), "utf8"))
      .join("");
  }

  /** Prints output and logs if the running test fails (H3). */
  showOnFailure(): void {
    onTestFailed(() => {
      const logs = this.#logFiles("").map((name) => {
        const text = readFileSync(join(this.paths.logs, name), "utf8");
        return `--- ${name}\n${text.slice(-SHOWN_LOG_BYTES)}`;
      });
      process.stderr.write(`${this.#place.output()}\n${logs.join("\n")}\n`);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#loads.map((load) => load.stop()));
    await this.#place.close();
  }

  #logFiles(prefix: string): string[] {
    try {
      return readdirSync(this.paths.logs).filter((name) => name.startsWith(prefix));
    } catch {
      return [];
    }
  }
}

/** Sends a signal. @returns the pid */
export function kill(pid: number | null | undefined, signal: NodeJS.Signals = "SIGKILL"): number {
  if (pid === null || pid === undefined) throw new Error("nothing to kill");
  process.kill(pid, signal);
  return pid;
}

/** True when a process is gone, with all its threads, or only its parent has not noticed. Linux only. */
function hasEnded(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    // Its last thread closes its sockets; until then the kernel takes connections for it.
    return status.includes("State:\tZ") && /Threads:\t[01]\n/.test(status);
  } catch {
    return true;
  }
}

/** Resident memory of a process, bytes. Linux only. */
export function residentBytes(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1024;
}

/** Number of files and sockets that a process has open. Linux only. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
