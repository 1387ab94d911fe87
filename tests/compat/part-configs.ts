// The part of `npm run test:compat` that asks Ray for its verdict on every line of configs.yaml, and compares it with
// what is checked in.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configsFile, formatVerdicts, readVerdicts, verdictsFile, type Verdict } from "./cases.ts";
import { runPython, type CompatContext } from "./context.ts";

/** Problems, a line each. With `update` the new verdicts are written instead. */
export async function run(context: CompatContext): Promise<readonly string[]> {
  const output = await runPython(context, [join(import.meta.dirname, "verdicts.py"), configsFile]);
  const verdicts = JSON.parse(output) as Verdict[];
  const count = (ray: Verdict["ray"]): number => verdicts.filter((verdict) => verdict.ray === ray).length;
  console.log(
    `${verdicts.length} configs: ${count("accepted")} accepted, ${count("early")} early, ${count("late")} late`,
  );
  if (context.update) {
    writeFileSync(verdictsFile, formatVerdicts(verdicts));
    return [];
  }
  const known = new Map(readVerdicts().map((verdict) => [nameOf(verdict), verdict]));
  const changed = verdicts.filter((verdict) => JSON.stringify(known.get(nameOf(verdict))) !== JSON.stringify(verdict));
  const gone = known.size - verdicts.filter((verdict) => known.has(nameOf(verdict))).length;
  return [
    ...changed.map((verdict) => `${nameOf(verdict)}: Ray says ${verdict.ray} ${verdict.reason}`),
    ...(gone === 0 ? [] : [`${gone} verdicts are checked in for configs that are no more`]),
  ];
}

function nameOf({ section, config }: Verdict): string {
  return `${section} ${config}`;
}
