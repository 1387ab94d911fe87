// How the command line warns: a line each on standard error, where no program that reads the output trips over it.

/** Says each warning in a line. */
export function warn(...warnings: readonly string[]): void {
  for (const warning of warnings) console.error(`warning: ${warning}`);
}
