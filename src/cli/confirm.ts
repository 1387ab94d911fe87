// The question before something is ended for good.
import { createInterface } from "node:readline/promises";
import type { FlagValues } from "./flags.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Asks on the terminal, unless `--yes` was given.
 * @throws {UsageError} there is no terminal to ask on
 */
export async function confirm(question: string, flags: FlagValues): Promise<boolean> {
  if (flags.yes === true) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UsageError(`${question} There is no terminal to ask on; give --yes.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
