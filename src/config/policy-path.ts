// Reads `policyFunction` of autoscaling policies: a module and an export of it.
import { type CodePlace, readCodePlace } from "./code-place.ts";

/** Ray Serve's own policy, by its import path there: the built-in one here. */
const BUILT_IN = [
  "ray.serve.autoscaling_policy:default_autoscaling_policy",
  "ray.serve.autoscaling_policy:replica_queue_length_autoscaling_policy",
];

/**
 * Where a policy is: an absolute file, and an export of it or a name registered there. Null: it is the built-in one.
 * @param workingDir what a relative path starts from, absolute
 */
export function readPolicyPath(policyFunction: string, workingDir: string): CodePlace | null {
  return BUILT_IN.includes(policyFunction) ? null : readCodePlace(policyFunction, workingDir);
}
