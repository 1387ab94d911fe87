// Error bodies that the proxy writes (RT8). Pure.
//   R1  Text unless Accept names `application/json` or a `+json` type; `*/*` is text.
//   R2  A 500 says nothing about its cause, unless in development mode.
import type { ServeError } from "../core/errors.ts";

/** What the answer depends on besides the error. */
export interface ErrorContext {
  readonly requestId: string;
  /** Value of Accept; "" when missing. */
  readonly accept: string;
  /** `MANTA_DEV=1`: causes are shown. */
  readonly development: boolean;
}

/** A whole answer, but for its request id. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

/** What 405 and OPTIONS name. */
export const ALLOWED_VERBS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const HIDDEN = "Internal Server Error";
const JSON_TYPE = /^(?:application\/json|[\w.+-]+\/[\w.-]+\+json)$/i;
const REFUSED_RANGE = /;\s*q=0(?:\.0*)?\s*(?:;|$)/i;

/** True when an Accept value names a JSON type (R1). */
export function acceptsJson(accept: string): boolean {
  return accept
    .split(",")
    .some((range) => JSON_TYPE.test((range.split(";")[0] as string).trim()) && !REFUSED_RANGE.test(range));
}

/** The answer to a request that failed with `error`. */
export function errorResponse(status: number, error: ServeError, context: ErrorContext): ErrorResponse {
  const headers = Object.entries(error.headers ?? {}).flat();
  headers.push(...requiredHeaders(status));
  if (acceptsJson(context.accept)) {
    headers.push("content-type", "application/json");
    return { status, headers, body: jsonBody(status, error, context) };
  }
  headers.push("content-type", "text/plain; charset=utf-8");
  return { status, headers, body: status === 500 ? HIDDEN : textBody(error, context.requestId) };
}

/** What a status says the client may do instead (RFC 9110 15.5.6 and 15.5.22, RFC 6455 4.4). */
function requiredHeaders(status: number): readonly string[] {
  if (status === 405) return ["allow", ALLOWED_VERBS];
  return status === 426 ? ["upgrade", "websocket", "sec-websocket-version", "13"] : [];
}

/** Ray Serve's texts (reference 4.4); ours, in one line, for the rest. */
function textBody({ code, message, details }: ServeError, requestId: string): string {
  const detail = (name: string): string => String(details[name]);
  switch (code) {
    case "ROUTE_NOT_FOUND":
      return `Path '${detail("path")}' not found. Ping http://.../-/routes for available routes.`;
    case "BACK_PRESSURE":
      return `Request dropped due to backpressure (num_queued_requests=${detail("queued")}, max_queued_requests=${detail("limit")}).`;
    case "DEPLOYMENT_UNAVAILABLE":
      if (details["deployment"] === undefined) return message;
      return `Deployment(name='${detail("deployment")}', app='${detail("application")}') is unavailable because it ${detail("reason")}.`;
    case "REQUEST_TIMEOUT":
      return `Request ${requestId} timed out after ${detail("timeoutS")}s.`;
    default:
      return message.replaceAll(/\s*[\r\n]\s*/g, " ");
  }
}

function jsonBody(status: number, error: ServeError, { requestId, development }: ErrorContext): string {
  const { code, message, details } = error;
  if (status !== 500) return JSON.stringify({ error: { code, message, requestId, details } });
  if (!development) return JSON.stringify({ error: { code, message: HIDDEN, requestId } });
  const stack = error.cause instanceof Error ? error.cause.stack : undefined;
  return JSON.stringify({ error: { code, message, requestId, details, stack } });
}
