// Reads the option of an autoscaling policy: a module, an export of it, and its arguments.
import { resolve } from "node:path";
import type { AutoscalingPolicyOptions } from "./options.generated.ts";
import { rayPolicy } from "./ray-names.ts";

/** Where a policy is, and what it is called with. */
export interface PolicyPlace {
  /** Absolute path of the module. */
  readonly file: string;
  /** Of an export, or of what is registered there. */
  readonly name: string;
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/**
 * Where a policy is. Null: it is the built-in one, or none is named.
 * @param workingDir what a relative path starts from, absolute
 */
export function readPolicy(policy: AutoscalingPolicyOptions | null, workingDir: string): PolicyPlace | null {
  const policyFunction = rayPolicy(policy?.policyFunction);
  if (policyFunction === null) return null;
  const colon = policyFunction.lastIndexOf(":");
  const hasName = colon > policyFunction.lastIndexOf("/");
  const module = hasName ? policyFunction.slice(0, colon) : policyFunction;
  const name = hasName ? policyFunction.slice(colon + 1) : "default";
  return { file: resolve(workingDir, module), name, kwargs: policy?.policyKwargs ?? {} };
}
