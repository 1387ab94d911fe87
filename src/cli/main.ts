#!/usr/bin/env node
// The command `manta`. Reads the command line and loads the one command that was asked for.
//   R1  Exit codes: 0 done, 1 failed, 2 wrong use; a second Ctrl-C ends at once with 130, a second SIGTERM with 143.
//   R2  Results go to standard output, everything else to standard error.
import { enableCompileCache } from "node:module";

enableCompileCache();

if (process.platform === "win32") {
  console.error("Windows is not supported; Manta runs on Linux and macOS");
  process.exitCode = 1;
} else {
  const { runCommandLine } = await import("./command-line.ts");
  process.exitCode = await runCommandLine(process.argv.slice(2));
}
