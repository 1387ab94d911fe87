// Finds a user's autoscaling policy: registered by `autoscalingPolicy()` while its module is imported, or exported by it.
//   R1  A module that reaches an unguarded `serve.run` counts as imported there: its import need not end. One import at a
//       time, so that it is clear whose that was.
//   R2  What is wrong is one line that names what exists.
import { pathToFileURL } from "node:url";
import { store } from "../api/globals.ts";
import type { PolicyCode } from "../api/policy-registry.ts";
import { ConfigError, describeThrown, ServeError } from "../core/errors.ts";
import type { PolicyRef } from "../model/application-spec.ts";

/** Asked with contexts, answers with replies; a class is made by now. */
export type LoadedPolicy = (contexts: unknown) => unknown;

/**
 * @throws {ServeError} DEPLOY_FAILED: its module cannot be imported, or its constructor threw
 * @throws {ConfigError} there is no such policy
 */
export async function loadPolicy({ file, name, kwargs }: PolicyRef): Promise<LoadedPolicy> {
  const code = store.policies.find(`${file}:${name}`) ?? (await importPolicy(file, name));
  if (!isClass(code)) return (contexts) => (code as (contexts: unknown, kwargs: unknown) => unknown)(contexts, kwargs);
  try {
    const policy = new (code as new (kwargs: unknown) => { decide(contexts: unknown): unknown })(kwargs);
    if (typeof policy.decide === "function") return (contexts) => policy.decide(contexts);
  } catch (reason) {
    throw new ServeError("DEPLOY_FAILED", `the policy ${name} could not be made: ${describeThrown(reason)}`);
  }
  throw new ConfigError({
    path: `${file}:${name}`,
    received: "a class without decide",
    expected: "a method decide(context)",
  });
}

async function importPolicy(file: string, name: string): Promise<PolicyCode> {
  let exports: Readonly<Record<string, unknown>>;
  try {
    const imported: Promise<Readonly<Record<string, unknown>>> = import(pathToFileURL(file).href);
    exports = await Promise.race([imported, store.registry.nextReach().then(() => ({}))]); // R1
  } catch (reason) {
    throw new ServeError("DEPLOY_FAILED", `importing the policy's module ${file} failed: ${describeThrown(reason)}`);
  }
  const found = store.policies.find(`${file}:${name}`) ?? exports[name];
  if (typeof found === "function") return found as PolicyCode;
  const names = Object.keys(exports).filter((key) => typeof exports[key] === "function");
  throw new ConfigError({
    path: file,
    received: `no autoscaling policy ${name}`,
    expected: names.length === 0 ? "an exported function or class" : `one of the exports ${names.join(", ")}`,
  });
}

/** The `prototype` of a class cannot be written. */
function isClass(code: PolicyCode): boolean {
  return Object.getOwnPropertyDescriptor(code, "prototype")?.writable === false;
}
