// The golden files of values: hand-written bytes that this codec and tests/python/test_golden_frames.py both encode
// and decode. The expectation is JSON in which what JSON lacks stands as {"$kind": ...}.
import { describe, expect, it } from "vitest";
import { readGolden, toHex } from "../../tests/fixtures/protocol/golden.ts";
import { decodeValue, encodeToBytes, type EncodeHooks, type HandleRef, type Revivers } from "./values.ts";

class FakeHandle {
  readonly ref: HandleRef;
  constructor(ref: HandleRef) {
    this.ref = ref;
  }
}

class FakeBody extends ReadableStream<Uint8Array> {}

const hooks: EncodeHooks = {
  handleRef: (value) => (value instanceof FakeHandle ? value.ref : undefined),
  openBody: () => 1,
};
const revivers: Revivers = { handle: (ref) => new FakeHandle(ref), body: () => new FakeBody() };

type Tagged = Record<string, unknown>;

function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

interface HttpParts {
  readonly headers: readonly string[];
  readonly body: number | null;
}

function pairs(headers: readonly string[]): [string, string][] {
  return headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1] ?? ""] as [string, string]] : []));
}

const builders: Record<string, (content: never) => unknown> = {
  $undefined: () => undefined,
  $number: (text: string) => Number(text),
  $bigint: (text: string) => BigInt(text),
  $date: (ms: number | null) => new Date(ms ?? NaN),
  $map: (entries: unknown[][]) => new Map(entries.map(([key, value]) => [build(key), build(value)])),
  $set: (items: unknown[]) => new Set(items.map(build)),
  $error: (parts: Tagged) => {
    const error = new Error(
      parts["message"] as string,
      "cause" in parts ? { cause: build(parts["cause"]) } : undefined,
    );
    Object.defineProperty(error, "name", { value: parts["name"] });
    return Object.assign(error, build(parts["fields"]));
  },
  $bytes: fromHex,
  $arrayBuffer: (hex: string) => fromHex(hex).buffer,
  $typedArray: ([name, hex]: [string, string]) =>
    new (globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => unknown>)[name]!(fromHex(hex).buffer),
  $request: ({ method, url, headers, body }: HttpParts & { method: string; url: string }) =>
    new Request(url, { method, headers: pairs(headers), body: body === null ? null : new FakeBody(), duplex: "half" }),
  $response: ({ status, statusText, headers, body }: HttpParts & { status: number; statusText: string }) =>
    new Response(body === null ? null : new FakeBody(), { status, statusText, headers: pairs(headers) }),
  $handle: (ref: HandleRef) => new FakeHandle(ref),
};

/** The value that a piece of tagged JSON means. */
function build(tagged: unknown): unknown {
  if (Array.isArray(tagged)) return tagged.map(build);
  if (typeof tagged !== "object" || tagged === null) return tagged;
  const keys = Object.keys(tagged);
  const only = keys[0] ?? "";
  if (only.startsWith("$")) return builders[only]!((tagged as Tagged)[only] as never);
  return Object.fromEntries(keys.map((key) => [key, build((tagged as Tagged)[key])]));
}

/** Tagged JSON of a value: the inverse of `build`. */
function tag(value: unknown): unknown {
  if (value === undefined) return { $undefined: true };
  if (typeof value === "bigint") return { $bigint: String(value) };
  if (typeof value === "number" && (Object.is(value, -0) || !Number.isFinite(value)))
    return { $number: Object.is(value, -0) ? "-0" : String(value) };
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(tag);
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.getTime() };
  if (value instanceof Map) return { $map: [...value].map((entry) => entry.map(tag)) };
  if (value instanceof Set) return { $set: [...value].map(tag) };
  if (value instanceof Uint8Array) return { $bytes: toHex(value) };
  if (value instanceof ArrayBuffer) return { $arrayBuffer: toHex(new Uint8Array(value)) };
  if (ArrayBuffer.isView(value))
    return { $typedArray: [Object.prototype.toString.call(value).slice(8, -1), toHex(new Uint8Array(value.buffer))] };
  if (value instanceof Error) {
    const parts: Tagged = {
      name: value.name,
      message: value.message,
      fields: tag(Object.fromEntries(Object.entries(value))),
    };
    return { $error: "cause" in value ? { ...parts, cause: tag(value.cause) } : parts };
  }
  if (value instanceof FakeHandle) return { $handle: value.ref };
  if (value instanceof Request || value instanceof Response) {
    const shared = { headers: [...value.headers].flat(), body: value.body === null ? null : 1 };
    return value instanceof Request
      ? { $request: { method: value.method, url: value.url, ...shared } }
      : { $response: { status: value.status, statusText: value.statusText, ...shared } };
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, tag(item)]));
}

describe("golden values", () => {
  const files = readGolden("value-");

  it("there is a file for each kind of value", () => {
    expect(files.length).toBeGreaterThanOrEqual(18);
  });

  it.each(files)("$name encodes to the hand-written bytes", ({ expected, bytes }) => {
    expect(toHex(encodeToBytes(build(expected["value"]), hooks, "value"))).toBe(toHex(bytes));
  });

  it.each(files)("$name decodes to what its header says, to the last byte", ({ expected, bytes }) => {
    const decoded = decodeValue(bytes, 0, bytes.length, revivers);
    if (!decoded.ok) expect.fail(decoded.reason);
    expect(decoded.end).toBe(bytes.length);
    expect(tag(decoded.value)).toEqual(expected["value"]);
  });
});
