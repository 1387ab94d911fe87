// What the operating system says about processes, by pid. A pid alone proves nothing: it is used again after a death,
// so each look gives the start time to compare with. Dead but unreaped processes (zombies) count as gone.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

/** One live process. */
export interface ProcessFacts {
  /** Start time in the system's own form; only equality means something. */
  readonly startTime: string;
  /** State T: stopped by SIGSTOP or a debugger. */
  readonly stopped: boolean;
  /** CPU time used so far, milliseconds. */
  readonly cpuMs: number;
}

/** A way to look at processes. */
export interface ProcessTable {
  /** The live ones among `pids`. */
  look(pids: readonly number[]): ReadonlyMap<number, ProcessFacts>;
  /** Every live process with its command line, words joined by spaces. Slow; for adoption only. */
  list(): readonly { readonly pid: number; readonly command: string }[];
}

/** The table of this system: `/proc` on Linux, `ps` elsewhere. */
export function systemProcessTable(): ProcessTable {
  return process.platform === "linux" ? procTable : psTable;
}

/** True while a process is stopped (state T). */
export function isStopped(pid: number): boolean {
  return systemProcessTable().look([pid]).get(pid)?.stopped === true;
}

const procTable: ProcessTable = {
  look(pids) {
    const found = new Map<number, ProcessFacts>();
    for (const pid of pids) {
      const facts = parseStat(readOrEmpty(`/proc/${pid}/stat`));
      if (facts !== undefined) found.set(pid, facts);
    }
    return found;
  },
  list() {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return pids.map((pid) => ({
      pid: Number(pid),
      command: readOrEmpty(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim(),
    }));
  },
};

const psTable: ProcessTable = {
  look(pids) {
    return pids.length === 0 ? new Map() : parsePs(ps(["-o", "pid=,stat=,time=,lstart=", "-p", pids.join(",")]));
  },
  list() {
    return ps(["-axww", "-o", "pid=,command="])
      .split("\n")
      .flatMap((line) => {
        const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
        return pid === undefined || command === undefined ? [] : [{ pid: Number(pid), command: command.trim() }];
      });
  },
};

/** One tick of `/proc/<pid>/stat`, milliseconds: Linux shows 100 a second to programs whatever its own clock does. */
const TICK_MS = 10;

/** Facts from a line of `/proc/<pid>/stat` (proc(5): 3 state, 14 and 15 CPU time, 22 start time); undefined when dead. */
export function parseStat(line: string): ProcessFacts | undefined {
  // The command's name stands in parentheses and may itself hold any character.
  const [state, ...rest] = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const startTime = rest[18];
  if (startTime === undefined || state === undefined || "ZXx".includes(state)) return undefined;
  return { startTime, stopped: state === "T", cpuMs: (Number(rest[10]) + Number(rest[11])) * TICK_MS };
}

/** Facts from `ps -o pid=,stat=,time=,lstart=`. */
export function parsePs(output: string): ReadonlyMap<number, ProcessFacts> {
  const found = new Map<number, ProcessFacts>();
  for (const line of output.split("\n")) {
    const [, pid, state = "Z", time = "", startTime = ""] = /^\s*(\d+)\s+(\S+)\s+(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (pid === undefined || state.startsWith("Z")) continue;
    found.set(Number(pid), { startTime, stopped: state.startsWith("T"), cpuMs: parseCpuTime(time) });
  }
  return found;
}

/** `[[days-]hours:]minutes:seconds`, the seconds with a fraction on some systems, in milliseconds. */
function parseCpuTime(text: string): number {
  const [days, clock] = text.includes("-") ? text.split("-") : ["0", text];
  const seconds = (clock ?? "").split(":").reduce((total, part) => total * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1000);
}

/** `ps` exits 1 when no process matches; that is an empty answer. */
function ps(args: readonly string[]): string {
  try {
    return execFileSync("ps", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return "";
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it ended between the two looks
  }
}
