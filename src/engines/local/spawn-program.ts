// Starts one of our programs beside the engine: the head (by a driver or a supervisor), the supervisor (by the CLI).
// Detached like every child, so that a terminal's Ctrl-C does not reach it; its output goes to a file.
import { spawn } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { isStopped } from "./process-table.ts";
import { type MainProgram, programCommand } from "./program-command.ts";

export interface ProgramSpec {
  readonly program: Extract<MainProgram, "head" | "supervisor">;
  readonly args: readonly string[];
  /** Added to this process's environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Absolute path of the file that gets stdout and stderr, appended. */
  readonly outputFile: string;
  /** True: the program's stdin is a pipe that stays open until this process ends or calls `closeInput`. */
  readonly attached: boolean;
}

/** How a program ended. */
export interface ProgramExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last line it wrote, or why it could not be started; "" when it wrote none. */
  readonly message: string;
}

export interface SpawnedProgram {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Resolves once. */
  readonly exited: Promise<ProgramExit>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /** Whether it is stopped (state T) now. */
  isStopped(): boolean;
  closeInput(): void;
  /** Whether it keeps this process's event loop alive; it does until told otherwise. */
  setKeepsAlive(alive: boolean): void;
}

/** Starts a program. */
export function spawnProgram(spec: ProgramSpec): SpawnedProgram {
  const { file, args } = programCommand(spec.program, spec.args);
  mkdirSync(dirname(spec.outputFile), { recursive: true, mode: 0o700 });
  const output = openSync(spec.outputFile, "a+", 0o600);
  const from = fstatSync(output).size;
  const child = spawn(file, args, {
    cwd: spec.cwd,
    env: { ...process.env, ...spec.env },
    detached: true,
    stdio: [spec.attached ? "pipe" : "ignore", output, output],
  });
  // A pipe whose reader died: its exit is reported below.
  child.stdin?.on("error", () => undefined);
  const exited = new Promise<ProgramExit>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal, message: lastLine(output, from) }));
    child.once("error", (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, message: error.message });
    });
  }).finally(() => closeSync(output));
  return {
    pid: child.pid,
    exited,
    kill: (signal) => void child.kill(signal),
    isStopped: () => child.pid !== undefined && isStopped(child.pid),
    closeInput: () => void child.stdin?.end(),
    setKeepsAlive(alive) {
      const handles = [child, child.stdin as { ref?(): void; unref?(): void } | null];
      for (const handle of handles)
        if (alive) handle?.ref?.();
        else handle?.unref?.();
    },
  };
}

/** Longest tail of the output that is looked at for the last line, bytes. */
const TAIL_BYTES = 4096;

function lastLine(descriptor: number, from: number): string {
  const size = fstatSync(descriptor).size;
  const start = Math.max(from, size - TAIL_BYTES);
  const bytes = Buffer.alloc(Math.max(0, size - start));
  readSync(descriptor, bytes, 0, bytes.length, start);
  return bytes.toString("utf8").trimEnd().split("\n").at(-1) ?? "";
}
