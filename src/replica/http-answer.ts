// What an ingress returned, as an HTTP answer (api.md "What it may return").
//   R1  `Response` as is; text, bytes, JSON or 204 by the type of the value; iterables of text or bytes stream.
//   R2  What JSON would lose in silence is refused by name: Map, Set, bigint, function, symbol, cycle.
//   R3  What `fetch` answered is passed on without the headers of an encoding that it took off.
import { PIECES } from "../api/brands.ts";
import { SerializationError } from "../core/errors.ts";
import type { JsonFault } from "./json-check.ts";
import { findJsonFault } from "./json-check.ts";

/** A stream of pieces: text or bytes, checked when they come. */
export type PieceSource = AsyncIterator<unknown, unknown, void> | Iterator<unknown, unknown, void>;

export type HttpAnswer =
  | { readonly kind: "whole"; readonly head: HttpHead; readonly body: string | Uint8Array }
  | { readonly kind: "stream"; readonly head: HttpHead | undefined; readonly pieces: PieceSource };

/** Status line and flat headers. */
export interface HttpHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly string[];
}

const EMPTY = new Uint8Array(0);
const JSON_HEAD: HttpHead = { status: 200, statusText: "", headers: ["content-type", "application/json"] };
const NO_CONTENT: HttpHead = { status: 204, statusText: "", headers: [] };
/** Head of a text answer; also of a stream whose first piece is text. */
export const TEXT_HEAD: HttpHead = {
  status: 200,
  statusText: "",
  headers: ["content-type", "text/plain; charset=utf-8"],
};
/** Head of a byte answer; also of a stream whose first piece is bytes. */
export const BYTES_HEAD: HttpHead = {
  status: 200,
  statusText: "",
  headers: ["content-type", "application/octet-stream"],
};

/**
 * Converts a settled return value.
 * @throws {SerializationError} names the path of what cannot be answered
 */
export function toHttpAnswer(value: unknown): HttpAnswer {
  if (typeof value === "string") return { kind: "whole", head: TEXT_HEAD, body: value };
  if (value === undefined) return { kind: "whole", head: NO_CONTENT, body: EMPTY };
  if (typeof value === "object" && value !== null) {
    if (isResponse(value)) return fromResponse(value);
    const bytes = asBytes(value);
    if (bytes !== undefined) return { kind: "whole", head: BYTES_HEAD, body: bytes };
    const pieces = asPieces(value);
    if (pieces !== undefined) return { kind: "stream", head: undefined, pieces };
  }
  const json = toJson(value);
  // `toJSON` may answer undefined.
  return json === undefined
    ? { kind: "whole", head: NO_CONTENT, body: EMPTY }
    : { kind: "whole", head: JSON_HEAD, body: json };
}

/** A `Response`, also one of another class than Node's own: of npm's undici, node-fetch, a framework's ponyfill. */
export function isResponse(value: object): value is Response {
  if (value instanceof Response) return true;
  const isCalledSo = Symbol.toStringTag in value && value[Symbol.toStringTag] === "Response";
  return isCalledSo && "status" in value && "headers" in value && "body" in value;
}

/** A generator, async iterable or `ReadableStream`, as an iterator; undefined for everything else. */
export function asPieces(value: object): PieceSource | undefined {
  if (isWebStream(value)) return readPieces(value);
  if (Symbol.asyncIterator in value) {
    return (value as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  }
  // A synchronous iterable counts only when it is an iterator itself: generators do, arrays, maps and sets do not.
  if (Symbol.iterator in value && "next" in value && typeof value.next === "function") {
    return (value as Iterable<unknown>)[Symbol.iterator]();
  }
  return undefined;
}

function isWebStream(value: object): value is ReadableStream<unknown> {
  return value instanceof ReadableStream || ("getReader" in value && typeof value.getReader === "function");
}

/** Unlike the stream's own iterator it can be ended while a read is pending. */
function readPieces(stream: ReadableStream<unknown> & { readonly [PIECES]?: PieceSource }): PieceSource {
  const direct = stream[PIECES];
  const reader = stream.getReader(); // in any case: the stream is taken
  if (direct !== undefined) return direct;
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    return: async (reason) => {
      await reader.cancel(reason);
      return { done: true, value: undefined };
    },
  };
}

/** The bytes behind an ArrayBuffer or any view of one. */
export function asBytes(value: object): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

function fromResponse(response: Response): HttpAnswer {
  if (response.type === "error") {
    throw new SerializationError({ path: "response", received: "a Response.error()" }, "return one that has a status");
  }
  const decoded = wasDecoded(response);
  const headers: string[] = [];
  for (const [name, value] of response.headers) {
    if (!decoded || (name !== "content-encoding" && name !== "content-length")) headers.push(name, value);
  }
  const head = { status: response.status, statusText: response.statusText, headers };
  if (response.bodyUsed || response.body?.locked === true) {
    throw new SerializationError(
      { path: "response.body", received: "a body that was read already" },
      "return a fresh Response, or response.clone()",
    );
  }
  if (response.body === null) return { kind: "whole", head, body: EMPTY };
  return { kind: "stream", head, pieces: asPieces(response.body) as PieceSource };
}

/** `fetch` decodes the body it gets and keeps the headers that describe the encoded one: `return fetch(url)` (R3). */
function wasDecoded({ url, body, headers }: Response): boolean {
  // Only what `fetch` made has a url.
  return url !== "" && body !== null && /^(x-gzip|gzip|deflate|br)$/i.test(headers.get("content-encoding") ?? "");
}

function toJson(value: unknown): string | undefined {
  const fault: JsonFault | undefined = findJsonFault(value);
  if (fault === undefined) return JSON.stringify(value);
  throw new SerializationError(
    { path: `response${fault.path}`, received: fault.received },
    "return plain data, text, bytes, a stream or a Response",
  );
}
