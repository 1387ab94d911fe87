import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OutputTail } from "./output-tail.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "manta-tail-"));
  path = join(folder, "replica.out");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("OutputTail", () => {
  it("gives each line once, also of a file that comes later", () => {
    const tail = new OutputTail(path, 0);
    expect(tail.look(0, false)).toBeUndefined();
    appendFileSync(path, "one\ntw");
    expect(tail.look(100, false)).toEqual({ lines: ["one"], skippedBytes: 0, position: 4 });
    expect(tail.look(200, false)).toBeUndefined();
    appendFileSync(path, "o\n");
    expect(tail.look(300, false)).toMatchObject({ lines: ["two"], position: 8 });
  });

  it("begins where it is told, or at the end that the file has", () => {
    writeFileSync(path, "one\ntwo\n");
    expect(new OutputTail(path, 4).look(0, false)?.lines).toEqual(["two"]);
    expect(new OutputTail(path, undefined).look(0, false)).toBeUndefined();
  });

  it("takes a line without an end when nothing comes for a while, or nothing can come (R3)", () => {
    const tail = new OutputTail(path, 0);
    writeFileSync(path, "name? ");
    expect(tail.look(100, false)).toBeUndefined();
    expect(tail.look(500, false)).toBeUndefined();
    expect(tail.look(600, false)?.lines).toEqual(["name? "]);
    appendFileSync(path, "bye");
    expect(tail.look(700, true)?.lines).toEqual(["bye"]);
  });

  it("reads an exchanged file from its start (R1)", () => {
    writeFileSync(path, "a long first line\n");
    const tail = new OutputTail(path, 0);
    tail.look(0, false);
    writeFileSync(path, "new\n");
    expect(tail.look(100, false)?.lines).toEqual(["new"]);
  });

  it("leaves out the older part of a flood and says how much (R2)", () => {
    const line = `${"x".repeat(99)}\n`;
    writeFileSync(path, line.repeat(10_000));
    const piece = new OutputTail(path, 0).look(0, false);
    expect(piece?.position).toBe(1_000_000);
    expect(piece?.skippedBytes).toBe(1_000_000 - 65_536);
    expect(piece?.lines.slice(1).every((one) => one === line.trimEnd())).toBe(true);
  });
});
