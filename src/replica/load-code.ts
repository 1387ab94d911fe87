// Finds the class or function that a replica runs, by importing the entry that its deployment recorded (api.md, "How a
// replica finds the class").
//   R1  With an export: the graph of that application, by deployment name.
//   R2  A driver script: the graph handed to the `serve.run` that the import reaches, else the registry by name.
//   R3  An import that reaches `serve.run` never settles, so reaching it counts as the end of the import.
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { findInGraph, isApplication, type BoundApplication } from "../api/graph.ts";
import { store } from "../api/globals.ts";
import type { Registration, Reached } from "../api/registry.ts";
import { ServeError } from "../core/errors.ts";
import type { LoadOrder } from "../protocol/control.ts";

/** Imports the entry of a deployment and returns its code. @throws what the module throws, or DEPLOY_FAILED */
export async function loadCode(order: LoadOrder): Promise<Registration> {
  const { spec, application } = order;
  const { file, exportName, args } = spec.entry;
  const url = isAbsolute(file) ? pathToFileURL(file).href : file;
  const imported: Promise<Record<string, unknown>> = import(url);
  const outcome = await Promise.race([imported, store.registry.reached.then(asReached)]);
  if (isReached(outcome)) {
    const reached = outcome.applications.find((candidate) => candidate.name === application) ?? outcome.applications[0];
    const found = isApplication(reached?.app) ? findInGraph(reached.app, spec.name) : undefined;
    return found ?? store.registry.find(spec.registeredName);
  }
  if (exportName === null) return store.registry.find(spec.registeredName);
  const app = await applicationOf(outcome[exportName], args, `${file}:${exportName}`);
  return findInGraph(app, spec.name) ?? store.registry.find(spec.registeredName);
}

async function applicationOf(
  value: unknown,
  args: LoadOrder["spec"]["entry"]["args"],
  place: string,
): Promise<BoundApplication> {
  const built: unknown = typeof value === "function" ? await (value as (args: unknown) => unknown)(args ?? {}) : value;
  if (isApplication(built)) return built;
  throw new ServeError("DEPLOY_FAILED", `${place} is no application any more; deploy again`, { place });
}

const REACHED = Symbol("reached");
type MarkedReached = Reached & { readonly [REACHED]: true };

function asReached(reached: Reached): MarkedReached {
  return { ...reached, [REACHED]: true };
}

function isReached(outcome: Record<string, unknown> | MarkedReached): outcome is MarkedReached {
  return REACHED in outcome;
}
