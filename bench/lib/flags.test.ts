import { expect, it } from "vitest";
import { helpText, parseFlags } from "./flags.ts";

it("measures all cases but the soak when none is named, in the order of the table otherwise", () => {
  expect(parseFlags([]).cases).toEqual(["T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "B1", "M1"]);
  expect(parseFlags(["--cases", "T11"]).cases).toEqual(["T11"]);
  expect(parseFlags(["--cases", "T4,T1"]).cases).toEqual(["T1", "T4"]);
});

it("refuses a case and a flag that do not exist", () => {
  expect(() => parseFlags(["--cases", "T1,T99"])).toThrow("no such case: T99; there are T1, T2");
  expect(() => parseFlags(["--quik"])).toThrow("--quik");
});

it("explains every flag", () => {
  for (const flag of ["--cases", "--quick", "--json", "--source", "--cpu-prof"]) expect(helpText).toContain(flag);
});
