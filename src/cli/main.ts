#!/usr/bin/env node
// The command `manta`. Reads the command line and loads the one command that was asked for.
//   R1  Exit codes: 0 done, 1 failed, 2 wrong use; a second Ctrl-C ends at once with 130, a second SIGTERM with 143.
//   R2  Results go to standard output, everything else to standard error.
//   R3  Nothing that an old Node lacks is touched before its version was looked at.
import { whyUnsupported } from "../config/supported-system.ts";

const problem = whyUnsupported(process.platform, process.versions.node);
if (problem === undefined) {
  process.getBuiltinModule("node:module").enableCompileCache();
  const { runCommandLine } = await import("./command-line.ts");
  process.exitCode = await runCommandLine(process.argv.slice(2));
} else {
  console.error(problem);
  process.exitCode = 1;
}
