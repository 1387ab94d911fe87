// The commands of `manta`: their words, arguments, flags and help (define-*.ts). What a command does stands in a module
// of its own, which is loaded when it is the one that was asked for.
//   R1  Nothing that takes time is imported here: `manta run` starts the head before anything else.
//   R2  docs/reference/cli.md is written from these definitions.
import { Command } from "commander";
import type { Actions } from "./actions.ts";
import type { Definition, Ends } from "./define.ts";
import { defineLooking } from "./define-looking.ts";
import { defineBench, defineBuild, defineEndings } from "./define-others.ts";
import { defineRunning } from "./define-running.ts";

/** Width of help texts, columns; fixed, so that the reference page is the same everywhere. */
const HELP_WIDTH = 100;

/**
 * The command line as data. @param finish gets the exit code of the command that ran
 */
export function createProgram(actions: Actions, version: string, finish: (exitCode: number) => void): Command {
  const program = new Command("manta")
    .description("Serves TypeScript applications: starts them, says how they are, ends them.")
    .version(version, "-V, --version", "Print the version.")
    .helpOption("-h, --help", "Print this help.")
    .helpCommand("help [command]", "Print the help of a command.")
    .configureHelp({ helpWidth: HELP_WIDTH, sortSubcommands: false })
    .showHelpAfterError("(add --help for the words, flags and examples)");
  const ends: Ends = (action) => {
    return async (...args) => finish(await action(...args));
  };
  const definition: Definition = { program, actions, ends };
  defineRunning(definition);
  defineLooking(definition);
  defineEndings(definition);
  defineBuild(definition);
  defineBench(definition);
  return program;
}
