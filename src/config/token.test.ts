import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensureToken, readToken } from "./token.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "manta-token-"));
  file = join(folder, "default", "token");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("token", () => {
  it("is undefined until somebody makes it", () => {
    expect(readToken(file)).toBeUndefined();
  });

  it("is made once and then only read (R1)", () => {
    const made = ensureToken(file);
    expect(made).toMatch(/^[0-9a-f]{64}$/);
    expect([ensureToken(file), readToken(file)]).toEqual([made, made]);
  });

  it("is readable by its owner only, and leaves no draft behind", () => {
    ensureToken(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    expect(readdirSync(dirname(file))).toEqual(["token"]);
  });

  it("cannot be kept where the folder is none: one line with the cure", () => {
    writeFileSync(join(folder, "home"), "");
    expect(() => ensureToken(join(folder, "home", "default", "token"))).toThrow(
      /cannot use the folder .*set MANTA_HOME/,
    );
  });

  it("cannot be kept where nothing can be made, and says so instead of trying for ever", () => {
    expect(() => ensureToken("/proc/none/default/token")).toThrow(/cannot use the folder .*set MANTA_HOME/);
  });

  it("that is empty is an error with the path and what to do (R3)", () => {
    ensureToken(file);
    writeFileSync(file, "");
    const words = `the token file ${file} is empty: end what runs in this namespace, then delete the file`;
    expect(() => ensureToken(file)).toThrow(words);
    expect(() => readToken(file)).toThrow(words);
  });
});
