// Files that are written by a program and checked in. `npm run docs:gen` writes them, `npm run verify` compares them.
// To add one: write a generator that exports `generate(path)`, and add its line here.

export interface GeneratedFile {
  /** Where it is checked in, relative to the root. */
  readonly path: string;
  /** A module that exports `generate(path): string | Promise<string>`: the whole file, the same on every run. */
  readonly generator: string;
}

export const generatedFiles: readonly GeneratedFile[] = [
  { path: "src/config/options.generated.ts", generator: "scripts/lib/options-pages.ts" },
  { path: "docs/reference/options.md", generator: "scripts/lib/options-pages.ts" },
  { path: "docs/reference/config.md", generator: "scripts/lib/config-pages.ts" },
  { path: "manta.schema.json", generator: "scripts/lib/config-pages.ts" },
  { path: "docs/reference/metrics.md", generator: "scripts/lib/metrics-page.ts" },
  { path: "docs/reference/cli.md", generator: "scripts/lib/cli-page.ts" },
  { path: "docs/concepts/lifecycle.md", generator: "scripts/lib/lifecycle-page.ts" },
  { path: "docs/reference/autoscaling-simulation.md", generator: "scripts/lib/scaling-page.ts" },
  ...["step", "ramp", "sine", "spike"].map((curve) => ({
    path: `docs/reference/autoscaling-${curve}.svg`,
    generator: "scripts/lib/scaling-page.ts",
  })),
];
