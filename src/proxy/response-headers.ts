// What of an application's response headers goes to the client. Pure.
//   R1  Hop-by-hop headers never pass, nor those that Connection names (RT7); the id is the proxy's (RT6).
//   R2  Framing is the proxy's: a length is set aside for the caller to judge. Everything else passes as given, `set-cookie` apart.
import { connectionNames, withoutHeaders } from "./request-headers.ts";

/** Headers ready to be sent, but for framing and request id. */
export interface ResponseHeaders {
  /** Flat; the caller adds to it. */
  readonly headers: string[];
  /** The application's Content-Length when it is one; undefined otherwise. */
  readonly contentLength: number | undefined;
}

/** Sorts an application's flat header list. */
export function readResponseHeaders(given: readonly string[]): ResponseHeaders {
  const headers: string[] = [];
  let contentLength: number | undefined;
  let named: string[] | undefined;
  for (let i = 0; i + 1 < given.length; i += 2) {
    const name = given[i] as string;
    const value = given[i + 1] as string;
    const role = roleOf(name);
    if (role === "passes") headers.push(name, value);
    else if (role === "length") contentLength = /^\d{1,15}$/.test(value) ? Number(value) : undefined;
    else if (role === "connection") named = (named ?? []).concat(connectionNames(value));
  }
  return { headers: named === undefined ? headers : withoutHeaders(headers, named), contentLength };
}

type Role = "passes" | "dropped" | "length" | "connection";

/** Decides by length first: most names pass without a comparison. */
function roleOf(name: string): Role {
  switch (name.length) {
    case 2:
    case 7:
    case 10:
    case 12:
    case 14:
    case 16:
    case 17:
      return ROLES.get(name.toLowerCase()) ?? "passes";
    default:
      return "passes";
  }
}

const ROLES: ReadonlyMap<string, Role> = new Map([
  ["te", "dropped"],
  ["upgrade", "dropped"],
  ["trailer", "dropped"],
  ["connection", "connection"],
  ["keep-alive", "dropped"],
  ["x-request-id", "dropped"],
  ["content-length", "length"],
  ["proxy-connection", "dropped"],
  ["transfer-encoding", "dropped"],
]);
