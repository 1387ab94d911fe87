// A user's router as a strategy (P5). Whatever it does, calls go on.
//   R1  Where it throws, or answers with something else than a list of candidates, the two choices of P1 stand in for
//       that call. An empty list is an answer: the call waits.
//   R2  What it lists and is no candidate is passed over, as one that has just left; nothing but such is no answer.
//   R3  It gets a list of its own, and a promise that it returns is looked after: neither can harm other calls.
import { describeThrown } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import type { RequestRouter, RoutedCall, RoutedReplica } from "../model/request-router.ts";
import { chooseReplica } from "./choose-replica.ts";
import type { Strategy } from "./routing.ts";

export class UserRouter implements Strategy {
  readonly bySession = true;
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
    return ranked.find(({ free }) => free);
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

  #rank<R extends RoutedReplica>(pool: readonly R[], call: RoutedCall, random: Random): readonly R[] | undefined {
    try {
      const answer: unknown = this.#router.choose([...pool], call, random); // R3
      const ranked = Array.isArray(answer) ? answer.filter((one): one is R => pool.includes(one as R)) : undefined; // R2
      if (ranked !== undefined && (ranked.length > 0 || (answer as unknown[]).length === 0)) return ranked;
      this.#lookAfter("choose", answer);
      const what = answer instanceof Promise ? "a promise; it must answer at once" : "no list of candidates";
      this.#onFault("choose", `it returned ${what}`);
    } catch (reason) {
      this.#onFault("choose", describeThrown(reason));
    }
    return undefined;
  }

  #tell(method: "onRouted" | "onCompleted", replica: RoutedReplica, call: RoutedCall): void {
    try {
      this.#lookAfter(method, this.#router[method]?.(replica, call));
    } catch (reason) {
      this.#onFault(method, describeThrown(reason));
    }
  }

  /** R3 */
  #lookAfter(method: string, answer: unknown): void {
    if (answer instanceof Promise) answer.catch((reason: unknown) => this.#onFault(method, describeThrown(reason)));
  }
}
