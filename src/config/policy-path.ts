// Reads `policyFunction` of autoscaling policies: a module and an export of it.
import { type CodePlace, readCodePlace } from "./code-place.ts";
import { rayPolicy } from "./ray-names.ts";

/**
 * Where a policy is: an absolute file, and an export of it or a name registered there. Null: it is the built-in one.
 * @param workingDir what a relative path starts from, absolute
 */
export function readPolicyPath(policyFunction: string, workingDir: string): CodePlace | null {
  return rayPolicy(policyFunction) === null ? null : readCodePlace(policyFunction, workingDir);
}
