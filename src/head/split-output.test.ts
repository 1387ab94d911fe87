import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_LINE_BYTES, splitOutput } from "./split-output.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("splitOutput", () => {
  it("gives whole lines and leaves the one without an end (R1)", () => {
    expect(splitOutput(bytesOf("one\r\n\ntwo\nthr"), false)).toEqual({ lines: ["one", "", "two"], usedBytes: 10 });
  });

  it("takes the rest for a line when nothing follows (R1)", () => {
    expect(splitOutput(bytesOf("one\ntwo"), true)).toEqual({ lines: ["one", "two"], usedBytes: 7 });
    expect(splitOutput(bytesOf("one\n"), true)).toEqual({ lines: ["one"], usedBytes: 4 });
  });

  it("cuts a long line between characters (R2)", () => {
    const text = `x${"é".repeat(MAX_LINE_BYTES)}`;
    const { lines, usedBytes } = splitOutput(bytesOf(text), false);
    expect(lines.map((line) => line.length)).toEqual([MAX_LINE_BYTES / 2, MAX_LINE_BYTES / 2]);
    expect(lines.join("")).toBe(text.slice(0, MAX_LINE_BYTES));
    expect(usedBytes).toBe(bytesOf(lines.join("")).length);
  });

  it("takes bytes that are no text", () => {
    expect(splitOutput(new Uint8Array(MAX_LINE_BYTES + 9).fill(0x80), true).usedBytes).toBe(MAX_LINE_BYTES + 9);
  });

  it("gives the same lines however the bytes arrive", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "ü", "\n", "日") });
    fc.assert(
      fc.property(text, fc.nat(), (whole, at) => {
        const bytes = bytesOf(whole);
        const first = splitOutput(bytes.subarray(0, at % (bytes.length + 1)), false);
        const rest = splitOutput(bytes.subarray(first.usedBytes), true);
        expect([...first.lines, ...rest.lines]).toEqual(splitOutput(bytes, true).lines);
      }),
    );
  });
});
