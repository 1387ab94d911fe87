// Which autoscaling policies a process has registered, by place and name: how one that no module exports is found again.
import { ServeError } from "../core/errors.ts";

/** A user's policy: a function, or a class with `decide`. */
export type PolicyCode =
  ((context: never, kwargs: never) => unknown) | (new (kwargs: never) => { decide(context: never): unknown });

export class PolicyRegistry {
  readonly #byPath = new Map<string, Set<PolicyCode>>();

  /** @param path `file:name`, as in `policyFunction` */
  register(path: string, policy: PolicyCode): void {
    const same = this.#byPath.get(path);
    if (same === undefined) this.#byPath.set(path, new Set([policy]));
    else same.add(policy);
  }

  /**
   * Undefined: there is none.
   * @throws {ServeError} DEPLOY_FAILED when different ones have the path
   */
  find(path: string): PolicyCode | undefined {
    const [first, ...others] = this.#byPath.get(path) ?? [];
    if (others.length === 0) return first;
    const message = `${path}: ${others.length + 1} different autoscaling policies have this name; give each another`;
    throw new ServeError("DEPLOY_FAILED", message, { policy: path });
  }
}
