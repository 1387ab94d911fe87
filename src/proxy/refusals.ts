// What the proxy answers by itself when it does not take a request: status and error, in one line each (RT7, RT8). Pure.
import { ServeError } from "../core/errors.ts";
import type { CallTarget } from "../model/call.ts";

/** An answer of the proxy's own. */
export interface Refusal {
  readonly status: number;
  readonly error: ServeError;
}

/** Malformed HTTP. */
export function badRequest(message: string, status = 400): Refusal {
  return { status, error: new ServeError("BAD_REQUEST", message) };
}

/** Why a request cannot be read as HTTP/1 although the parser took it; undefined: it can (RFC 9112 2.3, 6.1). */
export function framingFault(
  { httpVersionMajor: major, httpVersionMinor: minor }: { httpVersionMajor: number; httpVersionMinor: number },
  { coding, chunked }: { readonly coding: string; readonly chunked: boolean },
): Refusal | undefined {
  if (major !== 1) return badRequest("Only HTTP/1.0 and HTTP/1.1 are spoken here.", 505);
  if (!chunked) return undefined;
  if (minor === 0) return badRequest("HTTP/1.0 has no Transfer-Encoding.");
  if (/^chunked$/i.test(coding.trim())) return undefined;
  const last = /(?:^|[\s,])chunked$/i.test(coding.trim());
  return badRequest("Only the transfer coding `chunked` is read here.", last ? 501 : 400);
}

/** A verb that is answered nowhere: CONNECT, TRACE, TRACK. */
export function verbRefused(verb: string): Refusal {
  return badRequest(`Method ${verb} is not allowed.`, 405);
}

/** @param limit bytes, `maxBodyBytes` */
export function bodyTooLarge(limit: number): Refusal {
  return {
    status: 413,
    error: new ServeError("PAYLOAD_TOO_LARGE", `The request body is larger than ${limit} bytes.`, { limit }),
  };
}

/** The body stood still. */
export function bodyIdle(limitMs: number): Refusal {
  return badRequest(`No part of the request body came for ${limitMs / 1000} s.`, 408);
}

/** No Host header in HTTP/1.1, or more than one. */
export const ONE_HOST = badRequest("A request has exactly one Host header.");
/** More than 16 KiB of URL and headers. */
export const HEADERS_TOO_LARGE: Refusal = {
  status: 431,
  error: new ServeError("PAYLOAD_TOO_LARGE", "The request's URL and headers are larger than 16 KiB."),
};
/** An Expect header other than 100-continue. */
export const EXPECTATION_FAILED = badRequest("Only the expectation 100-continue can be met.", 417);

/** The proxy takes no new requests (RT4). */
export const DRAINING_TEXT = "This node is being drained.";
/** Nothing is known about applications yet (RT4). */
export const NO_TABLE_TEXT = "Route table is not populated yet.";
/** Answer to a new request while the proxy drains. */
export const DRAINING: Refusal = { status: 503, error: new ServeError("DEPLOYMENT_UNAVAILABLE", DRAINING_TEXT) };

/** No application serves the path. */
export function routeNotFound(path: string): Refusal {
  return {
    status: 404,
    error: new ServeError("ROUTE_NOT_FOUND", `no application serves ${path}; see /-/routes`, { path }),
  };
}

/** The application's only build failed: it has no deployment to name. @param reason "failed to deploy" */
export function applicationUnavailable({ application }: CallTarget, reason: string): Refusal {
  const message = `Application '${application}' is unavailable because it ${reason}.`;
  return { status: 503, error: new ServeError("DEPLOYMENT_UNAVAILABLE", message, { application, reason }) };
}

/**
 * What a parser's error means to the client; undefined when the connection itself broke and nobody is left to tell.
 * @param seen the bytes that were being read
 */
export function refusalOfParserError(
  code: string | undefined,
  seen: string,
  headersTimeoutMs: number,
): Refusal | undefined {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return HEADERS_TOO_LARGE;
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return { status: 413, error: new ServeError("PAYLOAD_TOO_LARGE", "The extensions of a chunk are too large.") };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return badRequest(`The request's headers did not come within ${headersTimeoutMs / 1000} s.`, 408);
    case "HPE_INVALID_METHOD":
      // The parser does not know TRACK; RT7 does.
      return seen.startsWith("TRACK ") ? verbRefused("TRACK") : badRequest("The request method is not known.");
    case "HPE_INVALID_EOF_STATE":
      return undefined;
    default:
      return code?.startsWith("HPE_") === true ? badRequest("The request is not valid HTTP.") : undefined;
  }
}
