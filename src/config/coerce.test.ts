import { describe, expect, it } from "vitest";
import { coerce, convert } from "./coerce.ts";
import type { OptionRule } from "./option-facts.ts";

const integer: OptionRule = { kind: "number", integer: true };
const number: OptionRule = { kind: "number", integer: false };
const boolean: OptionRule = { kind: "boolean" };

describe("coerce", () => {
  // Each row was put to pydantic 2 as Ray Serve 2.60 uses it.
  it.each<[OptionRule, unknown, unknown]>([
    [integer, "2", 2],
    [integer, " 2 ", 2],
    [integer, "+3", 3],
    [integer, "2.0", 2],
    [integer, "1_000", 1000],
    [integer, true, 1],
    [integer, "2.", "2."],
    [integer, "2.5", "2.5"],
    [integer, "1e3", "1e3"],
    [integer, "", ""],
    [integer, "1__0", "1__0"],
    [integer, null, null],
    [number, "2.5", 2.5],
    [number, "1e3", 1000],
    [number, "1_0.5", 10.5],
    [number, ".5", 0.5],
    [number, "5.", 5],
    [number, false, 0],
    [number, ".", "."],
    [number, "0x10", "0x10"],
    [boolean, 1, true],
    [boolean, 0, false],
    [boolean, "TRUE", true],
    [boolean, "off", false],
    [boolean, "n", false],
    [boolean, " true ", " true "],
    [boolean, 2, 2],
    [{ kind: "string" }, 5, 5],
    [{ kind: "exactly", value: 503 }, "503", "503"],
    [{ kind: "array", items: integer }, ["1", true], [1, 1]],
    [{ kind: "array", items: integer }, "1", "1"],
    [{ kind: "record", keys: { kind: "string" }, values: number }, { a: "1.5" }, { a: 1.5 }],
    [{ kind: "oneOf", rules: [number, { kind: "exactly", value: null }] }, "3", 3],
    [{ kind: "oneOf", rules: [number, { kind: "exactly", value: null }] }, null, null],
    [{ kind: "oneOf", rules: [number, { kind: "string" }] }, "3", "3"],
  ])("%j: %j becomes %j", (rule, value, expected) => {
    expect(coerce(rule, value)).toEqual(expected);
  });
});

describe("convert", () => {
  it("does what Ray's validators do", () => {
    expect(convert("levelName", 30)).toBe("WARNING");
    expect(convert("levelName", 15)).toBe(15);
    expect(convert("lowerCase", "MAX")).toBe("max");
    expect(convert("distinct", ["a", "b", "a"])).toEqual(["a", "b"]);
    expect(convert(undefined, "X")).toBe("X");
  });
});
