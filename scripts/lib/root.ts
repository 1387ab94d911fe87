import path from "node:path";

/** The repository's root folder, or the copy of it in which a self-test runs a gate. */
export const root = path.resolve(import.meta.dirname, "../..");
