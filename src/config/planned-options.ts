// Names of the public API that this version does not have yet, so that they are told apart from typing mistakes. Each
// leaves this list with the issue that builds it.

/** Options by group. */
export const PLANNED_OPTIONS: Readonly<Record<string, readonly string[]>> = {
};
