// From a request to its reply: the checks in their order, the route, and what becomes of errors. It touches no socket.
//   R1  First who asks (guard.ts), then what: a stranger does not learn which paths there are.
//   R2  Until the controller has taken up what an earlier head left, only probes are answered: a client that sees no
//       application would deploy it again.
//   R3  Errors are text, in the words of Ray's server; below `/api/manta/` they are JSON of one shape.
import type { IncomingHttpHeaders } from "node:http";
import { ERROR_CODES, type ErrorCode } from "../core/error-codes.ts";
import { describeThrown, type ErrorDetails, ServeError, toServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { json, type Reply, text } from "./exchange.ts";
import { isBrowserLike, refuse } from "./guard.ts";
import { type Match, matchRoute, type Route, slashTwin } from "./match-route.ts";

/** What a request meets. */
export interface AdminDoor {
  /** That the server is bound to. */
  readonly host: string;
  readonly token: string | undefined;
  readonly routes: readonly Route[];
  readonly isReady: () => boolean;
}

/** A request as it came. */
export interface RawRequest {
  readonly method: string;
  /** The target as it stands in the request line. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: () => Promise<Uint8Array>;
}

const OWN_PREFIX = "/api/manta/";

/** Never rejects. */
export async function answerRequest(door: AdminDoor, request: RawRequest, logger: Logger): Promise<Reply> {
  const { method, headers, body } = request;
  const [path, query] = splitTarget(request.url);
  const refusal = refuse({ method, path, headers }, door.host, door.token); // R1
  if (refusal !== undefined) return refusal;
  const match = matchRoute(door.routes, method, path);
  if (match.kind !== "route") return answerWithout(match, door, method, path);
  if (!door.isReady() && !path.endsWith("healthz")) return replyOf(NOT_READY, path); // R2
  try {
    const isBrowser = isBrowserLike(headers);
    return await match.route.answer({ params: match.params, query, headers, isBrowser, body });
  } catch (reason) {
    const error = toServeError(reason);
    if (ERROR_CODES[error.code].http >= 500) logger.error("admin.failed", { path, error });
    return replyOf(error, path);
  }
}

const NOT_READY = new ServeError("DEPLOYMENT_UNAVAILABLE", "the controller is starting; try again in a moment");

/** Path and query; the scheme and host of an absolute form are cut off. */
function splitTarget(url: string): [path: string, query: URLSearchParams] {
  const target = url.replace(/^https?:\/\/[^/?]*/i, "");
  const end = target.indexOf("?");
  if (end === -1) return [target, new URLSearchParams()];
  return [target.slice(0, end), new URLSearchParams(target.slice(end + 1))];
}

function answerWithout(match: Exclude<Match, { kind: "route" }>, door: AdminDoor, method: string, path: string): Reply {
  if (match.kind === "none") {
    const twin = slashTwin(door.routes, path);
    const hint = twin === undefined ? "docs/reference/rest.md lists the paths" : `there is ${twin}`;
    const message = `nothing at ${path}; ${hint}`;
    if (path.startsWith(OWN_PREFIX)) return formatError(404, "ROUTE_NOT_FOUND", message, { path });
    return text(404, `404: Not Found: ${message}`);
  }
  const allow = match.allow.join(", ");
  if (match.kind === "options") return { status: 204, headers: { allow }, body: "" };
  const message = `${method} is not allowed at ${path}; there are ${allow}`;
  const reply = path.startsWith(OWN_PREFIX)
    ? formatError(405, "BAD_REQUEST", message, { path })
    : text(405, `405: Method Not Allowed: ${message}`);
  return { ...reply, headers: { ...reply.headers, allow } };
}

/** R3 */
function replyOf(error: ServeError, path: string): Reply {
  const status = ERROR_CODES[error.code].http;
  if (!path.startsWith(OWN_PREFIX))
    return text(status, error.code === "INTERNAL" ? describeThrown(error) : error.message);
  return formatError(status, error.code, error.message, error.details);
}

function formatError(status: number, code: ErrorCode, message: string, details: ErrorDetails): Reply {
  return json(status, { error: { code, message, details } });
}
