// `/api/serve/applications/`: what Ray Serve's command and KubeRay deploy by (reference 1.1, 1.5, 1.8).
//   R1  A config that is refused is 400 with the reason as text; nothing has changed then.
//   R2  What removes everything is answered when nothing is left, but after `REMOVE_MS` in any case: it goes on.
import type { Clock } from "../../core/clock.ts";
import { isServeError, ServeError } from "../../core/errors.ts";
import type { AdminParts } from "../admin-parts.ts";
import { type AdminRequest, EMPTY, json, type Reply, text } from "../exchange.ts";
import type { Route } from "../match-route.ts";
import { redactRuntimeEnvs } from "../redact.ts";
import { formatInstance, type SourceFilter } from "./format-instance.ts";

const PATH = "/api/serve/applications/";

/** Ray's inner limit of a shutdown (reference 1.1). */
const REMOVE_MS = 30_000;

/** Longest `x-manta-warnings`, characters; clients refuse headers of more than some KiB. The log has all of them. */
const WARNINGS_LENGTH = 4_000;

/** @param clock for R2 */
export function applicationRoutes(parts: AdminParts, clock: Clock): readonly Route[] {
  return [
    { method: "GET", path: PATH, answer: (request) => getApplications(parts, request) },
    { method: "PUT", path: PATH, answer: (request) => putApplications(parts, request) },
    { method: "DELETE", path: PATH, answer: () => deleteApplications(parts, clock) },
  ];
}

function getApplications({ commands, health }: AdminParts, { query, isBrowser }: AdminRequest): Reply {
  const given = query.get("api_type") ?? "";
  const source = given.toLowerCase();
  if (!isSource(source)) {
    return text(400, `Invalid 'api_type' value: '${given}'. Must be one of: imperative, declarative`);
  }
  const details = formatInstance(commands.status(), health(), source === "" ? undefined : source);
  return json(200, isBrowser ? redactRuntimeEnvs(details) : details);
}

function isSource(value: string): value is NonNullable<SourceFilter> | "" {
  return value === "" || value === "imperative" || value === "declarative";
}

async function putApplications({ deployConfig }: AdminParts, request: AdminRequest): Promise<Reply> {
  const bytes = await request.body();
  try {
    const warnings = await deployConfig(parseJson(bytes));
    return warnings.length === 0 ? EMPTY : { ...EMPTY, headers: { ...EMPTY.headers, ...warningsHeader(warnings) } };
  } catch (error) {
    if (isServeError(error) && error.code === "CONFIG_INVALID") return text(400, error.message); // R1
    throw error;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "it cannot be read";
    throw new ServeError("CONFIG_INVALID", `the body is not JSON: ${why}`, {}, { cause });
  }
}

/** One line of printable ASCII. */
function warningsHeader(warnings: readonly string[]): Readonly<Record<string, string>> {
  const line = warnings.join("; ").replaceAll(/[^\x20-\x7e]/g, "?");
  const cut = `${line.slice(0, WARNINGS_LENGTH)} ...`;
  return { "x-manta-warnings": line.length > WARNINGS_LENGTH ? cut : line };
}

async function deleteApplications({ commands }: AdminParts, clock: Clock): Promise<Reply> {
  const limit = new AbortController();
  const removed = commands.removeAll();
  const late = clock.sleep(REMOVE_MS, limit.signal).catch(() => undefined);
  await Promise.race([removed, late]); // R2
  limit.abort();
  return EMPTY;
}
