import { describe, expect, it } from "vitest";
import { ServeError } from "../core/errors.ts";
import { encodeToBytes, plainHooks, plainRevivers } from "../protocol/values.ts";
import type { CreditKeeper } from "../transport/chunk-stream.ts";
import { IncomingValues } from "./incoming-values.ts";

const encode = (value: unknown) => encodeToBytes(value, plainHooks, "item").slice();

function stream() {
  const seen = { credit: 0, stopped: 0 };
  const keeper = { consumed: (bytes: number) => void (seen.credit += bytes) } as CreditKeeper;
  return { values: new IncomingValues(keeper, plainRevivers, () => void seen.stopped++), seen };
}

describe("the items of a streamed answer", () => {
  it("give each byte's credit back once, also those of an item that came in parts (R1, Q7)", async () => {
    const { values, seen } = stream();
    const item = encode("x".repeat(200_000));
    values.push(item.subarray(0, 65_536), true);
    values.push(item.subarray(65_536, 131_072), true);
    expect(seen.credit).toBe(131_072);
    values.push(item.subarray(131_072), false);
    expect(seen.credit).toBe(131_072);
    expect((await values.next()).value).toHaveLength(200_000);
    expect(seen.credit).toBe(item.length);
  });

  it("that are large wait for their turn: a reader that stops holds one of them and the window (R1, Q7)", async () => {
    const { values, seen } = stream();
    const item = encode("x".repeat(100_000));
    values.push(item.subarray(0, 65_536), true);
    values.push(item.subarray(65_536), false);
    const before = seen.credit;
    values.push(item.subarray(0, 65_536), true);
    expect(seen.credit).toBe(before);
    await values.next();
    expect(seen.credit).toBe(item.length + 65_536);
    values.push(item.subarray(65_536), false);
    await values.next();
    expect(seen.credit).toBe(2 * item.length);
  });

  it("that share a chunk owe their credit until the last of them is taken (R1)", async () => {
    const { values, seen } = stream();
    const both = Buffer.concat([encode(1), encode("two")]);
    values.push(both, false);
    expect(await values.next()).toEqual({ done: false, value: 1 });
    expect(seen.credit).toBe(0);
    expect(await values.next()).toEqual({ done: false, value: "two" });
    expect(seen.credit).toBe(both.length);
  });

  it("that came before a failure are given out, then the failure, once (R2)", async () => {
    const { values } = stream();
    values.push(encode(1), false);
    values.fail(new ServeError("INTERNAL", "broke"));
    expect((await values.next()).value).toBe(1);
    await expect(values.next()).rejects.toThrow("broke");
    expect(await values.next()).toEqual({ done: true, value: undefined });
  });

  it("stop the producer once when the reader leaves, and release who waits", async () => {
    const { values, seen } = stream();
    const waiting = values.next();
    await values.return();
    values.cancel();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(seen.stopped).toBe(1);
  });
});
