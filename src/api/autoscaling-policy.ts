// `autoscalingPolicy()`: a user's policy as an option. What crosses to the head is where it is found; it runs in a process
// of its own, never in the head.
import type { AutoscalingPolicyOptions } from "../config/options.generated.ts";
import { showValue } from "../config/check-rule.ts";
import { ConfigError } from "../core/errors.ts";
import type { AutoscalingContext } from "../model/autoscaling-context.ts";
import { store } from "./globals.ts";
import type { PolicyCode } from "./policy-registry.ts";
import { placeOfCaller } from "./user-place.ts";

type Kwargs = Readonly<Record<string, unknown>>;
type Awaitable<T> = T | Promise<T>;

/** Replicas, a fraction included; with a state, that comes back as `context.policyState`. */
export type PolicyReply = number | readonly [replicas: number, state: unknown];

/** Says how many replicas one deployment should have. */
export type AutoscalingPolicy<K = Kwargs> = (context: AutoscalingContext, kwargs: K) => Awaitable<PolicyReply>;

/** A policy that keeps things between calls: made once, with the policy's `kwargs`. */
export type AutoscalingPolicyClass<K = Kwargs> = new (kwargs: K) => {
  decide(context: AutoscalingContext): Awaitable<PolicyReply>;
};

/** Contexts or replies of one application, by deployment name. */
type ByDeployment<T> = Readonly<Record<string, T>>;

/** Says it for all autoscaled deployments of one application; one that the reply leaves out keeps its size. */
export type ApplicationPolicy<K = Kwargs> = (
  contexts: ByDeployment<AutoscalingContext>,
  kwargs: K,
) => Awaitable<ByDeployment<PolicyReply>>;

/** The same as a class. */
export type ApplicationPolicyClass<K = Kwargs> = new (kwargs: K) => {
  decide(contexts: ByDeployment<AutoscalingContext>): Awaitable<ByDeployment<PolicyReply>>;
};

/**
 * Makes an option of a policy: `autoscalingConfig: { policy: autoscalingPolicy(byHour) }`. Call it while its module is
 * loaded, as `deployment()`, so that the policy's process finds it there.
 * @param kwargs JSON data: the second argument of a function, the constructor's argument of a class
 * @throws {ConfigError} no function, one without a name, or code that no process could import
 */
export function autoscalingPolicy<K extends object = Kwargs>(
  policy: AutoscalingPolicy<K> | AutoscalingPolicyClass<K>,
  kwargs?: K,
): AutoscalingPolicyOptions;
/** The same for a policy of an application: `autoscalingPolicy` of `serve.run`. */
export function autoscalingPolicy<K extends object = Kwargs>(
  policy: ApplicationPolicy<K> | ApplicationPolicyClass<K>,
  kwargs?: K,
): AutoscalingPolicyOptions;
export function autoscalingPolicy(policy: PolicyCode, kwargs: object = {}): AutoscalingPolicyOptions {
  const path = "autoscalingPolicy(...)";
  if (typeof policy !== "function") {
    throw new ConfigError({
      path,
      received: showValue(policy),
      expected: "a function, or a class with decide(context)",
    });
  }
  const { name } = policy;
  if (name === "") {
    throw new ConfigError({ path, received: "a function without a name", expected: "a named function or class" });
  }
  const place = placeOfCaller();
  if (!("file" in place)) throw new ConfigError({ path: `autoscalingPolicy(${name})`, ...place });
  const policyFunction = `${place.file}:${name}`;
  store.policies.register(policyFunction, policy);
  return { policyFunction, policyKwargs: { ...kwargs } };
}
