// One pass over a request's raw headers: what the proxy itself needs, and what the application sees. Pure.
//   R1  Hop-by-hop headers never pass, nor those that Connection names (RT7). `Expect` was met by the proxy.
//   R2  Everything else passes as sent: order, spelling, duplicates.
import { PRIORITIES, type Priority } from "../config/priorities.ts";

/** What a request's headers say to the proxy. */
export interface RequestFacts {
  /** Value of Host; undefined when it is missing. */
  host: string | undefined;
  /** Number of Host headers; more than one is malformed. */
  hosts: number;
  /** `x-request-id` when it may be kept (RT6). */
  requestId: string | undefined;
  /** Of Content-Length; 0 without one. */
  contentLength: number;
  /** Transfer-Encoding is there: the body's length is unknown. */
  chunked: boolean;
  /** Value of Transfer-Encoding; "" without one. */
  coding: string;
  /** `x-request-timeout-seconds` (Q4), seconds; null: no limit; undefined: not given, or not a number. */
  timeoutS: number | null | undefined;
  /** `x-request-disconnect-disabled: ?1` (Q5). */
  keepRunning: boolean;
  sessionId: string;
  multiplexedModelId: string;
  /** `x-priority` (Q6); what is none of ours counts as not given. */
  priority: Priority;
  /** What the application sees, flat, without `x-request-id`. */
  readonly headers: string[];
}

const KEPT_ID = /^[\x20-\x7e]{1,256}$/;
const PLAIN_CONNECTION = /^(?:keep-alive|close)$/i;

/** Lower-case names that a Connection header lists. */
export function connectionNames(value: string): string[] {
  return value.split(",").map((name) => name.trim().toLowerCase());
}

/** A flat header list without the given names. */
export function withoutHeaders(headers: readonly string[], names: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!names.includes(name.toLowerCase())) kept.push(name, headers[i + 1] as string);
  }
  return kept;
}

/** Makes `host` the value of the one Host header in a flat header list. */
export function setHost(headers: string[], host: string): void {
  const at = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === "host");
  if (at === -1) headers.push("host", host);
  else headers[at + 1] = host;
}

function parseTimeout(value: string): number | null | undefined {
  const seconds = value.trim() === "" ? Number.NaN : Number(value);
  if (Number.isNaN(seconds)) return undefined;
  return seconds > 0 && seconds !== Infinity ? seconds : null;
}

/** Reads `rawHeaders` of a request. */
export function readRequestHeaders(raw: readonly string[]): RequestFacts {
  const facts: RequestFacts = {
    host: undefined,
    hosts: 0,
    requestId: undefined,
    contentLength: 0,
    chunked: false,
    coding: "",
    timeoutS: undefined,
    keepRunning: false,
    sessionId: "",
    multiplexedModelId: "",
    priority: "normal",
    headers: [],
  };
  let named: string[] | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    if (readHeader(facts, name, value)) facts.headers.push(name, value);
    else if (name.length === 10 && name.toLowerCase() === "connection" && !PLAIN_CONNECTION.test(value)) {
      named = (named ?? []).concat(connectionNames(value));
    }
  }
  return named === undefined ? facts : { ...facts, headers: withoutHeaders(facts.headers, named) };
}

/** Notes what one header says; false when it must not pass. The length decides first: most headers mean nothing here. */
function readHeader(facts: RequestFacts, name: string, value: string): boolean {
  switch (name.length) {
    case 4:
      if (name.toLowerCase() === "host") {
        facts.host = value;
        facts.hosts++;
      }
      return true;
    case 2:
    case 6:
    case 7:
    case 16:
      return !isHopByHop(name.toLowerCase());
    case 10:
      return readTen(facts, name.toLowerCase(), value);
    case 12:
      return readTwelve(facts, name.toLowerCase(), value);
    case 14:
      if (name.toLowerCase() === "content-length") facts.contentLength = Number(value);
      return true;
    case 17:
      if (name.toLowerCase() !== "transfer-encoding") return true;
      facts.chunked = true;
      facts.coding = value;
      return false;
    case 25:
    case 26:
    case 29:
      readLong(facts, name.toLowerCase(), value);
      return true;
    default:
      return true;
  }
}

function isHopByHop(name: string): boolean {
  switch (name) {
    case "te":
    case "expect":
    case "upgrade":
    case "trailer":
    case "proxy-connection":
      return true;
    default:
      return false;
  }
}

function readTen(facts: RequestFacts, name: string, value: string): boolean {
  if (name === "x-priority") facts.priority = priorityOf(value);
  return name !== "connection" && name !== "keep-alive";
}

function priorityOf(value: string): Priority {
  const wanted = value.trim().toLowerCase();
  return PRIORITIES.find((one) => one === wanted) ?? "normal";
}

function readTwelve(facts: RequestFacts, name: string, value: string): boolean {
  if (name === "x-session-id") facts.sessionId = value;
  if (name !== "x-request-id") return true;
  if (facts.requestId === undefined && KEPT_ID.test(value)) facts.requestId = value;
  return false;
}

function readLong(facts: RequestFacts, name: string, value: string): void {
  switch (name) {
    case "x-request-timeout-seconds":
      facts.timeoutS = parseTimeout(value);
      break;
    case "serve_multiplexed_model_id":
    case "serve-multiplexed-model-id":
      facts.multiplexedModelId = value;
      break;
    case "x-request-disconnect-disabled":
      facts.keepRunning = value.trim() === "?1";
      break;
  }
}
