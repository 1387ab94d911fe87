import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeSocketMessage, type SocketMessage, SocketMessageReader } from "./socket-messages.ts";

const hex = (message: SocketMessage): string => Buffer.from(encodeSocketMessage(message)).toString("hex");
const plain = (message: SocketMessage) => ("bytes" in message ? { ...message, bytes: [...message.bytes] } : message);

describe("socket messages", () => {
  it.each<[SocketMessage, string]>([
    [{ kind: "text", text: "hé" }, "010300000068c3a9"],
    [{ kind: "binary", bytes: Uint8Array.of(1, 2) }, "02020000000102"],
    [{ kind: "close", code: 1001, reason: "by" }, "0804000000e9036279"],
  ])("%j is these bytes", (message, bytes) => expect(hex(message)).toBe(bytes));

  it("come out as they went in, however the stream is cut", () => {
    const message = fc.oneof(
      fc.record({ kind: fc.constant("text" as const), text: fc.string({ unit: "grapheme" }) }),
      fc.record({ kind: fc.constant("binary" as const), bytes: fc.uint8Array({ maxLength: 300 }) }),
      fc.record({
        kind: fc.constant("close" as const),
        code: fc.integer({ min: 1000, max: 4999 }),
        reason: fc.string(),
      }),
    );
    fc.assert(
      fc.property(fc.array(message), fc.integer({ min: 1, max: 50 }), (messages, size) => {
        const stream = Buffer.concat(messages.map(encodeSocketMessage));
        const reader = new SocketMessageReader(10_000);
        const seen: SocketMessage[] = [];
        for (let at = 0; at < stream.length; at += size) seen.push(...reader.push(stream.subarray(at, at + size)));
        expect(reader.fault).toBeUndefined();
        expect(seen.map(plain)).toEqual(messages.map(plain));
      }),
    );
  });

  it.each([
    ["a length above the limit", "02ffffffff", /4294967295 bytes, above the limit of 100/],
    ["an unknown kind", "0700000000", /kind 7/],
    ["a close without a code", "0801000000aa", /kind 8 with 1 bytes/],
  ])("%s is a fault, and nothing is read after it", (_what, bytes, fault) => {
    const reader = new SocketMessageReader(100);
    expect(reader.push(Buffer.from(bytes, "hex"))).toEqual([]);
    expect(reader.fault).toMatch(fault);
    expect(reader.push(encodeSocketMessage({ kind: "text", text: "x" }))).toEqual([]);
  });

  it("never throws, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
        const reader = new SocketMessageReader(64);
        for (const piece of pieces) reader.push(piece);
      }),
    );
  });
});
