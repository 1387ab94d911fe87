// Applies the deployment's router to the calls of one caller: which router holds now, and what it needs to know of a call.
// The choices themselves are in routing.ts and choose-replica.ts.
//   R1  A call without a model, at a deployment with the default router, suits every replica: no list is made for it.
//   R2  A user's router that is not loaded yet, or cannot be, is stood in for by the two choices of P1; the log says so.
import type { Clock } from "../core/clock.ts";
import { describeThrown } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Random } from "../core/random.ts";
import type { DeploymentTargets } from "../protocol/control.ts";
import type { CallTask } from "./call-task.ts";
import { chooseReplica } from "./choose-replica.ts";
import {
  createStrategy,
  matchLimitMs,
  mayUse,
  type RequestRouter,
  type RoutedCall,
  type RoutedReplica,
  type RouterName,
  ROUTERS,
  routeCall,
  type Strategy,
} from "./routing.ts";

export interface ChooserSurroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The node that this process runs on; absent: it is not known. */
  readonly node?: string;
  /** Loads a user's router by its import path (P5). Left out where no user code is loaded. */
  loadRouter?(path: string, kwargs: Readonly<Record<string, unknown>>): Promise<RequestRouter>;
}

const DEFAULT_ROUTER = { name: "pow2", kwargs: {} };
const TWO_CHOICES = createStrategy("pow2", {}, { next: () => 0 });

export class ReplicaChooser {
  readonly #deployment: string;
  readonly #surroundings: ChooserSurroundings;
  readonly #onLoaded: () => void;
  /** Undefined: the default router (R1). */
  #strategy: Strategy | undefined;
  #router: RequestRouter | undefined;
  #key = "";

  /** @param onLoaded calls that wait may suit other replicas now */
  constructor(deployment: string, surroundings: ChooserSurroundings, onLoaded: () => void) {
    this.#deployment = deployment;
    this.#surroundings = surroundings;
    this.#onLoaded = onLoaded;
  }

  /** Takes the deployment's router into use; the same one goes on. */
  use(router: DeploymentTargets["router"]): void {
    const { name, kwargs } = router ?? DEFAULT_ROUTER;
    const key = JSON.stringify([name, kwargs]);
    if (key === this.#key) return;
    this.#key = key;
    this.#router = undefined;
    const isOurs = (ROUTERS as readonly string[]).includes(name);
    const { random } = this.#surroundings;
    this.#strategy = isOurs && name !== "pow2" ? createStrategy(name as RouterName, kwargs, random) : undefined;
    if (!isOurs) void this.#load(key, name, kwargs);
  }

  /** The replica that gets the call now; undefined: it waits. */
  choose<R extends RoutedReplica>(task: CallTask, replicas: readonly R[]): R | undefined {
    const { random, node } = this.#surroundings;
    const near = task.envelope.preferLocal ? node : undefined;
    if (!this.isSelective(task) && near === undefined) return chooseReplica(replicas, random); // R1
    return routeCall(this.#routed(task), replicas, this.#strategy ?? TWO_CHOICES, near, random);
  }

  /** True when not every replica suits the call, or not equally. */
  isSelective({ envelope }: CallTask): boolean {
    return this.#strategy !== undefined || envelope.multiplexedModelId !== "";
  }

  /** Whether a call that waits may have a slot that freed at `replica`. */
  suits<R extends RoutedReplica>(task: CallTask, replica: R, replicas: readonly R[]): boolean {
    if (!this.isSelective(task)) return true;
    return mayUse(this.#routed(task), replica, replicas, this.#strategy ?? TWO_CHOICES, this.#surroundings.random);
  }

  /** In how many milliseconds one of the waiting calls suits more replicas by time alone (P3); undefined: never. */
  nextMatchMs(waiting: Iterable<CallTask>): number | undefined {
    let nextMs = Infinity;
    for (const task of waiting) {
      if (task.envelope.multiplexedModelId === "") continue;
      const call = this.#routed(task);
      const leftMs = matchLimitMs(call) - call.waitedMs;
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs);
    }
    return nextMs === Infinity ? undefined : Math.ceil(nextMs);
  }

  /** The call was sent. */
  routed(replica: RoutedReplica, task: CallTask): void {
    if (this.#router?.onRouted !== undefined) this.#router.onRouted(replica, this.#routed(task));
  }

  /** The call is over. */
  completed(replica: RoutedReplica, task: CallTask): void {
    if (this.#router?.onCompleted !== undefined) this.#router.onCompleted(replica, this.#routed(task));
  }

  #routed({ envelope, waitsSinceMs }: CallTask): RoutedCall {
    const { clock } = this.#surroundings;
    const { method, requestId, multiplexedModelId, sessionId, deadlineMs } = envelope;
    const waitedMs = waitsSinceMs === 0 ? 0 : clock.monotonic() - waitsSinceMs;
    const remainingMs = deadlineMs === undefined ? Infinity : Math.max(0, deadlineMs - clock.now());
    return { method, requestId, multiplexedModelId, sessionId, waitedMs, remainingMs };
  }

  /** R2 */
  async #load(key: string, name: string, kwargs: Readonly<Record<string, unknown>>): Promise<void> {
    const { logger, random, loadRouter } = this.#surroundings;
    try {
      if (loadRouter === undefined) throw new Error("this process loads no user code");
      const router = await loadRouter(name, kwargs);
      if (this.#key !== key) return;
      this.#router = router;
      this.#strategy = createStrategy(router, kwargs, random);
      this.#onLoaded();
    } catch (reason) {
      logger.error("router.not_loaded", { deployment: this.#deployment, router: name, reason: describeThrown(reason) });
    }
  }
}
