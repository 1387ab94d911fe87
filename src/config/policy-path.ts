// Reads `policyFunction` of autoscaling policies: a module and an export of it.
import { resolve } from "node:path";
import { rayPolicy } from "./ray-names.ts";

/**
 * Where a policy is: an absolute file, and an export of it or a name registered there. Null: it is the built-in one.
 * @param workingDir what a relative path starts from, absolute
 */
export function readPolicyPath(
  policyFunction: string,
  workingDir: string,
): { readonly file: string; readonly name: string } | null {
  if (rayPolicy(policyFunction) === null) return null;
  const colon = policyFunction.lastIndexOf(":");
  const hasName = colon > policyFunction.lastIndexOf("/");
  const module = hasName ? policyFunction.slice(0, colon) : policyFunction;
  return { file: resolve(workingDir, module), name: hasName ? policyFunction.slice(colon + 1) : "default" };
}
