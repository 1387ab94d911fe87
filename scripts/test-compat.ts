// Puts Ray Serve itself beside Manta: `npm run test:compat [part...] [--update]`. Set-up makes .venv-compat with Ray first.
//   R1  Each part is a file `tests/compat/part-<name>.ts` that exports `run(context)` and returns its problems, a line each.
//   R2  Exit code 1 when a part has problems, 2 when there is no such part.
import { readdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import type { CompatContext } from "../tests/compat/context.ts";
import { root } from "./lib/root.ts";

const folder = path.join(root, "tests/compat");
const known = readdirSync(folder).flatMap((file) => /^part-([\w-]+)\.ts$/.exec(file)?.[1] ?? []);

const { values, positionals } = parseArgs({
  options: { update: { type: "boolean", default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0 || known.length === 0) {
  console.error(`no such part: ${unknown.join(", ")}; there are ${known.join(", ")}`);
  process.exit(2);
}

const bin = path.join(root, ".venv-compat", "bin");
const context: CompatContext = {
  python: path.join(bin, "python"),
  serve: path.join(bin, "serve"),
  update: values.update,
};
for (const name of positionals.length > 0 ? positionals : known) {
  console.log(`${name} ...`);
  const { run } = (await import(path.join(folder, `part-${name}.ts`))) as {
    run(context: CompatContext): Promise<readonly string[]>;
  };
  const problems = await run(context);
  for (const problem of problems) console.log(`  ${problem}`);
  console.log(`${name}: ${problems.length === 0 ? "as it is checked in" : `${problems.length} problems`}`);
  if (problems.length > 0) process.exitCode = 1;
}
