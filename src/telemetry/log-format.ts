// Lines of the log files, as Ray Serve writes them (reference 7.2 and 7.3). Pure.
//   R1  One record is one line; only the stack of an error adds lines, in TEXT alone.
//   R2  The formatted second is kept, and the access line concatenates strings: both run once per request.
//   R3  Local time, as in Ray. `filename` and `lineno` are there for parsers that ask for them.
//   R4  A field named like a key of the line gets a `_` behind it; what stands in `ray_serve_extra_fields` counts as
//       fields of its own.
import type { LogFields, LogRecord } from "../core/logger.ts";
import { attributesOf, LEVEL_NAMES, SOURCE } from "./log-attributes.ts";

/** The program that writes. `replica` is one replica of a deployment, all others are known by their kind and an id. */
export type LogComponent =
  | { readonly kind: "replica"; readonly application: string; readonly deployment: string; readonly replicaId: string }
  | {
      readonly kind: "controller" | "proxy" | "supervisor" | "driver" | "policy";
      /** The proxy's address, the policy's application, else the process id. */
      readonly id: string;
    }
  | { readonly kind: "builder"; readonly application: string; readonly pid: number };

/** One finished request. */
export interface AccessEntry {
  /** HTTP verb, `WS`, or `CALL` for a call through a handle. */
  readonly method: string;
  /** Route prefix of the request; "" for 404, and for a call that no HTTP request led to. */
  readonly route: string;
  /** Of a call through a handle the method, which stands in the place of the route; "" for HTTP. */
  readonly call: string;
  /** HTTP status; or `OK`, `ERROR`, `CANCELLED`. */
  readonly status: number | string;
  readonly latencyMs: number;
  readonly requestId: string;
  readonly application: string;
  /** Address and port of the client; "": not shown. */
  readonly client: string;
}

/** What the lines look like. */
export interface LineOptions {
  readonly encoding: "TEXT" | "JSON";
  /** Names of attributes that each line has besides its own (log-attributes.ts). */
  readonly additionalLogStandardAttrs: readonly string[];
}

/** The process that writes. */
export interface LineSource {
  readonly pid: number;
  /** When it began to log, Unix milliseconds. */
  readonly startMs: number;
}

/** Makes lines, each with its line end. Times are Unix milliseconds. */
export interface LineFormatter {
  record(record: LogRecord, timeMs: number): string;
  access(entry: AccessEntry, timeMs: number): string;
}

/** A formatter for the lines of one program. */
export function createLineFormatter(
  component: LogComponent,
  { encoding, additionalLogStandardAttrs: names }: LineOptions,
  source: LineSource,
): LineFormatter {
  const attributes: Attributes | undefined =
    names.length === 0
      ? undefined
      : (level, message, timeMs, stack) => attributesOf(names, { level, message, timeMs, stack, ...source });
  return encoding === "JSON" ? jsonFormatter(component, attributes, source.pid) : textFormatter(component, attributes);
}

type Attributes = (
  level: LogRecord["level"],
  message: string,
  timeMs: number,
  stack: string | null,
) => readonly (readonly [string, unknown])[];

function textFormatter(component: LogComponent, attributes: Attributes | undefined): LineFormatter {
  const who = `${componentName(component)} ${componentId(component)}`;
  const time = secondCache();
  const shown: (...line: Parameters<Attributes>) => string =
    attributes === undefined
      ? () => ""
      : (...line) =>
          attributes(...line)
            .map(([, value]) => ` ${oneLine(String(value))}`)
            .join("");
  return {
    record({ level, event, fields }, timeMs) {
      const { requestId, error, extra } = splitFields(fields, component);
      const pairs = Object.entries(extra).map(([name, value]) => ` ${name}=${textValue(value)}`);
      const id = requestId === undefined ? "" : ` ${requestId}`;
      const stack = error === undefined ? null : stackOf(error);
      const extras = shown(level, event, timeMs, stack);
      const end = stack === null ? "" : `\n${stack}`;
      return `${LEVEL_NAMES[level]} ${time(timeMs)} ${who}${id}${extras} -- ${oneLine(event)}${pairs.join("")}${end}\n`;
    },
    access(entry, timeMs) {
      const message = accessMessage(entry);
      const extras = shown("info", message, timeMs, null);
      return `INFO ${time(timeMs)} ${who} ${entry.requestId}${extras} -- ${message}\n`;
    },
  };
}

function jsonFormatter(component: LogComponent, attributes: Attributes | undefined, pid: number): LineFormatter {
  const source = { filename: SOURCE, lineno: 0, process: pid };
  const ids = componentKeys(component);
  const time = secondCache();
  const toStderr = component.kind === "proxy" ? { log_to_stderr: false } : {};
  return {
    record({ level, event, fields }, timeMs) {
      const { requestId: request_id, route, application, error, extra } = splitFields(fields, component);
      const stack = error === undefined ? null : stackOf(error);
      const thrown = stack === null ? {} : { exc_text: stack };
      const fixed = { asctime: time(timeMs), levelname: LEVEL_NAMES[level], message: event, ...source, ...thrown };
      const head = withAttributes(fixed, attributes?.(level, event, timeMs, stack));
      if (request_id === undefined) return jsonLine({ ...head, ...ids }, extra, timeMs);
      const { application: _, ...others } = extra; // has its own place
      return jsonLine({ ...head, route, request_id, application, ...ids }, others, timeMs);
    },
    access(entry, timeMs) {
      const { requestId: request_id, application } = entry;
      const route = entry.call !== "" && entry.route === "" ? undefined : entry.route;
      const message = accessMessage(entry);
      const fixed = { asctime: time(timeMs), levelname: "INFO", message, ...source };
      const head = withAttributes(fixed, attributes?.("info", message, timeMs, null));
      return jsonLine({ ...head, route, request_id, application, ...ids, ...toStderr }, {}, timeMs);
    },
  };
}

/** Attributes that the line has anyway keep their place. */
function withAttributes(
  fixed: Readonly<Record<string, unknown>>,
  given: ReturnType<Attributes> | undefined,
): Readonly<Record<string, unknown>> {
  return given === undefined ? fixed : { ...fixed, ...Object.fromEntries(given), ...fixed };
}

/** R4. Never throws. */
function jsonLine(own: Readonly<Record<string, unknown>>, extra: LogFields, timeMs: number): string {
  const line: Record<string, unknown> = { ...own };
  for (const [name, value] of Object.entries(extra)) {
    const isTaken = own[name] !== undefined || name === "timestamp_ns";
    line[isTaken ? `${name}_` : name] = value;
  }
  line["timestamp_ns"] = timeMs * 1e6;
  try {
    return `${JSON.stringify(line, jsonReplacer)}\n`;
  } catch {
    return `${JSON.stringify({ ...own, unshown: Object.keys(extra), timestamp_ns: timeMs * 1e6 })}\n`;
  }
}

function accessMessage({ client, method, route, call, status, latencyMs }: AccessEntry): string {
  const message = `${method} ${call === "" ? route : call} ${status} ${latencyMs.toFixed(1)}ms`;
  return client === "" ? message : `${client} ${message}`;
}

/** `component_name` of a TEXT line: `app_Deployment` for a replica. */
function componentName(component: LogComponent): string {
  if (component.kind === "replica") return `${component.application}_${component.deployment}`;
  return component.kind === "builder" ? "controller" : component.kind;
}

function componentId(component: LogComponent): string {
  if (component.kind === "replica") return component.replicaId;
  return component.kind === "builder" ? `build_${component.application}_${component.pid}` : component.id;
}

function componentKeys(component: LogComponent): Readonly<Record<string, string>> {
  if (component.kind !== "replica") {
    return { component_name: componentName(component), component_id: componentId(component) };
  }
  return { deployment: componentName(component), replica: component.replicaId, component_name: "replica" };
}

interface SplitFields {
  readonly requestId: string | undefined;
  readonly route: string | undefined;
  readonly application: string | undefined;
  readonly error: Error | undefined;
  readonly extra: LogFields;
}

/** Takes out what has its own place in a line; a replica's own ids stand in every line already. */
function splitFields(fields: LogFields, component: LogComponent): SplitFields {
  const { requestId, route, error, ray_serve_extra_fields: nested, ...rest } = fields;
  const stack = error instanceof Error ? error : undefined;
  const extra: Record<string, unknown> = error === undefined || stack !== undefined ? rest : { error, ...rest };
  if (typeof nested === "object" && nested !== null) {
    for (const [name, value] of Object.entries(nested)) extra[name in extra ? `${name}_` : name] = value;
  }
  let application = asText(extra["application"]);
  if (component.kind === "replica") {
    application ??= component.application;
    if (extra["application"] === component.application) delete extra["application"];
    if (extra["deployment"] === component.deployment) delete extra["deployment"];
    if (extra["replica"] === component.replicaId) delete extra["replica"];
  }
  return { requestId: asText(requestId), route: asText(route), application, error: stack, extra };
}

function oneLine(text: string): string {
  return text.includes("\n") ? text.replaceAll("\n", "\\n") : text;
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Longest chain of causes that is written. */
const MAX_CAUSES = 5;

/** Never throws, whatever the user's error does when it is read. */
function stackOf(error: Error, causes = 0): string {
  try {
    const own = error.stack ?? `${error.name}: ${error.message}`;
    if (!(error.cause instanceof Error) || causes === MAX_CAUSES) return own;
    return `${own}\ncaused by ${stackOf(error.cause, causes + 1)}`;
  } catch {
    return "an error that cannot be shown";
  }
}

/** A value on a TEXT line: bare when it holds no blanks or quotes, else as JSON (R1). Never throws. */
function textValue(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  try {
    return JSON.stringify(value, jsonReplacer) ?? String(value);
  } catch {
    return '"a value that cannot be shown"';
  }
}

function jsonReplacer(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}

/** `YYYY-MM-DD HH:MM:SS,mmm` in local time; the part up to the second is made once per second (R2). */
function secondCache(): (timeMs: number) => string {
  let second = NaN;
  let text = "";
  return (timeMs) => {
    const whole = Math.floor(timeMs / 1000);
    if (whole !== second) {
      second = whole;
      text = formatSecond(new Date(whole * 1000));
    }
    return `${text},${pad(Math.floor(timeMs) - whole * 1000, 3)}`;
  };
}

function formatSecond(date: Date): string {
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)}`;
  return `${day} ${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}:${pad(date.getSeconds(), 2)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
