// The log of one program: formats records and access lines and appends them to its file under `logs/serve/`.
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { createLogger, type Logger } from "../core/logger.ts";
import { logFileName } from "./file-names.ts";
import { LogFile } from "./log-file.ts";
import { createLineFormatter, LEVEL_OF_OPTION, type AccessEntry, type LogComponent } from "./log-format.ts";

/** What is written: `loggingConfig` of the instance, resolved. */
export interface LogOptions {
  readonly encoding: "TEXT" | "JSON";
  readonly logLevel: keyof typeof LEVEL_OF_OPTION;
  readonly enableAccessLog: boolean;
}

/** A program's log. */
export interface ProgramLog {
  /** Absolute path of the file. */
  readonly file: string;
  readonly logger: Logger;
  /** Leaves one access line, unless `enableAccessLog` is off. */
  access(entry: AccessEntry): void;
  /** Writes out what waits, as before the process ends; later records are dropped. */
  close(): void;
}

/** Opens the log of a program. @param folder where log files live: `<home>/<namespace>/logs/serve` */
export function openProgramLog(folder: string, component: LogComponent, options: LogOptions, clock: Clock): ProgramLog {
  const path = join(folder, logFileName(component));
  const file = new LogFile(path, {}, clock);
  const format = createLineFormatter(component, options.encoding, process.pid);
  const access = (entry: AccessEntry): void => file.write(format.access(entry, clock.now()));
  return {
    file: path,
    logger: createLogger(
      (record) => file.write(format.record(record, clock.now()), record.level === "error"),
      LEVEL_OF_OPTION[options.logLevel],
    ),
    access: options.enableAccessLog ? access : () => undefined,
    close: () => file.close(),
  };
}
