// The log of one program: formats records and access lines and appends them to its file (reference 7).
//   R1  Options change while the program runs: the next line follows them, in the new folder if there is one.
import { join, resolve } from "node:path";
import type { Clock } from "../core/clock.ts";
import { createLogger, type Logger, type LogLevel } from "../core/logger.ts";
import { logFileName } from "./file-names.ts";
import { LogFile } from "./log-file.ts";
import {
  createLineFormatter,
  type AccessEntry,
  type LineFormatter,
  type LineOptions,
  type LogComponent,
} from "./log-format.ts";

/** Level of the `logLevel` option. */
const LEVEL_OF_OPTION = { DEBUG: "debug", INFO: "info", WARNING: "warn", ERROR: "error" } as const;

/** What is written, and where: `loggingConfig`, resolved. */
export interface LogOptions extends LineOptions {
  readonly logLevel: keyof typeof LEVEL_OF_OPTION;
  /** Null: the instance's own folder. */
  readonly logsDir: string | null;
  readonly enableAccessLog: boolean;
}

/** A program's log. */
export class ProgramLog {
  readonly logger: Logger;
  readonly #folder: string;
  readonly #component: LogComponent;
  readonly #clock: Clock;
  readonly #startMs: number;
  #path: string;
  #file: LogFile;
  #format: LineFormatter;
  #level: LogLevel;
  #hasAccess: boolean;

  /** @param folder where log files live unless the options name another: `<home>/<namespace>/logs/serve` */
  constructor(folder: string, component: LogComponent, options: LogOptions, clock: Clock) {
    this.#folder = folder;
    this.#component = component;
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#path = this.#pathIn(options);
    this.#file = new LogFile(this.#path, {}, clock);
    this.#format = this.#formatter(options);
    this.#level = LEVEL_OF_OPTION[options.logLevel];
    this.#hasAccess = options.enableAccessLog;
    this.logger = createLogger(
      (record) => this.#file.write(this.#format.record(record, clock.now()), record.level === "error"),
      () => this.#level,
    );
  }

  /** Absolute path of the file. */
  get file(): string {
    return this.#path;
  }

  /** Puts other options into effect (R1). */
  configure(options: LogOptions): void {
    const path = this.#pathIn(options);
    if (path !== this.#path) {
      this.#file.close();
      this.#path = path;
      this.#file = new LogFile(path, {}, this.#clock);
    }
    this.#format = this.#formatter(options);
    this.#level = LEVEL_OF_OPTION[options.logLevel];
    this.#hasAccess = options.enableAccessLog;
  }

  /** Leaves one access line, unless `enableAccessLog` is off. */
  access(entry: AccessEntry): void {
    if (this.#hasAccess) this.#file.write(this.#format.access(entry, this.#clock.now()));
  }

  /** Writes out what waits, as before the process ends; later records are dropped. */
  close(): void {
    this.#file.close();
  }

  #pathIn({ logsDir }: LogOptions): string {
    return join(logsDir === null ? this.#folder : resolve(logsDir), logFileName(this.#component));
  }

  #formatter(options: LogOptions): LineFormatter {
    return createLineFormatter(this.#component, options, { pid: process.pid, startMs: this.#startMs });
  }
}
