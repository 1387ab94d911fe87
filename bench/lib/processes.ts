// What the operating system says about the processes of a benchmarked server: its tree, by parent ids.
import { execFileSync } from "node:child_process";

/** One process. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parentPid: number;
  /** Resident memory, megabytes (10^6 bytes). */
  readonly residentMb: number;
  readonly command: string;
}

/** The process `pid` and all below it, as far as they are alive. */
export function processTree(pid: number): readonly ProcessInfo[] {
  return treeOf(pid, parsePs(execFileSync("ps", ["-axwwo", "pid=,ppid=,rss=,command="], { encoding: "utf8" })));
}

/** Lines of `ps -o pid=,ppid=,rss=,command=`; memory is in KiB there. */
export function parsePs(output: string): readonly ProcessInfo[] {
  return output.split("\n").flatMap((line) => {
    const [, pid, parentPid, rss, command] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (command === undefined) return [];
    return [{ pid: Number(pid), parentPid: Number(parentPid), residentMb: (Number(rss) * 1024) / 1e6, command }];
  });
}

/** Those of `all` that descend from `pid`, itself first. */
export function treeOf(pid: number, all: readonly ProcessInfo[]): readonly ProcessInfo[] {
  const self = all.filter((one) => one.pid === pid);
  return [...self, ...all.filter((one) => one.parentPid === pid).flatMap((child) => treeOf(child.pid, all))];
}

/** The program in a command line such as `node .../proxy/main.js p1 1`: `proxy`. */
export function programName(command: string): string {
  return /\/(\w+)\/main\.[jt]s\b/.exec(command)?.[1] ?? "other";
}

/** Whether a process is alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
