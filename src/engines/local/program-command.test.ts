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
});
