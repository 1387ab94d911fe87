// A user's router as a strategy (P5). Whatever it does, calls go on.
//   R1  Where it throws, or answers with something else than a list, the two choices of P1 stand in for that call.
//   R2  What it lists and is no candidate is passed over.
import { describeThrown } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import type { RequestRouter, RoutedCall, RoutedReplica } from "../model/request-router.ts";
import { chooseReplica } from "./choose-replica.ts";
import type { Strategy } from "./routing.ts";

export class UserRouter implements Strategy {
  readonly #router: RequestRouter;
  readonly #onFault: (method: string, reason: string) => void;

  /** @param onFault told of each mistake of the router */
  constructor(router: RequestRouter, onFault: (method: string, reason: string) => void) {
    this.#router = router;
    this.#onFault = onFault;
  }

  choose<R extends RoutedReplica>(pool: readonly R[], call: RoutedCall, random: Random): R | undefined {
    const ranked = this.#rank(pool, call, random);
    if (ranked === undefined) return chooseReplica(pool, random); // R1
    for (const one of ranked) {
      const replica = pool.find((candidate) => candidate === one); // R2
      if (replica?.free === true) return replica;
    }
    return undefined;
  }

  accepts<R extends RoutedReplica>(replica: R, pool: readonly R[], call: RoutedCall, random: Random): boolean {
    return this.#rank(pool, call, random)?.includes(replica) ?? true;
  }

  routed(replica: RoutedReplica, call: RoutedCall): void {
    this.#tell("onRouted", replica, call);
  }

  completed(replica: RoutedReplica, call: RoutedCall): void {
    this.#tell("onCompleted", replica, call);
  }

  #rank(pool: readonly RoutedReplica[], call: RoutedCall, random: Random): readonly RoutedReplica[] | undefined {
    try {
      const ranked: unknown = this.#router.choose(pool, call, random);
      if (Array.isArray(ranked)) return ranked as readonly RoutedReplica[];
      this.#onFault("choose", "it returned no list of candidates");
    } catch (reason) {
      this.#onFault("choose", describeThrown(reason));
    }
    return undefined;
  }

  #tell(method: "onRouted" | "onCompleted", replica: RoutedReplica, call: RoutedCall): void {
    try {
      this.#router[method]?.(replica, call);
    } catch (reason) {
      this.#onFault(method, describeThrown(reason));
    }
  }
}
