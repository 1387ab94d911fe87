// Who may talk to the admin server (architecture section 7): decisions on headers alone.
//   R1  A request with a `Host` that is not ours is refused: a page in a browser may have let a name point here.
//   R2  With a token, whoever reads more than health sends it as `Authorization: Bearer`; then any `Host` is good, for no
//       page knows the token.
import { createHash, timingSafeEqual } from "node:crypto";
import { isLoopback } from "../config/hosts.ts";

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

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
