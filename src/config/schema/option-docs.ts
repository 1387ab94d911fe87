// The one registry of options. Each schema of an option is registered here, at its outermost instance (after
// `.default()`), because zod's metadata belongs to the exact instance. The compiler insists on the fields, a test on
// that no option is left out.
import { z } from "zod";
import type { OptionFacts } from "../option-facts.ts";

/** What zod cannot know of an option. Type, bounds and default come from the schema. */
export type OptionDoc = Omit<OptionFacts, "rule" | "default" | "required">;

/** Registered by `.register(optionDocs, {...})` in the files beside this one. */
export const optionDocs = z.registry<OptionDoc>();
