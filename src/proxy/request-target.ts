// Reads the target of a request line and its Host: the URL the application sees, and the path that routes match (RT7).
// Pure. Must not build a `URL` for the plain targets that nearly every request has.
//   R1  The path is the pathname that `request.url` shows: dot segments resolved, `%2e` and backslashes too.
//   R2  The URL is left as sent: where the request is made, a parser resolves it the same way; what speaks HTTP again
//       (Node-listener ingresses) passes it on.
//   R3  What is ambiguous is refused: userinfo, a fragment, another scheme, a Host that is none.

/** What a request line asks for. */
export type RequestTarget =
  | {
      readonly kind: "path";
      readonly path: string;
      readonly url: string;
      /** Of a target that is a whole URL: it counts, whatever the Host header says (RFC 9112 3.2.2). */
      readonly host?: string;
    }
  /** `OPTIONS *`: the server as a whole. */
  | { readonly kind: "server" }
  | { readonly kind: "refused"; readonly reason: string };

/** Where a URL parser would change a path: characters it encodes, backslashes, and whatever may be a dot segment. */
const ODD_PATH = /[^\x21-\x7e]|["<>\\^`{}|]|\/\.|%2e/i;
const ABSOLUTE = /^(https?):\/\/([^/?]*)(.*)$/i;
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d*)?$/i;
/** Hosts remembered; above it the memory starts anew, so that made-up hosts cannot fill it. */
const MAX_HOSTS = 256;

const SERVER: RequestTarget = { kind: "server" };

function refused(reason: string): RequestTarget {
  return { kind: "refused", reason };
}

/** Bytes above ASCII arrive as Latin-1 characters; a URL holds them percent-encoded, byte by byte. */
function encodeBytes(text: string): string {
  return text.replace(/[\x80-\xff]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function originForm(origin: string, target: string): RequestTarget {
  if (target.includes("#")) return refused("The request target has a fragment.");
  const mark = target.indexOf("?");
  const path = mark === -1 ? target : target.slice(0, mark);
  if (!ODD_PATH.test(path)) return { kind: "path", path, url: origin + target };
  const sent = origin + encodeBytes(path);
  const pathname = URL.parse(sent)?.pathname;
  if (pathname === undefined) return refused("The request target is not a valid URL.");
  return { kind: "path", path: pathname, url: sent + (mark === -1 ? "" : target.slice(mark)) };
}

/** Resolves request targets; remembers the hosts it has seen, which are few. */
export class RequestTargets {
  readonly #origins = new Map<string, string | null>();
  readonly #scheme: "http" | "https";

  /** @param scheme of the connections that requests come over */
  constructor(scheme: "http" | "https" = "http") {
    this.#scheme = scheme;
  }

  /**
   * @param target as it stands in the request line
   * @param host value of the Host header
   */
  resolve(verb: string, target: string, host: string): RequestTarget {
    const origin = this.#origin(this.#scheme, host);
    if (origin === null) return refused("The Host header is not valid.");
    if (target.startsWith("/")) return originForm(origin, target);
    if (target === "*") return verb === "OPTIONS" ? SERVER : refused("Only OPTIONS may ask for `*`.");
    return this.#absoluteForm(target);
  }

  #absoluteForm(target: string): RequestTarget {
    const [, scheme, authority, rest] = ABSOLUTE.exec(target) ?? [];
    if (scheme === undefined || authority === undefined || rest === undefined) {
      return refused("The request target is neither a path nor an http URL.");
    }
    if (authority.includes("@")) return refused("The request target holds user information.");
    const origin = this.#origin(scheme.toLowerCase(), authority);
    if (origin === null) return refused("The host of the request target is not valid.");
    const resolved = originForm(origin, rest.startsWith("/") ? rest : `/${rest}`);
    return resolved.kind === "path" ? { ...resolved, host: authority } : resolved;
  }

  /** `scheme://host` in its normal form; null when the host is none. */
  #origin(scheme: string, host: string): string | null {
    const key = scheme === this.#scheme ? host : `${scheme}://${host}`;
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    const origin = HOST.test(host) ? (URL.parse(`${scheme}://${host}`)?.origin ?? null) : null;
    if (this.#origins.size >= MAX_HOSTS) this.#origins.clear();
    this.#origins.set(key, origin);
    return origin;
  }
}
