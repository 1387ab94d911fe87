// Options of code as a config file holds them: by the registry from our names to Ray Serve's. Pure.
//   R1  What an option holds is changed only where it is a group of options; a `userConfig` is left as it is.
//   R2  `ray_actor_options` is two options of ours, `resources` and `runtimeEnv` (config/names.ts).
import { toSnakeCase } from "../config/names.ts";
import { groupsIn, type OptionFacts, type OptionTable } from "../config/option-facts.ts";
import type { JsonObject } from "../config/serve-config.ts";

/** Options of a table as a config file holds them; those that were set, in the order in which they were. */
export function toFileForm(table: OptionTable, options: object): JsonObject {
  const file: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    const facts = table[name];
    if (facts === undefined || facts.file?.absent === true || value === undefined) continue;
    const [outer = "", inner] = (facts.rayName ?? toSnakeCase(name)).split(".");
    const converted = convert(facts, value);
    if (outer !== "ray_actor_options") file[outer] = converted;
    else
      file[outer] = {
        ...(file[outer] as JsonObject),
        ...(inner === undefined ? (converted as object) : { [inner]: converted }),
      }; // R2
  }
  return file;
}

/** R1. */
function convert({ rule }: OptionFacts, value: unknown): unknown {
  const inside = groupsIn(rule);
  if (inside === undefined || typeof value !== "object" || value === null) return value;
  if (inside.kind === "group") return toFileForm(inside.options, value);
  const items = groupsIn(inside.items);
  return items?.kind === "group" ? (value as object[]).map((item) => toFileForm(items.options, item)) : value;
}
