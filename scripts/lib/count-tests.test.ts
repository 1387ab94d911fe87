import { describe, expect, it } from "vitest";
import { countTests } from "./count-tests.ts";

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((test) => ({ status: test })),
});

describe("countTests", () => {
  it("counts what vitest counted", () => {
    const report = {
      numPassedTests: 2,
      numFailedTests: 1,
      testResults: [file("failed", "passed", "failed", "passed")],
    };
    expect(countTests(report, 1)).toEqual({ passed: 2, failed: 1 });
  });

  it("counts a file that could not be loaded as a failure (R1)", () => {
    const report = { numPassedTests: 1, numFailedTests: 0, testResults: [file("passed", "passed"), file("failed")] };
    expect(countTests(report, 1)).toEqual({ passed: 1, failed: 1 });
  });

  it("counts an error outside of any test as a failure (R1)", () => {
    const report = { numPassedTests: 1, numFailedTests: 0, testResults: [file("passed", "passed")] };
    expect(countTests(report, 1)).toEqual({ passed: 1, failed: 1 });
  });

  it("counts a missing report as a failure", () => {
    expect(countTests(undefined, 1)).toEqual({ passed: 0, failed: 1 });
  });
});
