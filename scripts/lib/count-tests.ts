// Reads vitest's JSON report. Pure.
//   R1  A file that could not be loaded, and an error outside of any test, each count as a failure.

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

function isReport(value: unknown): value is VitestReport {
  return typeof value === "object" && value !== null && "numPassedTests" in value && "testResults" in value;
}

/** How many tests passed and failed, given the report (undefined when there is none) and vitest's exit code. */
export function countTests(report: unknown, exitCode: number): TestCounts {
  if (!isReport(report)) return { passed: 0, failed: 1 };
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  ).length; // R1
  const failed = report.numFailedTests + broken;
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed }; // R1
}
