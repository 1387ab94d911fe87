import { describe, expect, it } from "vitest";
import { ByteWriter } from "./byte-writer.ts";

describe("ByteWriter", () => {
  it("never writes to memory that was handed out (W1)", () => {
    const writer = new ByteWriter();
    writer.text("first");
    const first = writer.take();
    writer.text("second");
    writer.position = 0;
    writer.text("third!");
    expect([Buffer.from(first).toString(), Buffer.from(writer.take()).toString()]).toEqual(["first", "third!"]);
  });

  it("keeps what was begun when it moves to another slab (W2, W3)", () => {
    const writer = new ByteWriter();
    writer.bytes(new Uint8Array(65_000));
    writer.take();
    const start = writer.position;
    writer.u32(0);
    writer.bytes(new Uint8Array(200_000).fill(7));
    writer.setU32(start, 0x01020304);
    const taken = writer.take();
    expect([taken.length, taken[0], taken[3], taken[4], taken[200_003]]).toEqual([200_004, 4, 1, 7, 7]);
  });

  it("forgets what follows a smaller position, and cannot be set forward", () => {
    const writer = new ByteWriter();
    writer.u8(1);
    writer.u8(2);
    writer.position = 1;
    writer.position = 99;
    writer.u8(3);
    expect([...writer.take()]).toEqual([1, 3]);
  });

  it("moves the tail to open and to close a gap", () => {
    const writer = new ByteWriter();
    writer.bytes(new Uint8Array([1, 2, 3]));
    writer.move(1, 2);
    const [first, , ...tail] = writer.take();
    expect([first, ...tail]).toEqual([1, 2, 3]);
    writer.bytes(new Uint8Array([1, 2, 3]));
    writer.move(2, 0);
    expect([...writer.take()]).toEqual([3]);
  });

  it("says how many bytes a text took and replaces unpaired surrogates", () => {
    const writer = new ByteWriter();
    expect([writer.text("abc"), writer.text("é"), writer.text("\ud800"), writer.text("日".repeat(5000))]).toEqual([
      3, 2, 3, 15_000,
    ]);
    expect(Buffer.from(writer.take()).toString().slice(0, 5)).toBe("abcé\ufffd");
  });

  it("copies only what follows the mark into a new slab, and hands out the rest where it is (W3)", () => {
    const writer = new ByteWriter();
    const frame = new Uint8Array(30_000);
    for (let n = 1; n <= 5; n++) {
      writer.mark();
      const start = writer.position;
      writer.u32(0);
      writer.bytes(frame.fill(n));
      writer.setU32(start, n);
    }
    expect(writer.length).toBe(5 * 30_004);
    const pieces = writer.takePieces();
    expect(pieces.length).toBeGreaterThan(1);
    const whole = Buffer.concat(pieces);
    for (let n = 1; n <= 5; n++) {
      const at = (n - 1) * 30_004;
      expect([whole.readUInt32LE(at), whole[at + 4], whole[at + 30_003]]).toEqual([n, n, n]);
    }
    expect(writer.length).toBe(0);
  });

  it("hands attached bytes out as they are, in their place", () => {
    const writer = new ByteWriter();
    const body = new Uint8Array(5000).fill(7);
    writer.u8(1);
    writer.mark();
    const start = writer.position;
    writer.u32(0);
    writer.setU32(start, body.length);
    writer.attach(body);
    expect(writer.position).toBe(5005);
    writer.u8(2);
    const pieces = writer.takePieces();
    expect(pieces[1]).toBe(body);
    expect([...Buffer.concat(pieces).subarray(0, 6), Buffer.concat(pieces).at(-1)]).toEqual([1, 136, 19, 0, 0, 7, 2]);
  });

  it("lets go of the memory of a large value once that is taken (W4)", () => {
    const writer = new ByteWriter();
    writer.bytes(new Uint8Array(3_000_000).fill(7));
    expect(writer.take().length).toBe(3_000_000);
    writer.u32(5);
    const small = writer.take();
    expect([[...small], small.buffer.byteLength < 100_000]).toEqual([[5, 0, 0, 0], true]);
  });
});
