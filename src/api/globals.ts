// What one process has once, however many copies of the package it loads: the surroundings of the running code, the
// default runtime, the registry of deployments, and which object is a handle.
//   R1  Everything here hangs on `globalThis[Symbol.for("manta-serve/1")]`: programs are bundled one by one, so the copy
//       that user code imports is not the copy that the replica program runs.
//   R2  Copies of different versions in one process are an error that names both.
import { AsyncLocalStorage } from "node:async_hooks";
import { ConfigError } from "../core/errors.ts";
import { VERSION } from "../core/version.ts";
import type { HandleRef } from "../protocol/value-hooks.ts";
import { defaultRuntime } from "./default-runtime.ts";
import { PolicyRegistry } from "./policy-registry.ts";
import { Registry } from "./registry.ts";
import { RouterRegistry } from "./router-registry.ts";
import type { Runtime } from "./runtime.ts";
import type { RequestScope } from "./scope.ts";

/** What travels with the running code. */
export interface Surroundings {
  readonly runtime: Runtime;
  /** Undefined outside of a request: in constructors, in a driver. */
  readonly scope: RequestScope | undefined;
}

/** The one store of a process. */
export interface ProcessStore {
  readonly version: string;
  readonly surroundings: AsyncLocalStorage<Surroundings>;
  /** The runtime where none surrounds the code. */
  runtime: Runtime;
  readonly registry: Registry;
  /** Autoscaling policies. */
  readonly policies: PolicyRegistry;
  /** Request routers. */
  readonly routers: RouterRegistry;
  /** Handles and what they lead to. */
  readonly handles: WeakMap<object, HandleRef>;
}

const KEY = Symbol.for("manta-serve/1");

/**
 * The store of `place`, made at first use.
 * @throws {ConfigError} another version of the package made it (R2)
 */
export function openStore(place: { [KEY]?: ProcessStore }, version: string): ProcessStore {
  const found = place[KEY];
  if (found === undefined) {
    return (place[KEY] = {
      version,
      surroundings: new AsyncLocalStorage(),
      runtime: defaultRuntime,
      registry: new Registry(),
      policies: new PolicyRegistry(),
      routers: new RouterRegistry(),
      handles: new WeakMap(),
    });
  }
  if (found.version === version) return found;
  throw new ConfigError({
    path: "manta-serve",
    received: `version ${version} in a process that already loaded version ${found.version}`,
    expected: "one version; `npm ls manta-serve` shows who brings each, `npm dedupe` joins them",
  });
}

/** The store of this process. */
export const store: ProcessStore = openStore(globalThis as { [KEY]?: ProcessStore }, VERSION);

/** The runtime that surrounds the running code, or the process's default. */
export function currentRuntime(): Runtime {
  return store.surroundings.getStore()?.runtime ?? store.runtime;
}

/** The request that the running code belongs to. */
export function currentScope(): RequestScope | undefined {
  return store.surroundings.getStore()?.scope;
}

/** Makes `runtime` the one that code outside of any other sees. For drivers; `undefined` brings the plain one back. */
export function setDefaultRuntime(runtime: Runtime | undefined): void {
  store.runtime = runtime ?? defaultRuntime;
}

/** Runs `fn`, and what it starts, with `runtime` and outside of any request: constructors, `setup`, health checks. */
export function runWithRuntime<R>(runtime: Runtime, fn: () => R): R {
  return store.surroundings.run({ runtime, scope: undefined }, fn);
}

/** Runs `fn`, and what it starts, as part of a request. */
export function runInScope<R>(scope: RequestScope, fn: () => R): R {
  return store.surroundings.run(scope, fn);
}
