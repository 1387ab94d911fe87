import { describe, expect, it } from "vitest";
import { conditionsOf, programCommand } from "./program-command.ts";

describe("program command", () => {
  it("finds conditions in each spelling that Node takes", () => {
    expect(conditionsOf(["--conditions=a", "--no-warnings", "-C", "b", "--conditions", "c", "-C=d"])).toEqual([
      "a",
      "b",
      "c",
      "d",
    ]);
  });

  it("starts a program by its main file, with the source condition in development", () => {
    const { file, args } = programCommand("head", ["x"]);
    expect(file).toBe(process.execPath);
    expect(args).toContain("--conditions=@manta-serve/source");
    expect(args.at(-2)).toMatch(/src\/head\/main\.ts$/);
    expect(args.at(-1)).toBe("x");
  });

  it("bounds the young generation of what serves requests, unless the environment says how", () => {
    const given = (...command: Parameters<typeof programCommand>): string[] =>
      programCommand(...command).args.filter((arg) => arg.startsWith("--max-semi-space-size="));
    expect(given("replica", [])).toEqual(["--max-semi-space-size=8"]);
    expect(given("proxy", [], "--enable-source-maps")).toEqual(["--max-semi-space-size=8"]);
    expect(given("replica", [], "--max_semi_space_size=64")).toEqual([]);
    expect(given("head", [])).toEqual([]);
  });
});
