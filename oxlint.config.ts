// What the linter forbids, by place. Every rule named here has a planted violation in tests/house/lint.test.ts.
// Import direction is not here: scripts/rooms.ts and `npm run deps` hold it.
import { defineConfig } from "oxlint";

/** The files that may name the system's clock and random source: they wire a program together. */
const compositionRoots = [
  "src/{head,builder,supervisor,proxy,replica}/main.ts",
  "src/serve/**/*.ts",
  "src/cli/**/*.ts",
  "src/testing/**/*.ts",
  "src/api/default-runtime.ts",
];
const tests = ["**/*.test.ts", "tests/**/*.ts", "bench/**/*.ts"];

const takeClock = "Take a `Clock` (src/core/clock.ts) as last constructor argument.";
const takeRandom = "Take a `Random` (src/core/random.ts) as last constructor argument.";

const timers = ["setTimeout", "setInterval", "setImmediate", "performance"].map((name) => ({
  name,
  message: takeClock,
}));

const clockProperties = [
  { object: "Date", property: "now", message: takeClock },
  { object: "performance", property: "now", message: takeClock },
  { object: "AbortSignal", property: "timeout", message: takeClock },
  { object: "Math", property: "random", message: takeRandom },
];

const clockModules = ["node:timers", "node:timers/promises", "node:perf_hooks", "timers", "timers/promises"].map(
  (name) => ({
    name,
    message: takeClock,
  }),
);

const systemSources = [
  { group: ["**/core/clock.ts"], importNames: ["systemClock"], message: `Only composition roots may. ${takeClock}` },
  { group: ["**/core/random.ts"], importNames: ["systemRandom"], message: `Only composition roots may. ${takeRandom}` },
];

export default defineConfig({
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import", "promise", "vitest"],
  jsPlugins: ["./scripts/lint/house.ts"],
  categories: { correctness: "error" },
  ignorePatterns: ["dist/**", "coverage/**", ".venv/**", ".venv-compat/**"],
  rules: {
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "typescript/only-throw-error": "error",
    "typescript/no-explicit-any": "error",
    "import/no-default-export": "error",
    "house/no-export-all": "error",
    "house/no-enum": "error",
    // Right in general, wrong here: hot paths make arrays of a known length, tables hold methods, tests assert in loops,
    // a deployment response is thenable by design, a set is copied before it changes.
    "unicorn/no-useless-spread": "off",
    "unicorn/no-thenable": "off",
    "unicorn/no-new-array": "off",
    "typescript/unbound-method": "off",
    "typescript/no-base-to-string": "off",
    "vitest/expect-expect": "off",
    "vitest/no-conditional-expect": "off",
    "vitest/no-standalone-expect": "off",
    "vitest/valid-title": "off",
    "vitest/valid-expect": ["error", { maxArgs: 2 }],
  },
  overrides: [
    {
      files: ["src/**/*.ts"],
      rules: {
        "no-console": "error",
        "no-restricted-globals": ["error", ...timers],
        "no-restricted-properties": ["error", ...clockProperties],
        "no-restricted-imports": ["error", { paths: clockModules, patterns: systemSources }],
        "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
        "house/no-new-date": "error",
        "house/only-serve-error": "error",
      },
    },
    {
      files: compositionRoots,
      rules: { "no-restricted-imports": ["error", { paths: clockModules }] },
    },
    {
      files: ["src/core/**/*.ts"],
      rules: {
        "no-restricted-globals": "off",
        "no-restricted-properties": "off",
        "no-restricted-imports": "off",
        "house/no-new-date": "off",
      },
    },
    { files: ["src/cli/**/*.ts"], rules: { "no-console": "off" } },
    {
      files: tests,
      rules: {
        "no-console": "off",
        "no-restricted-globals": "off",
        "no-restricted-properties": "off",
        "no-restricted-imports": "off",
        "max-lines-per-function": "off",
        "house/no-new-date": "off",
        "house/only-serve-error": "off",
      },
    },
    {
      files: ["**/*.test.ts"],
      rules: {
        "vitest/no-focused-tests": "error",
        "vitest/no-disabled-tests": "error",
        "house/no-sleep": "error",
      },
    },
    // Claims about types are compiled, never run.
    {
      files: ["**/*.test-d.ts"],
      rules: {
        "no-unused-expressions": "off",
        "typescript/no-floating-promises": "off",
        "typescript/await-thenable": "off",
      },
    },
    // Tools that prescribe a default export.
    { files: ["*.config.{ts,js}", "scripts/lint/house.ts"], rules: { "import/no-default-export": "off" } },
  ],
});
