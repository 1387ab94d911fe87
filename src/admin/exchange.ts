// What a route gets and what it gives: requests and replies as plain data, so that routes are tested without a port.
import type { IncomingHttpHeaders } from "node:http";

/** A request that was let in and found its route. */
export interface AdminRequest {
  /** Of the route's `{name}` parts, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** A browser sent it, or something that looks like one. */
  readonly isBrowser: boolean;
  /** The whole body. @throws {ServeError} PAYLOAD_TOO_LARGE beyond the server's limit; REQUEST_CANCELLED when the client leaves */
  readonly body: () => Promise<Uint8Array>;
}

export interface Reply {
  readonly status: number;
  /** Names in lower case; without `content-length`, which the server knows. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** A reply of text. */
export function text(status: number, body: string, type = "text/plain; charset=utf-8"): Reply {
  return { status, headers: { "content-type": type }, body };
}

/** A reply of JSON. */
export function json(status: number, value: unknown): Reply {
  return text(status, JSON.stringify(value), "application/json; charset=utf-8");
}

/** Status 200 without content, as Ray Serve's server sends it. */
export const EMPTY: Reply = { status: 200, headers: { "content-type": "application/octet-stream" }, body: "" };
