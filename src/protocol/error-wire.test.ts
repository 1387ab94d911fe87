import { describe, expect, it } from "vitest";
import { ReplicaGoneError, ServeError, UserCodeError } from "../core/errors.ts";
import { ByteWriter } from "./byte-writer.ts";
import { readError, writeError } from "./error-wire.ts";
import { encodeToBytes, plainHooks } from "./values.ts";

function cross(error: ServeError): ServeError {
  const writer = new ByteWriter();
  writeError(writer, error);
  const bytes = writer.take();
  return readError(bytes, 0, bytes.length);
}

function crossCause(cause: unknown): unknown {
  return cross(new UserCodeError({ deployment: "D", method: "f" }, cause)).cause;
}

describe("errors on the wire", () => {
  it("keep class, code, message, retryable and details", () => {
    const error = cross(new ReplicaGoneError({ application: "a", deployment: "D", replicaId: "r" }));
    expect(error).toBeInstanceOf(ReplicaGoneError);
    expect(error).toMatchObject({ code: "REPLICA_GONE", retryable: false, details: { replicaId: "r" } });
    expect(Object.hasOwn(error, "cause")).toBe(false);
  });

  it("keep the cause's name, message, stack, own fields and its own cause", () => {
    const cause = Object.assign(new TypeError("bad", { cause: new Error("root") }), { status: 7 });
    const crossed = crossCause(cause) as TypeError & { status: number };
    expect(crossed).toBeInstanceOf(TypeError);
    expect([crossed.message, crossed.stack, crossed.status]).toEqual(["bad", cause.stack, 7]);
    expect(crossed.cause).toMatchObject({ message: "root" });
  });

  it.each([
    ["text", "text"],
    [{ a: 1 }, { a: 1 }],
    [undefined, undefined],
    [Symbol("s"), "Symbol(s)"],
  ])("a thrown %s arrives as a value or as its text", (thrown, expected) => {
    expect(crossCause(thrown)).toEqual(expected);
  });

  it("leave out the one detail that cannot cross, not the others (E1)", () => {
    const details = {
      ok: 1,
      bad: () => 1,
      get worse(): number {
        throw new RangeError("no");
      },
    };
    expect(cross(new ServeError("INTERNAL", "m", details)).details).toEqual({ ok: 1 });
  });

  it("complete the frame whatever the error does when it is read", () => {
    const evil = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no");
        },
        getPrototypeOf: () => {
          throw new Error("no");
        },
      },
    );
    let reads = 0;
    const fickle = {
      get value() {
        if (++reads > 1) throw new Error("only once");
        return 1;
      },
    };
    expect(cross(new UserCodeError({ deployment: "D", method: "f" }, evil)).code).toBe("INTERNAL");
    expect(cross(new ServeError("ENGINE", "m", null as never)).code).toBe("INTERNAL");
    expect(cross(new ServeError("ENGINE", "m", { fickle })).message).toContain("only once");
    expect(evil instanceof ServeError).toBe(false);
  });

  it("cut long stacks, long messages, large fields and endless causes (E2)", () => {
    const cause = Object.assign(new Error("m".repeat(100_000)), { large: "x".repeat(100_000), small: 1 });
    cause.stack = "s".repeat(100_000);
    cause.cause = cause;
    const crossed = crossCause(cause) as Error;
    expect([crossed.message.length, crossed.stack?.length, Object.keys(crossed)]).toEqual([65_540, 16_388, ["small"]]);
    let length = 0;
    for (let at: unknown = crossed; at instanceof Error; at = at.cause) length++;
    expect(length).toBe(8);
  });

  it("survive a cause that throws when it is read, and unpaired surrogates", () => {
    const cause = new Error("x");
    Object.defineProperty(cause, "message", {
      get() {
        throw new RangeError("gone");
      },
    });
    expect(() => cross(new ServeError("INTERNAL", "m\ud800", {}, { cause }))).not.toThrow();
  });

  it.each([
    ["nothing", new Uint8Array(0)],
    ["a number", encodeToBytes(4, plainHooks, "x")],
    ["a map without a code", encodeToBytes({ message: "m" }, plainHooks, "x")],
  ])("%s becomes a PROTOCOL error (E3)", (_, bytes) => {
    expect(readError(bytes, 0, bytes.length)).toMatchObject({ code: "PROTOCOL" });
  });

  it("a code of a later version becomes INTERNAL and keeps its message", () => {
    const bytes = encodeToBytes({ code: "NEWER", message: "m" }, plainHooks, "x");
    expect(readError(bytes, 0, bytes.length)).toMatchObject({ code: "INTERNAL", message: "m", details: {} });
  });
});
