// Finds a user's router in a process that calls its deployment, and makes it (P5).
//   R1  The module is imported once for each version of the deployment's code; what it imports in turn stays as it was.
//   R2  A module that registers the router by `requestRouter()` need not end: an unguarded `serve.run` does not return.
//   R3  What is wrong is one line that names what exists.
//   R4  A driver keeps the router that it began with: to import its own script anew would be to run it again.
import { pathToFileURL } from "node:url";
import { readCodePlace } from "../config/code-place.ts";
import { ConfigError, describeThrown, ServeError } from "../core/errors.ts";
import type { RequestRouter, RequestRouterClass } from "../model/request-router.ts";
import { store } from "./globals.ts";

/** Which router, of which code. */
export interface RouterRef {
  /** Absolute path of the module, and the export: `/app/router.ts:ByRegion`. */
  readonly name: string;
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** Version of the deployment's code. */
  readonly version?: string;
}

/** The version that each file's plain import stands for. */
const firstVersions = new Map<string, string | undefined>();

/**
 * @throws {ServeError} DEPLOY_FAILED: its module cannot be imported, or its constructor threw
 * @throws {ConfigError} there is no such class, or it has no `choose`
 */
export async function loadRouter({ name: path, kwargs, version }: RouterRef): Promise<RequestRouter> {
  const { file, name } = readCodePlace(path, "/");
  if (!firstVersions.has(file)) firstVersions.set(file, version);
  const isPlain = store.registry.mode === "driver" || firstVersions.get(file) === version; // R4
  const registered = isPlain ? store.routers.find(path) : undefined;
  const Class = registered ?? (await importRouter(file, name, path, isPlain ? "" : `?version=${version}`));
  let router: Partial<RequestRouter>;
  try {
    router = new Class(kwargs as never);
  } catch (reason) {
    throw new ServeError("DEPLOY_FAILED", `the router ${name} could not be made: ${describeThrown(reason)}`);
  }
  if (typeof router.choose === "function") return router as RequestRouter;
  const expected = "a method choose(candidates, call, random)";
  throw new ConfigError({ path, received: "a class without choose", expected });
}

async function importRouter(file: string, name: string, path: string, query: string): Promise<RequestRouterClass> {
  let exports: Readonly<Record<string, unknown>> | RequestRouterClass;
  try {
    const imported: Promise<Readonly<Record<string, unknown>>> = import(pathToFileURL(file).href + query);
    exports = await Promise.race([imported, store.routers.next(path)]); // R2
  } catch (reason) {
    throw new ServeError("DEPLOY_FAILED", `importing the router's module ${file} failed: ${describeThrown(reason)}`);
  }
  if (typeof exports === "function") return exports as RequestRouterClass;
  const found = exports[name];
  if (typeof found === "function") return found as RequestRouterClass;
  const names = Object.keys(exports).filter((key) => typeof exports[key as keyof typeof exports] === "function");
  throw new ConfigError({
    path: file,
    received: `no router ${name}`,
    expected: names.length === 0 ? "an exported class" : `one of the exports ${names.join(", ")}`,
  });
}
