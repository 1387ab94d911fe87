// One request of HTTP/2, in the words of HTTP/1.1: to an exchange its stream is a connection with a single request.
//   R1  The headers are those that HTTP/1.1 would have had: `:authority` is Host, cookies are one header, and a body of
//       unknown length is chunked (RFC 9113 8.2.3, 8.3.1). What is malformed in HTTP/2 alone never comes: nghttp2 resets it.
//   R2  An end of the connection is an end of the stream: it is reset, the other streams go on.
//   R3  A body that broke off has no end.
import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { ServeError } from "../core/errors.ts";
import { MAX_HEADER_BYTES } from "./door.ts";
import type { ClientSocket, RequestMessage, ResponseMessage } from "./http-message.ts";
import { badRequest, EXPECTATION_FAILED, HEADERS_TOO_LARGE, verbRefused, type Refusal } from "./refusals.ts";

const { METHODS, validateHeaderName, validateHeaderValue } = process.getBuiltinModule("node:http");

/** Error code of RFC 9113 7: the answer is whole, the rest of the request is not wanted. */
const NO_ERROR = 0;
/** What a header costs besides its name and value in HTTP/1.1: colon, space, end of line. */
const HEADER_EXTRA_BYTES = 4;

export class Http2Message implements ClientSocket, RequestMessage, ResponseMessage {
  readonly method: string;
  /** The request target. */
  readonly path: string;
  readonly rawHeaders: string[];
  rawTrailers: string[] = [];
  /** The client waits for `100 Continue`. */
  readonly expectsContinue: boolean;
  /** Why it is not taken; undefined when it is. */
  readonly fault: Refusal | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly socket = this;
  readonly req = this;
  readonly chunkedEncoding = true;
  statusCode = 0;
  statusMessage = "";
  readonly #stream: ServerHttp2Stream;
  /** The client is to send no more once it has its answer. */
  #closes = false;
  #unsent = 0;
  #breaking = false;

  /** @param client its connection */
  constructor(
    stream: ServerHttp2Stream,
    rawHeaders: readonly string[],
    client: Pick<ClientSocket, "remoteAddress" | "remotePort">,
  ) {
    const { method, path, headers, expect } = inHttp1(rawHeaders, !stream.endAfterHeaders);
    this.method = method;
    this.path = path;
    this.rawHeaders = headers;
    this.expectsContinue = expect === "100-continue";
    this.fault =
      faultOf(method, path, headers) ?? (expect === "" || this.expectsContinue ? undefined : EXPECTATION_FAILED);
    this.remoteAddress = client.remoteAddress;
    this.remotePort = client.remotePort;
    this.#stream = stream;
    stream.on("error", () => undefined); // "close" follows
    stream.on("trailers", (_trailers, _flags, raw?: string[]) => (this.rawTrailers = raw ?? []));
  }

  get destroyed(): boolean {
    return this.#stream.closed || this.#stream.destroyed;
  }

  get writable(): boolean {
    return this.#stream.writable;
  }

  on(event: "data" | "end", listener: (bytes: Buffer) => void): void {
    if (event === "data") this.#stream.on("data", listener);
    else this.#stream.on("end", () => void (this.#stream.aborted || (listener as () => void)())); // R3
  }

  once(event: "drain" | "close", listener: () => void): void {
    this.#stream.once(event, listener);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  writeContinue(): void {
    if (!this.destroyed) this.#stream.additionalHeaders({ ":status": 100 });
  }

  writeHead(status: number, ...more: [string[]] | [string, string[]]): void {
    if (this.destroyed) return;
    const flat = more[more.length - 1] as string[];
    const headers = { __proto__: null, ":status": status } as unknown as OutgoingHttpHeaders;
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const name = (flat[i] as string).toLowerCase();
      const value = flat[i + 1] as string;
      if (name === "connection") this.#closes = true;
      else append(headers, name, value);
    }
    this.#stream.respond(headers);
    this.statusCode = status;
  }

  /** `writeHead` has sent them. */
  flushHeaders(): void {}

  write(bytes: Uint8Array | string): boolean {
    this.#unsent++;
    return this.#stream.write(bytes, () => {
      this.#unsent--;
      if (this.#breaking) this.destroySoon();
    });
  }

  end(body?: string | Uint8Array, encoding: "latin1" | "utf8" = "utf8"): void {
    const stream = this.#stream;
    if (!stream.writableEnded) stream.end(body, encoding); // the answer to HEAD has ended with its headers
    const comesMore = !stream.endAfterHeaders && !stream.readableEnded;
    if (this.#closes && comesMore) stream.close(NO_ERROR); // RFC 9113 8.1
  }

  destroy(): void {
    // `close` would end the body first: what is not whole would look whole. An error makes it INTERNAL_ERROR.
    this.#stream.destroy(new ServeError("INTERNAL", "the stream was broken off"));
  }

  destroySoon(): void {
    this.#breaking = true;
    if (this.#unsent === 0) this.destroy();
  }

  resetAndDestroy(): void {
    this.destroy();
  }
}

/** Adds a header to a head; names of one that stands twice are kept apart. */
function append(headers: OutgoingHttpHeaders, name: string, value: string): void {
  validateHeaderName(name);
  validateHeaderValue(name, value);
  const before = headers[name];
  if (before === undefined) headers[name] = value;
  else headers[name] = [before, value].flat() as string[];
}

/** R1 */
function inHttp1(
  raw: readonly string[],
  bodyFollows: boolean,
): { readonly method: string; readonly path: string; readonly headers: string[]; readonly expect: string } {
  const pseudo = new Map<string, string>();
  const headers: string[] = [];
  const cookies: string[] = [];
  let hasLength = false;
  let expect = "";
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    if (name.startsWith(":")) pseudo.set(name, value);
    else if (name === "cookie") cookies.push(value);
    else if (name !== "host" || value !== pseudo.get(":authority")) headers.push(name, value);
    hasLength ||= name === "content-length";
    if (name === "expect") expect = value.toLowerCase();
  }
  const authority = pseudo.get(":authority");
  if (authority !== undefined) headers.unshift("host", authority);
  if (cookies.length > 0) headers.push("cookie", cookies.join("; "));
  if (bodyFollows && !hasLength) headers.push("transfer-encoding", "chunked");
  return { method: pseudo.get(":method") ?? "", path: pseudo.get(":path") ?? "", headers, expect };
}

/** What the parser of HTTP/1.1 would have refused. */
function faultOf(method: string, path: string, headers: readonly string[]): Refusal | undefined {
  const bytes = headers.reduce(
    (sum, text) => sum + text.length,
    path.length + (headers.length / 2) * HEADER_EXTRA_BYTES,
  );
  if (bytes > MAX_HEADER_BYTES) return HEADERS_TOO_LARGE;
  if (method === "CONNECT" || method === "TRACK") return verbRefused(method);
  if (!METHODS.includes(method)) return badRequest("The request method is not known.");
  return path.startsWith("/") || path === "*" ? undefined : badRequest("The request target is not a path.");
}
