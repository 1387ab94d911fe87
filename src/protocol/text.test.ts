import { afterEach, describe, expect, it, vi } from "vitest";

type TextModule = typeof import("./text.ts");

async function load(host: "with Buffer" | "without Buffer"): Promise<TextModule> {
  vi.resetModules();
  if (host === "without Buffer") vi.stubGlobal("Buffer", undefined);
  return import("./text.ts");
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each(["with Buffer", "without Buffer"] as const)("text %s (T3)", (host) => {
  it("comes back as it was written, a byte order mark and U+FFFD too", async () => {
    const { allocateBytes, readText, textByteLength, writeText } = await load(host);
    for (const text of ["", "short", "a".repeat(100), "é", "日本".repeat(50), "😀", "\ufeffmark", "\ufffd"]) {
      const bytes = allocateBytes(text.length * 3 + 2);
      const written = writeText(bytes, text, 1, text.length * 3);
      expect(written).toBe(textByteLength(text));
      expect(readText(bytes, 1, 1 + written)).toBe(text);
    }
  });

  it("turns an unpaired surrogate into U+FFFD (T1)", async () => {
    const { readText, writeText } = await load(host);
    const bytes = new Uint8Array(9);
    expect(readText(bytes, 0, writeText(bytes, "a\ud800b", 0, 9))).toBe("a\ufffdb");
  });

  it("refuses bytes that are not UTF-8 (T2)", async () => {
    const { readText } = await load(host);
    for (const wrong of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [...Array<number>(40).fill(0x61), 0x80]]) {
      expect(readText(new Uint8Array(wrong), 0, wrong.length)).toBeUndefined();
    }
  });
});
