import { describe, expect, it } from "vitest";
import { SerializationError } from "../core/errors.ts";
import { ByteWriter } from "./byte-writer.ts";
import { decodeValue, encodeToBytes, encodeValue, plainHooks, plainRevivers, type EncodeHooks } from "./values.ts";

function roundTrip(value: unknown): unknown {
  const bytes = encodeToBytes(value, plainHooks, "value");
  const decoded = decodeValue(bytes, 0, bytes.length, plainRevivers);
  if (!decoded.ok) expect.fail(decoded.reason);
  return decoded.value;
}

function refusal(value: unknown, hooks: EncodeHooks = plainHooks): { path: string; received: string } {
  try {
    encodeToBytes(value, hooks, "args");
  } catch (reason) {
    if (reason instanceof SerializationError) return reason.details;
    throw reason;
  }
  return expect.fail("it was not refused");
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

class Engine {
  readonly power = 3;
}

const cyclic: Record<string, unknown> = {};
cyclic["self"] = { again: [cyclic] };
const deepCycle = new Map<unknown, unknown>();
deepCycle.set("m", new Set([deepCycle]));
const usedRequest = new Request("http://h/", { method: "POST", body: "x" });
await usedRequest.text();
const detached = new ArrayBuffer(8);
structuredClone(detached, { transfer: [detached] });

describe("what is refused", () => {
  it.each<[string, unknown, string, string]>([
    ["a class instance", [1, { db: new Engine() }], "args[1].db", "an instance of Engine"],
    ["an instance of an unnamed class", [new (class {})()], "args[0]", "an instance of a class without a name"],
    ["an array of a subclass", { a: new (class List extends Array {})() }, "args.a", "an instance of List"],
    ["a Map of a subclass", [new (class Table extends Map {})()], "args[0]", "an instance of Table"],
    ["an object with an inherited prototype", [Object.create({ a: 1 })], "args[0]", "an instance of Object"],
    ["a promise", [Promise.resolve(1)], "args[0]", "an instance of Promise"],
    ["a regular expression", [/a/], "args[0]", "an instance of RegExp"],
    ["a URL", [new URL("http://h/")], "args[0]", "an instance of URL"],
    ["a function", { "odd key": () => 1 }, 'args["odd key"]', "a function"],
    ["a class", [Engine], "args[0]", "a function"],
    ["a symbol", [[Symbol("s")]], "args[0][0]", "a symbol"],
    ["an enumerable symbol key", [{ [Symbol("s")]: 1 }], "args[0]", "the symbol key Symbol(s)"],
    ["a cycle", [cyclic], "args[0].self.again[0]", "a cycle"],
    ["a cycle through Map and Set", [deepCycle], 'args[0].get("m").values()[0]', "a cycle"],
    ["a SharedArrayBuffer", [new SharedArrayBuffer(1)], "args[0]", "a SharedArrayBuffer"],
    ["a view of shared memory", [new Uint8Array(new SharedArrayBuffer(1))], "args[0]", "a SharedArrayBuffer"],
    ["a detached buffer", [detached], "args[0]", "a detached ArrayBuffer"],
    ["an unpaired surrogate", ["a\ud800"], "args[0]", "an unpaired surrogate"],
    ["an unpaired surrogate in a long text", ["é".repeat(9000) + "\udc00"], "args[0]", "an unpaired surrogate"],
    ["an unpaired surrogate in a key", [{ "\udc00": 1 }], 'args[0]["\\udc00"]', "an unpaired surrogate"],
    [
      "a bad Map key",
      [
        new Map<unknown, unknown>([
          [1, 2],
          [Symbol.iterator, 3],
        ]),
      ],
      "args[0].keys()[1]",
      "a symbol",
    ],
    ["a bad value of an object key", [new Map([[{}, Symbol.iterator]])], "args[0].values()[0]", "a symbol"],
    ["a bad value of a number key", [new Map([[7, Symbol.iterator]])], "args[0].get(7)", "a symbol"],
    ["a bad cause", [new Error("x", { cause: new Engine() })], "args[0].cause", "an instance of Engine"],
    ["a bad field of an error", [Object.assign(new Error("x"), { f: () => 1 })], "args[0].f", "a function"],
    ["a used Request", [usedRequest], "args[0]", "a Request whose body was already used"],
    ["a body where none can be sent", [new Response("x")], "args[0]", "a Request or Response with a body"],
    ["Response.error()", [Response.error()], "args[0]", "a Response.error()"],
    ["513 levels", nested(513), `args${"[0]".repeat(512)}`, "nesting deeper than 512 levels"],
  ])("%s is refused with its path", (_, value, path, received) => {
    expect(refusal(value)).toEqual({ path, received });
  });

  it("an accessor that throws is refused with its path and reason (V4)", () => {
    const value = {
      a: [
        {
          get bad(): number {
            throw new TypeError("no");
          },
        },
      ],
    };
    expect(refusal(value)).toEqual({
      path: "args.a[0].bad",
      received: "a value that threw while it was read (TypeError: no)",
    });
  });

  it("a Map that an accessor changes meanwhile is refused", () => {
    const map = new Map<string, unknown>();
    map.set("a", {
      get b() {
        return map.set("c", 1).size;
      },
    });
    expect(refusal([map])).toEqual({ path: "args[0]", received: "a Map that changed while it was read" });
  });

  it("refusing rolls the writer back and leaves the encoder usable (V2)", () => {
    const writer = new ByteWriter();
    writer.u8(9);
    expect(() => encodeValue(writer, [1, new Map([["k", Symbol.iterator]])], plainHooks, "args")).toThrow(
      SerializationError,
    );
    encodeValue(writer, [2], plainHooks, "args");
    expect([...writer.take()]).toEqual([9, 0x91, 2]);
  });

  it("says the path, what it found and what to do", () => {
    expect(() => encodeToBytes([new Engine()], plainHooks, "Ingress.bind(...)")).toThrow(
      "Ingress.bind(...)[0]: an instance of Engine cannot cross between processes; pass plain data",
    );
  });
});

describe("what crosses", () => {
  it("the holes of a sparse array arrive as undefined", () => {
    const sparse: number[] = [];
    sparse[2] = 1;
    expect(roundTrip(sparse)).toStrictEqual([undefined, undefined, 1]);
  });

  it("keeps -0, NaN, infinities and the edges of safe integers", () => {
    const numbers = [
      -0,
      0,
      NaN,
      Infinity,
      -Infinity,
      2 ** 53,
      -(2 ** 53),
      2 ** 53 - 1,
      1 - 2 ** 53,
      2 ** 31,
      -(2 ** 31),
      0.1,
    ];
    expect(roundTrip(numbers)).toStrictEqual(numbers);
  });

  it("keeps an own __proto__ key without touching the prototype", () => {
    const value = roundTrip(JSON.parse('{"__proto__": {"polluted": 1}, "a": 2}')) as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(["__proto__", "a"]);
  });

  it("an object without a prototype arrives as a plain object", () => {
    expect(roundTrip(Object.assign(Object.create(null) as object, { a: 1 }))).toStrictEqual({ a: 1 });
  });

  it("a Buffer arrives as a Uint8Array with memory of its own (D2)", () => {
    const source = Buffer.from("abc");
    const value = roundTrip(source) as Uint8Array;
    expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype);
    expect(value.buffer.byteLength).toBe(3);
  });

  it("a view of a part of a buffer brings only that part", () => {
    const value = roundTrip(new Float32Array([1, 2, 3, 4]).subarray(1, 3)) as Float32Array;
    expect(value).toStrictEqual(new Float32Array([2, 3]));
    expect(value.buffer.byteLength).toBe(8);
  });

  it("an object that stands in two places is not a cycle", () => {
    const shared = { a: 1 };
    expect(roundTrip([shared, shared, { shared }])).toStrictEqual([{ a: 1 }, { a: 1 }, { shared: { a: 1 } }]);
  });

  it("an Error keeps its native class, its cause (undefined too) and its own fields", () => {
    const error = Object.assign(new RangeError("far", { cause: undefined }), { code: "E", __proto__own: 1 });
    const value = roundTrip(error) as RangeError & { code: string };
    expect(value).toBeInstanceOf(RangeError);
    expect(Object.hasOwn(value, "cause")).toBe(true);
    expect([value.name, value.message, value.code, value.stack]).toEqual(["RangeError", "far", "E", "RangeError: far"]);
  });

  it("an Error of a user's class keeps its name", () => {
    class QuotaError extends Error {
      override name = "QuotaError";
      readonly limit = 3;
    }
    const value = roundTrip(new QuotaError("full")) as QuotaError;
    expect([String(value), value.limit, Object.keys(value)]).toEqual(["QuotaError: full", 3, ["limit"]]);
  });

  it("a bigint of 4,000 digits and its negative arrive whole", () => {
    const big = 7n ** 4733n;
    expect(roundTrip([big, -big, 0n, -1n, 255n, 256n])).toStrictEqual([big, -big, 0n, -1n, 255n, 256n]);
  });

  it("512 levels cross, with an undefined inside", () => {
    let value: unknown = undefined;
    for (let i = 0; i < 512; i++) value = new Set([value]);
    expect(() => roundTrip(value)).not.toThrow();
  });

  it.each([0, 23, 24, 25, 31, 32, 255, 256, 65535, 65536, 200_000])("text of %i characters, ASCII or not", (length) => {
    for (const unit of ["a", "é", "日"]) expect(roundTrip(unit.repeat(length))).toBe(unit.repeat(length));
  });

  it("a body becomes the stream number that the hooks give, and a stream again", async () => {
    const opened: string[] = [];
    const hooks: EncodeHooks = { ...plainHooks, openBody: (_, path) => opened.push(path) };
    const bytes = encodeToBytes([{ r: new Response("hello", { status: 201 }) }], hooks, "args");
    const body = new Blob(["hello"]).stream();
    const decoded = decodeValue(bytes, 0, bytes.length, { ...plainRevivers, body: () => body });
    if (!decoded.ok) expect.fail(decoded.reason);
    const [{ r }] = decoded.value as [{ r: Response }];
    expect([opened, r.status, await r.text()]).toEqual([["args[0].r"], 201, "hello"]);
  });

  it("an accessor that encodes something itself disturbs nothing", () => {
    const value = {
      a: 1,
      get b() {
        return encodeToBytes({ c: 2 }, plainHooks, "inner").length;
      },
    };
    expect(roundTrip([value, 5])).toStrictEqual([{ a: 1, b: 4 }, 5]);
  });
});
