// Who may talk to the admin server (architecture section 7, reference 1.2): decisions on headers alone. Pure.
//   R1  Without a token, a `Host` that is not ours is refused: a page in a browser may have let a name point here.
//   R2  With a token, whoever reads more than health sends it, in `Authorization`, else `X-Ray-Authorization`, else the
//       cookie; then any `Host` is good, for no page knows the token.
//   R3  A browser may only look. It may write where it has the token and its page came from here: that is the dashboard.
//   R4  Node's `fetch` is no browser: it sends `Sec-Fetch-Mode`, but none of the others that a browser sends beside it.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isLoopback } from "../config/hosts.ts";
import { type Reply, text } from "./exchange.ts";

/** Ray's public paths (reference 1.2): probes, and what a dashboard loads before it has a token. */
const PUBLIC_PATHS: ReadonlySet<string> = new Set([
  "/",
  "/favicon.ico",
  "/api/authentication_mode",
  "/api/authenticate",
  "/api/healthz",
  "/api/gcs_healthz",
  "/api/local_raylet_healthz",
  "/-/healthz",
]);
const PUBLIC_PREFIX = "/static/";

const TOKEN_COOKIE = "ray-authentication-token";

const BROWSER_HEADERS = /^(?:referer|origin|sec-fetch-.*|access-control-request-.*)$/;
const BROWSER_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** What a decision needs of a request. */
export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** The reply to who may not come in; undefined: he may. @param host that the server is bound to */
export function refuse(arrival: Arrival, host: string, token: string | undefined): Reply | undefined {
  const { method, path, headers } = arrival;
  if (token === undefined && !isOwnHost(headers.host, host)) {
    return text(403, `unknown Host ${headers.host ?? ""}: use localhost or ${host}`); // R1
  }
  const needsToken = token !== undefined && !PUBLIC_PATHS.has(path) && !path.startsWith(PUBLIC_PREFIX);
  const given = needsToken ? authorizationOf(headers) : undefined;
  if (needsToken && given === undefined) {
    const missing = text(401, "Unauthorized: Missing authentication token");
    return { ...missing, headers: { ...missing.headers, "www-authenticate": "Bearer" } };
  }
  if (needsToken && !hasToken(given, token)) return text(403, "Forbidden: Invalid authentication token");
  const mayWrite = !isBrowserLike(headers) || (needsToken && isSameOrigin(headers)); // R3
  if (BROWSER_METHODS.has(method) || mayWrite) return undefined;
  return text(405, `'${method}' method not allowed for browser traffic.`);
}

/** True for what a browser sends, or something that looks like it (reference 1.2). */
export function isBrowserLike(headers: IncomingHttpHeaders): boolean {
  const agent = headers["user-agent"];
  if (agent?.startsWith("Mozilla") === true) return true;
  const told = Object.keys(headers).filter((name) => BROWSER_HEADERS.test(name));
  return told.some((name) => agent !== "node" || name !== "sec-fetch-mode"); // R4
}

/** True when `header` names a loopback host or `boundHost` (R1). */
export function isOwnHost(header: string | undefined, boundHost: string): boolean {
  if (header === undefined) return false;
  const host = header.replace(/:\d+$/, "").toLowerCase();
  return isLoopback(host) || host === boundHost.toLowerCase() || host === `[${boundHost.toLowerCase()}]`;
}

/** True when `header` carries the token. Takes as long for a wrong one as for a right one. */
export function hasToken(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(given), digest(token));
}

/** R2 */
function authorizationOf(headers: IncomingHttpHeaders): string | undefined {
  const other = headers["x-ray-authorization"];
  const given = headers.authorization || (typeof other === "string" ? other : undefined);
  if (given) return given;
  const cookies = (headers.cookie ?? "").split(";").map((one) => one.trim());
  const cookie = cookies.find((one) => one.startsWith(`${TOKEN_COOKIE}=`))?.slice(TOKEN_COOKIE.length + 1);
  return cookie ? `Bearer ${cookie}` : undefined;
}

function isSameOrigin({ origin, host }: IncomingHttpHeaders): boolean {
  return origin !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
