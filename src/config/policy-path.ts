// Reads the option of an autoscaling policy: a module, an export of it, and its arguments.
import { type CodePlace, readCodePlace } from "./code-place.ts";
import type { AutoscalingPolicyOptions } from "./options.generated.ts";
import { rayPolicy } from "./ray-names.ts";

/** Where a policy is (an export, or what is registered under the name), and what it is called with. */
export interface PolicyPlace extends CodePlace {
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/**
 * Where a policy is. Null: it is the built-in one, or none is named.
 * @param workingDir what a relative path starts from, absolute
 */
export function readPolicy(policy: AutoscalingPolicyOptions | null, workingDir: string): PolicyPlace | null {
  const policyFunction = rayPolicy(policy?.policyFunction);
  if (policyFunction === null) return null;
  return { ...readCodePlace(policyFunction, workingDir), kwargs: policy?.policyKwargs ?? {} };
}
