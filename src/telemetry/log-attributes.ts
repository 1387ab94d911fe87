// The attributes that `additionalLogStandardAttrs` may add to each line: those of Python's LogRecord, as Ray takes them.
// Pure. What has no counterpart here is there with a value that says so, for parsers that ask for the name.
import type { LogLevel } from "../core/logger.ts";

/** The line that is written. Times are Unix milliseconds. */
export interface LineFacts {
  readonly level: LogLevel;
  readonly message: string;
  readonly timeMs: number;
  /** When the program began to log. */
  readonly startMs: number;
  readonly pid: number;
  readonly stack: string | null;
}

/** Ray's name of a level. */
export const LEVEL_NAMES: Readonly<Record<LogLevel, string>> = {
  debug: "DEBUG",
  info: "INFO",
  warn: "WARNING",
  error: "ERROR",
};

const LEVEL_NUMBERS: Readonly<Record<LogLevel, number>> = { debug: 10, info: 20, warn: 30, error: 40 };

const ATTRIBUTES: Readonly<Record<string, (facts: LineFacts) => unknown>> = {
  args: () => null,
  asctime: () => null, // stands in every line already
  created: ({ timeMs }) => timeMs / 1000,
  exc_info: () => null,
  exc_text: ({ stack }) => stack,
  filename: () => SOURCE,
  funcName: () => "",
  levelname: ({ level }) => LEVEL_NAMES[level],
  levelno: ({ level }) => LEVEL_NUMBERS[level],
  lineno: () => 0,
  message: ({ message }) => message,
  module: () => SOURCE,
  msecs: ({ timeMs }) => Math.floor(timeMs) % 1000,
  msg: ({ message }) => message,
  name: () => SOURCE,
  pathname: () => SOURCE,
  process: ({ pid }) => pid,
  processName: () => "MainProcess",
  relativeCreated: ({ timeMs, startMs }) => timeMs - startMs,
  stack_info: () => null,
  taskName: () => null,
  thread: () => 0,
  threadName: () => "MainThread",
};

/** Stands for the file and the logger that a line came from: reading the caller's place costs more than a request may. */
export const SOURCE = "manta-serve";

/** Values of the named attributes, in that order; names that do not exist are left out. */
export function attributesOf(names: readonly string[], facts: LineFacts): readonly (readonly [string, unknown])[] {
  return names.flatMap((name) => {
    const read = ATTRIBUTES[name];
    return read === undefined ? [] : [[name, read(facts)] as const];
  });
}
