// From the words of a command line to an exit code: parses, runs the command, says what went wrong.
//   R1  A reader that has seen enough (`manta status | head -1`) is no failure.
import { CommanderError } from "commander";
import { toServeError } from "../core/errors.ts";
import { VERSION } from "../core/version.ts";
import type { Actions } from "./actions.ts";
import { EXIT } from "./exit-codes.ts";
import { createProgram } from "./program.ts";
import { UsageError } from "./usage-error.ts";

/** Each command's module, loaded when the command runs. */
const actions: Actions = {
  run: async (target, args, flags) => (await import("./run.ts")).run(target, args, flags),
  start: async (flags) => (await import("./start.ts")).start(flags),
  deploy: async (target, args, flags) => (await import("./deploy.ts")).deploy(target, args, flags),
  config: async (flags) => (await import("./config.ts")).config(flags),
  build: async (importPaths, flags) => (await import("./build.ts")).build(importPaths, flags),
  bench: async (target, flags) => (await import("./bench.ts")).bench(target, flags),
  why: async (word, flags) => (await import("./why.ts")).why(word, flags),
  status: async (flags) => (await import("./status.ts")).status(flags),
  delete: async (name, flags) => (await import("./delete.ts")).deleteApplication(name, flags),
  shutdown: async (flags) => (await import("./shutdown.ts")).shutdown(flags),
  logs: async (word, flags) => (await import("./logs.ts")).logs(word, flags),
};

/** Runs one command. @param argv the words after `manta` @returns the exit code */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  process.stdout.on("error", () => undefined); // R1
  const program = createProgram(actions, VERSION, (code) => void (exitCode = code));
  for (const command of [program, ...program.commands]) command.exitOverride();
  if (argv.length === 0) {
    program.outputHelp({ error: true });
    return EXIT.usage;
  }
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    // commander has said it already: usage errors on standard error, help and version on standard output.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    console.error(`error: ${describeFailure(error)}`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

/** Our errors name cause and cure in their message; a stack helps only where the fault is ours. */
function describeFailure(reason: unknown): string {
  const error = toServeError(reason);
  const { cause } = error;
  return error.code === "INTERNAL" && cause instanceof Error && cause.stack !== undefined ? cause.stack : error.message;
}
