// Which tests exist, and how many run side by side. The machine of reference has two cores, so the groups run one after
// the other: pure tests, then real processes, then the tools that test this house (they compile and lint the whole tree).
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (file: string): string => fileURLToPath(new URL(`src/${file}`, import.meta.url));

/** The package under its own name is `src/`, as for programs started with this condition. */
const condition = "--conditions=@manta-serve/source";
const alias = [
  { find: /^manta-serve$/, replacement: source("index.ts") },
  { find: /^manta-serve\/testing$/, replacement: source("testing/index.ts") },
  { find: /^manta-serve\/engine$/, replacement: source("engine/index.ts") },
];

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "scripts/**/*.test.ts", "tests/{sim,compat}/**/*.test.ts"],
          execArgv: [condition],
          // They wait for no clock but their own: only a hang, or a machine with a hundred other things to do, takes long.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["tests/{e2e,conformance,faults}/**/*.test.ts", "examples/**/*.test.ts"],
          execArgv: [condition],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Real processes on a machine that may stand still for a second. What passes the second time is marked in the
          // output (`retry x1`) and is a defect, of the test or of what it tests; what fails twice fails the run.
          retry: 1,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "house",
          include: ["tests/{house,package,types}/**/*.test.ts", "bench/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
