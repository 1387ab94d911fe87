// The part of `npm run test:compat` that asks Ray for the fields of its config files and their defaults, and compares
// them with what is checked in.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { runPython, type CompatContext } from "./context.ts";

const file = join(import.meta.dirname, "defaults.json");

type Defaults = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Problems, a line each. With `update` the new defaults are written instead. */
export async function run(context: CompatContext): Promise<readonly string[]> {
  const defaults = JSON.parse(await runPython(context, [join(import.meta.dirname, "defaults.py")])) as Defaults;
  if (context.update) {
    writeFileSync(file, `${JSON.stringify(defaults, null, 2)}\n`);
    return [];
  }
  const known = JSON.parse(readFileSync(file, "utf8")) as Defaults;
  const objects = new Set([...Object.keys(known), ...Object.keys(defaults)]);
  return [...objects].flatMap((object) => {
    const fields = new Set([...Object.keys(known[object] ?? {}), ...Object.keys(defaults[object] ?? {})]);
    const changed = [...fields].filter(
      (field) => !isDeepStrictEqual(known[object]?.[field], defaults[object]?.[field]),
    );
    return changed.map((field) => `${object}.${field}: Ray says ${JSON.stringify(defaults[object]?.[field])}`);
  });
}
