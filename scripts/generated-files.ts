// Files that are written by a program and checked in. `npm run docs:gen` writes them, `npm run verify` compares them.
// To add one: write a generator that exports `generate()`, and add its line here.

export interface GeneratedFile {
  /** Where it is checked in, relative to the root. */
  readonly path: string;
  /** A module that exports `generate(): string | Promise<string>`: the whole file, the same on every run. */
  readonly generator: string;
}

export const generatedFiles: readonly GeneratedFile[] = [];
