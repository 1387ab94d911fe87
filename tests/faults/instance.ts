// The instance that the fault suite hurts: started by `manta start`, in a folder of its own, asked over control links.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { instancePaths } from "../../src/config/paths.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { systemRandom } from "../../src/core/random.ts";
import type { InstanceStatus } from "../../src/model/status.ts";
import type { HeadMethods } from "../../src/protocol/control.ts";
import { findInstance } from "../../src/serve/instance.ts";
import type { HeadLink } from "../../src/serve/head-link.ts";
import { FREE_PORTS, Place } from "../e2e/cli.ts";
import { Versions } from "./versions.ts";

const LOOK_MS = 10;

/** What one process uses. */
export interface Usage {
  readonly pid: number;
  readonly openFiles: number;
  readonly residentMiB: number;
}

export class Instance {
  readonly #place = new Place();
  readonly paths = instancePaths(this.#place.home, "cli");
  readonly versions = new Versions(this.#place.home);
  url = "";
  #head: HeadLink | undefined;

  constructor() {
    // For the link and the handles of this process; what is started gets the same from `Place`.
    process.env["MANTA_HOME"] = this.#place.home;
    process.env["MANTA_NAMESPACE"] = "cli";
  }

  async start(): Promise<void> {
    this.url = ((await this.manta("start", ...FREE_PORTS, "--json")) as { url: string }).url;
    const asker = { role: "driver", onLink: () => undefined, logger: silentLogger } as const;
    const found = await findInstance(undefined, { ...asker, clock: systemClock, random: systemRandom });
    if (found === undefined) throw new Error("manta start left no instance");
    this.#head = found.head;
  }

  /** Runs a command, which must end with 0. @returns the JSON that it printed, if any */
  async manta(...args: string[]): Promise<unknown> {
    const { code, stdout, stderr } = await this.#place.run(...args);
    if (code !== 0) throw new Error(`manta ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
    return stdout.startsWith("{") ? JSON.parse(stdout) : undefined;
  }

  /** Asks the head that answers first, as a driver does. */
  ask<K extends keyof HeadMethods>(method: K, body: HeadMethods[K]["in"]): Promise<HeadMethods[K]["out"]> {
    if (this.#head === undefined) throw new Error("the instance has not been started");
    return this.#head.request(method, body);
  }

  status(): Promise<InstanceStatus> {
    return this.ask("status", null);
  }

  /** Deploys a version as application `name`. */
  async deploy(name: string, importPath: string, wait: boolean): Promise<void> {
    const place = { workingDir: this.versions.folder, args: {} };
    await this.ask("run", { importPath, ...place, name, routePrefix: `/${name}`, wait });
  }

  /** Looks until `check` gives something other than undefined or false. */
  async until<T>(check: () => Promise<T | undefined | false>, what: string, limitMs: number): Promise<T> {
    const untilMs = systemClock.monotonic() + limitMs;
    for (;;) {
      const seen = await check();
      if (seen !== undefined && seen !== false) return seen;
      if (systemClock.monotonic() > untilMs) throw new Error(`not within ${limitMs} ms: ${what}`);
      await systemClock.sleep(LOOK_MS);
    }
  }

  /** Pids by program, `manta` commands left out. */
  programs(): Map<string, number[]> {
    const found = new Map<string, number[]>();
    for (const pid of this.#place.processes()) {
      const program = /\/(\w+)\/main\.(?:ts|js)/.exec(readOrEmpty(`/proc/${pid}/cmdline`))?.[1] ?? "other";
      found.set(program, [...(found.get(program) ?? []), pid]);
    }
    return found;
  }

  pids(program: string): number[] {
    return this.programs().get(program) ?? [];
  }

  /** Children of these processes that are dead and that nobody has asked about. */
  zombiesOf(parents: readonly number[]): number[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        const stat = readOrEmpty(`/proc/${pid}/stat`);
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return state === "Z" && parents.includes(Number(parent));
      });
  }

  usage(program: string): Usage {
    const [pid = 0] = this.pids(program);
    const kib = Number(/VmRSS:\s+(\d+) kB/.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0);
    return { pid, openFiles: readdirSync(`/proc/${pid}/fd`).length, residentMiB: Math.round(kib / 1024) };
  }

  /** Names in the instance's folder, and in that of its sockets. */
  files(): { readonly root: string[]; readonly sockets: string[] } {
    return { root: readdirSync(this.paths.root).sort(), sockets: readdirSync(this.paths.sockets).sort() };
  }

  /** The end of the head's log, for a failed run. */
  log(lines: number): string {
    const files = readdirSync(this.paths.logs).filter((name) => /^(controller|supervisor)_.*\.log$/.test(name));
    const all = files.flatMap((name) => readFileSync(join(this.paths.logs, name), "utf8").trimEnd().split("\n"));
    return all.sort().slice(-lines).join("\n");
  }

  /** Ends whatever is left. */
  async close(): Promise<void> {
    this.#head?.close("the run is over");
    await this.#place.close();
  }
}

/** Sends a signal. @returns false when there is no such process any more */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** True when a process is gone with all its threads, or only its parent has not asked about it. */
export function isGone(pid: number): boolean {
  const status = readOrEmpty(`/proc/${pid}/status`);
  return status === "" || (status.includes("State:\tZ") && /Threads:\t[01]\n/.test(status));
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
