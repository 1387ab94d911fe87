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
    return pids.length === 0 ? new Map() : parsePs(ps(["-o", "pid=,stat=,lstart=", "-p", pids.join(",")]));
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

/** Facts from a line of `/proc/<pid>/stat` (proc(5): field 3 is the state, field 22 the start time); undefined when dead. */
export function parseStat(line: string): ProcessFacts | undefined {
  // The command's name stands in parentheses and may itself hold any character.
  const [state, ...rest] = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const startTime = rest[18];
  if (startTime === undefined || state === undefined || "ZXx".includes(state)) return undefined;
  return { startTime, stopped: state === "T" };
}

/** Facts from `ps -o pid=,stat=,lstart=`. */
export function parsePs(output: string): ReadonlyMap<number, ProcessFacts> {
  const found = new Map<number, ProcessFacts>();
  for (const line of output.split("\n")) {
    const [, pid, state, startTime] = /^\s*(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (pid === undefined || state === undefined || startTime === undefined || state.startsWith("Z")) continue;
    found.set(Number(pid), { startTime, stopped: state.startsWith("T") });
  }
  return found;
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
