// How a command is defined: its words, flags and examples, and what runs it.
import type { Command, Option } from "commander";
import type { Actions } from "./actions.ts";

/** Turns an action into one for commander, which is told nothing of exit codes. */
export type Ends = <A extends unknown[]>(action: (...args: A) => Promise<number>) => (...args: A) => Promise<void>;

/** What a group of commands is defined with. */
export interface Definition {
  readonly program: Command;
  readonly actions: Actions;
  readonly ends: Ends;
}

/** Adds a command to the program. */
export function define(
  program: Command,
  name: string,
  description: string,
  options: readonly Option[],
  examples: readonly string[],
): Command {
  const command = program.command(name).description(description).helpOption("-h, --help", "Print this help.");
  for (const option of options) command.addOption(option);
  return command.addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}\n`).join("")}`);
}
