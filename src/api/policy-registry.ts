// Which autoscaling policies a process has registered, by name: how a policy that no module exports is found again.
import { ServeError } from "../core/errors.ts";

/** A user's policy: a function, or a class with `decide`. */
export type PolicyCode =
  | ((context: never, kwargs: Readonly<Record<string, unknown>>) => unknown)
  | (new (kwargs: never) => { decide(context: never): unknown });

export class PolicyRegistry {
  readonly #byName = new Map<string, Set<PolicyCode>>();

  register(name: string, policy: PolicyCode): void {
    const same = this.#byName.get(name);
    if (same === undefined) this.#byName.set(name, new Set([policy]));
    else same.add(policy);
  }

  /**
   * Undefined: there is none.
   * @throws {ServeError} DEPLOY_FAILED when different ones have the name
   */
  find(name: string): PolicyCode | undefined {
    const [first, ...others] = this.#byName.get(name) ?? [];
    if (others.length === 0) return first;
    const message = `${name}: ${others.length + 1} different autoscaling policies are registered under this name; give each another`;
    throw new ServeError("DEPLOY_FAILED", message, { policy: name });
  }
}
