// What the programs of an instance write to their logs (reference 2.5, LoggingConfig). The same options stand on a
// deployment, on an application and on the instance: the innermost that is given holds (reference 7.4).
import { z } from "zod";
import { optionDocs } from "./option-docs.ts";

const since = "0.1.0";

/** Attributes of a Python log record, which Ray Serve can add to a JSON line by name. */
const LOG_RECORD_ATTRIBUTES = [
  "args",
  "asctime",
  "created",
  "exc_info",
  "exc_text",
  "filename",
  "funcName",
  "levelname",
  "levelno",
  "lineno",
  "message",
  "module",
  "msecs",
  "msg",
  "name",
  "pathname",
  "process",
  "processName",
  "relativeCreated",
  "stack_info",
  "taskName",
  "thread",
  "threadName",
] as const;

/** Python's names of levels, as a config file may say them. */
const LEVEL_NAMES = (["CRITICAL", "FATAL", "ERROR", "WARN", "WARNING", "INFO", "DEBUG", "NOTSET"] as const).map(
  (value) => ({ kind: "exactly", value }) as const,
);

/** `loggingConfig` wherever it stands. */
export const loggingSchema = z.strictObject({
  encoding: z.enum(["TEXT", "JSON"]).default("TEXT").register(optionDocs, {
    text: "Form of the lines in the log files.",
    unit: null,
    update: "reconfigure",
    rayName: "encoding",
    since,
  }),
  logLevel: z
    .enum(["DEBUG", "INFO", "WARNING", "ERROR"])
    .default("INFO")
    .register(optionDocs, {
      text: "Lowest level that is written.",
      unit: null,
      update: "reconfigure",
      rayName: "log_level",
      since,
      file: { convert: "levelName", rule: { kind: "oneOf", rules: LEVEL_NAMES } },
    }),
  logsDir: z.string().min(1).nullable().default(null).register(optionDocs, {
    text: "Folder of the log files; null: `logs/serve` of the instance.",
    unit: null,
    update: "reconfigure",
    rayName: "logs_dir",
    since,
    expected: "a non-empty string or null",
  }),
  enableAccessLog: z.boolean().default(true).register(optionDocs, {
    text: "Whether each request leaves a line in the logs of proxy and replica.",
    unit: null,
    update: "reconfigure",
    rayName: "enable_access_log",
    since,
  }),
  additionalLogStandardAttrs: z
    .array(z.enum(LOG_RECORD_ATTRIBUTES))
    .default([])
    .register(optionDocs, {
      text: "Attributes of Python's log records to add to each JSON line, as far as they have a meaning here.",
      unit: null,
      update: "reconfigure",
      rayName: "additional_log_standard_attrs",
      since,
      file: { convert: "distinct" },
      expected: `a list of names of log record attributes: ${LOG_RECORD_ATTRIBUTES.join(", ")}`,
    }),
});
