// What the router `consistent-hash` takes as `requestRouterKwargs`: Ray Serve's names, defaults and meaning. Pure.
import type { OptionsFault } from "./check-placement.ts";
import { showValue } from "./check-rule.ts";
import type { ResolvedRequestRouterOptions } from "./options.generated.ts";

/** Most virtual nodes of a replica. Chosen: ten times Ray's default; more cost each change of the replicas and even out nothing. */
const MAX_VIRTUAL_NODES = 1000;

const LIMITS: Readonly<Record<string, { readonly least: number; readonly most: number; readonly expected: string }>> = {
  num_virtual_nodes: { least: 1, most: MAX_VIRTUAL_NODES, expected: `an integer from 1 to ${MAX_VIRTUAL_NODES}` },
  num_fallback_replicas: { least: 0, most: Infinity, expected: "an integer >= 0" },
};

/** What is wrong with the arguments of the router `consistent-hash`; those of a user's router are its own affair. */
export function hashRingFault(router: ResolvedRequestRouterOptions): OptionsFault | undefined {
  if (router.requestRouterClass !== "consistent-hash") return undefined;
  for (const [name, value] of Object.entries(router.requestRouterKwargs)) {
    const path = `requestRouterConfig.requestRouterKwargs.${name}`;
    const limits = LIMITS[name];
    if (limits === undefined) {
      return { path, received: "an unknown argument", expected: `one of ${Object.keys(LIMITS).join(", ")}` };
    }
    const { least, most, expected } = limits;
    const isRight = typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
    if (!isRight) return { path, received: showValue(value), expected };
  }
  return undefined;
}
