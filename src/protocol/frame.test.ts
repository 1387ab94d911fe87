import { describe, expect, it } from "vitest";
import { countAllocatedBytes } from "../../tests/fixtures/protocol/allocations.ts";
import { ByteWriter } from "./byte-writer.ts";
import { beginFrame, endFrame, FrameParser } from "./frame.ts";

const ignore = (): void => undefined;

function frame(type: number, callId: number, payload: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  const start = beginFrame(writer, type, callId);
  writer.bytes(payload);
  endFrame(writer, start);
  return writer.take();
}

function announcing(length: number): Uint8Array {
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setUint32(0, length, true);
  return bytes;
}

describe("FrameParser", () => {
  it("hands out whole frames as views of the chunk (F2)", () => {
    const chunk = Buffer.concat([frame(3, 7, new Uint8Array([1, 2])), frame(4, 0xffff_ffff, new Uint8Array(0))]);
    const seen: unknown[] = [];
    const fault = new FrameParser().push(chunk, (type, callId, payload) => {
      seen.push([type, callId, [...payload], payload.buffer === chunk.buffer]);
    });
    expect([fault, seen]).toEqual([
      undefined,
      [
        [3, 7, [1, 2], true],
        [4, 0xffff_ffff, [], true],
      ],
    ]);
  });

  it("hands out plain Uint8Arrays, also from a socket's Buffers", () => {
    const seen: unknown[] = [];
    const keep = (_type: number, _callId: number, payload: Uint8Array): unknown => seen.push(payload.constructor);
    const parser = new FrameParser();
    const bytes = Buffer.from(frame(3, 7, new Uint8Array(20)));
    parser.push(Buffer.concat([bytes, bytes.subarray(0, 12)]), keep);
    parser.push(bytes.subarray(12), keep);
    expect(seen).toEqual([Uint8Array, Uint8Array]);
  });

  it("puts a frame together from single bytes", () => {
    const payload = Uint8Array.from({ length: 300 }, (_, i) => i);
    const parser = new FrameParser();
    const seen: number[][] = [];
    for (const byte of Buffer.concat([frame(1, 2, payload), frame(5, 6, new Uint8Array(1))])) {
      parser.push(new Uint8Array([byte]), (type, callId, part) => seen.push([type, callId, ...part]));
    }
    expect(seen).toEqual([
      [1, 2, ...payload],
      [5, 6, 0],
    ]);
  });

  it.each([0, 4, 1001, 0xffff_ffff])(
    "a length of %i is a fault before anything is kept, and stays one (F1, F4)",
    (length) => {
      const parser = new FrameParser(1000);
      const head = announcing(length);
      const allocated = countAllocatedBytes(() => {
        expect(parser.push(head, ignore)).toMatchObject({ length });
      });
      expect(allocated).toBe(0);
      expect(parser.push(frame(1, 1, new Uint8Array(0)), ignore)).toMatchObject({ length });
    },
  );

  it("a length that arrives byte by byte is checked when it is whole", () => {
    const parser = new FrameParser(1000);
    const faults = [...announcing(1001)].map((byte) => parser.push(new Uint8Array([byte]), ignore)?.length);
    expect(faults.slice(0, 5)).toEqual([undefined, undefined, undefined, 1001, 1001]);
  });

  it("frames before the fault are handed out", () => {
    const seen: number[] = [];
    const chunk = Buffer.concat([frame(9, 1, new Uint8Array(0)), announcing(2)]);
    expect(new FrameParser().push(chunk, (type) => seen.push(type))).toMatchObject({
      message: "frame length 2 is below 5",
    });
    expect(seen).toEqual([9]);
  });

  it("half a frame of 64 MiB takes memory for what arrived, not for what was announced (F3)", () => {
    const parser = new FrameParser();
    const head = announcing(64 * 1024 * 1024);
    expect(countAllocatedBytes(() => parser.push(head, ignore))).toBeLessThan(256);
    const piece = new Uint8Array(10_000);
    expect(countAllocatedBytes(() => parser.push(piece, ignore))).toBeLessThan(3 * piece.length);
  });

  it("a large frame in small pieces is copied in linear time and memory (F3)", () => {
    const whole = frame(8, 1, new Uint8Array(4_000_000).fill(5));
    const parser = new FrameParser();
    let got: Uint8Array | undefined;
    const allocated = countAllocatedBytes(() => {
      for (let at = 0; at < whole.length; at += 1000) {
        parser.push(whole.subarray(at, at + 1000), (_type, _callId, payload) => void (got = payload));
      }
    });
    expect(got?.length).toBe(4_000_000);
    expect(allocated).toBeLessThan(3 * whole.length);
  });
});
