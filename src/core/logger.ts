// What code sees of logging: a constant dotted event name and data fields. Formats and files are in telemetry/.

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log. The event is a constant such as `replica.started`; everything that varies goes into fields. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each record. */
  child(fields: LogFields): Logger;
}

/** One record as a sink gets it. */
export interface LogRecord {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

/** A logger over a sink; records below `level` are dropped. @param level a function is asked for each record */
export function createLogger(
  sink: (record: LogRecord) => void,
  level: LogLevel | (() => LogLevel) = "info",
  bound: LogFields = {},
): Logger {
  const threshold = typeof level === "function" ? level : () => level;
  const at =
    (own: LogLevel) =>
    (event: string, fields?: LogFields): void => {
      if (LEVELS[own] < LEVELS[threshold()]) return;
      sink({ level: own, event, fields: fields === undefined ? bound : { ...bound, ...fields } });
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => createLogger(sink, level, { ...bound, ...fields }),
  };
}

const LEVELS: Readonly<Record<LogLevel, number>> = { debug: 10, info: 20, warn: 30, error: 40 };

/** Drops everything. The default where nobody installed a logger. */
export const silentLogger: Logger = createLogger(() => undefined, "error");
