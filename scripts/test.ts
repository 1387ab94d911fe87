// Runs the tests and says, as the very last line, how many passed and failed.
//   node scripts/test.ts [vitest filters and flags]
//   R1  The last line of stdout is `N passed, N failed`, alone, whatever vitest printed before.
//   R2  Exit code 1 when a test failed, when vitest itself failed, or when no test ran.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { countTests, type TestCounts } from "./lib/count-tests.ts";
import { root } from "./lib/root.ts";

const reportFile = path.join(root, ".cache/test-report.json");

/** Runs vitest in the foreground and reads its report; undefined when it wrote none. */
function runVitest(args: readonly string[]): { exitCode: number; report: unknown } {
  mkdirSync(path.dirname(reportFile), { recursive: true });
  rmSync(reportFile, { force: true });
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const done = spawnSync(process.execPath, [vitest, "run", ...reporters, ...args], { cwd: root, stdio: "inherit" });
  let report: unknown;
  try {
    report = JSON.parse(readFileSync(reportFile, "utf8"));
  } catch {
    // No report: vitest ended before it ran anything; countTests makes that one failure.
  }
  return { exitCode: done.status ?? 1, report };
}

const { exitCode, report } = runVitest(process.argv.slice(2));
const counts: TestCounts = countTests(report, exitCode);
console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
