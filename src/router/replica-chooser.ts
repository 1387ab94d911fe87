// Applies the deployment's router to the calls of one caller: which router holds now, and what it needs to know of a call.
// The choices themselves are in routing.ts, choose-replica.ts and user-router.ts.
//   R1  A call without a model, at a deployment with the default router, suits every replica: no list is made for it.
//   R2  Calls wait while a user's router is loaded, `LOAD_LIMIT_MS` at most; one that follows another stands back until it is.
//   R3  One that cannot be loaded is stood in for by the two choices of P1; the log says so. So is one that throws.
//   R4  The caller's node counts only while there are replicas on it and elsewhere (P2).
//   R5  A user's router that keeps calls from free replicas is asked again after a while: it may go by how long they wait.
//   R6  Of calls that wait alike one is asked, so that thousands of a hot model or session cost the others nothing.
import { isRouterName } from "../config/router-names.ts";
import type { Cancel, Clock } from "../core/clock.ts";
import { describeThrown, ServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Random } from "../core/random.ts";
import type { RequestRouter, RoutedCall, RoutedReplica } from "../model/request-router.ts";
import type { DeploymentTargets } from "../protocol/control.ts";
import type { CallTask } from "./call-task.ts";
import { chooseReplica } from "./choose-replica.ts";
import { createStrategy, matchLimitMs, mayUse, routeCall, type Strategy } from "./routing.ts";
import { UserRouter } from "./user-router.ts";

/** A router as it is published. */
export type RouterRef = NonNullable<DeploymentTargets["router"]>;

export interface ChooserSurroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The node that this process runs on; absent: it is not known. */
  readonly node?: string;
  /** Loads a user's router (P5). Left out where no user code is loaded. */
  loadRouter?(router: RouterRef): Promise<RequestRouter>;
}

/** Longest wait for a user's router to be loaded, milliseconds. Chosen: far above the import of a large module. */
const LOAD_LIMIT_MS = 5000;
/** Time between two questions about calls that a user's router holds back (R5), milliseconds. Chosen: seldom felt. */
const ASK_AGAIN_MS = 50;
/** What each call that waits adds to that: 10,000 questions a second at most. */
const ASK_MS = 0.1;
/** Mistakes of routers that are told apart; what follows is not told. Chosen: a log shows what is wrong, not how often. */
const MAX_FAULTS = 20;
const DEFAULT_ROUTER: RouterRef = { name: "pow2", kwargs: {} };
const TWO_CHOICES = createStrategy("pow2", {}, { next: () => 0 });
/** Calls wait (R2). */
const LOADING: Strategy = { bySession: false, choose: () => undefined, accepts: () => false };

export class ReplicaChooser {
  readonly #deployment: string;
  readonly #surroundings: ChooserSurroundings;
  readonly #onLoaded: () => void;
  /** Undefined: the default router (R1). */
  #strategy: Strategy | undefined;
  #router: UserRouter | undefined;
  /** Who hears of the end of a call: the router that chose, also when another one has followed it. */
  readonly #routedBy = new WeakMap<CallTask, UserRouter>();
  #key = "";
  /** The caller's node, while it counts (R4). */
  #near: string | undefined;
  #cancelLimit: Cancel | undefined;
  readonly #faults = new Set<string>();

  /** @param onLoaded calls that wait may suit other replicas now */
  constructor(deployment: string, surroundings: ChooserSurroundings, onLoaded: () => void) {
    this.#deployment = deployment;
    this.#surroundings = surroundings;
    this.#onLoaded = onLoaded;
  }

  /** Takes the deployment's router into use; the same one goes on. */
  use({ router = DEFAULT_ROUTER, replicas }: DeploymentTargets): void {
    const { random, node } = this.#surroundings;
    const near = replicas.filter((replica) => replica.node === node).length;
    this.#near = near > 0 && near < replicas.length ? node : undefined;
    const key = JSON.stringify([router.name, router.kwargs, router.version]);
    if (key === this.#key) return;
    this.#key = key;
    const { name, kwargs } = router;
    if (!isRouterName(name)) return void this.#load(key, router);
    this.#take(name === "pow2" ? undefined : createStrategy(name, kwargs, random), undefined);
  }

  /** The replica that gets the call now; undefined: it waits. */
  choose<R extends RoutedReplica>(task: CallTask, replicas: readonly R[]): R | undefined {
    const { random } = this.#surroundings;
    const near = task.envelope.preferLocal ? this.#near : undefined;
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

  /** A question to the calls that wait, in their order, until one says yes (R6). */
  onceOfAlike(ask: (task: CallTask) => boolean): (task: CallTask) => boolean {
    if (this.#router !== undefined) return ask; // it may tell any two calls apart
    const bySession = this.#strategy?.bySession === true;
    const refused = new Set<string>();
    return (task) => {
      const { multiplexedModelId: model, sessionId, requestId } = task.envelope;
      const late = model !== "" && this.#hasWaitedForModel(task) ? "\nlate" : "";
      const kind = bySession ? `${model}\n${sessionId || requestId}${late}` : model + late;
      if (refused.has(kind)) return false;
      if (ask(task)) return true;
      refused.add(kind);
      return false;
    };
  }

  /** In how many milliseconds one of the waiting calls may suit more replicas by time alone (P3, R5); undefined: never. */
  nextMatchMs(waiting: Iterable<CallTask>, queued: number, replicas: readonly RoutedReplica[]): number | undefined {
    const isHeldBack = this.#router !== undefined && replicas.some(({ free }) => free);
    let nextMs = isHeldBack ? ASK_AGAIN_MS + queued * ASK_MS : Infinity;
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
    if (this.#router === undefined) return;
    this.#routedBy.set(task, this.#router);
    this.#router.routed(replica, this.#routed(task));
  }

  /** The call is over at the replica. */
  completed(replica: RoutedReplica, task: CallTask): void {
    this.#routedBy.get(task)?.completed(replica, this.#routed(task));
    this.#routedBy.delete(task);
  }

  close(): void {
    this.#cancelLimit?.();
  }

  /** P3: it may go to any replica. */
  #hasWaitedForModel(task: CallTask): boolean {
    const call = this.#routed(task);
    return call.waitedMs >= matchLimitMs(call);
  }

  #routed({ envelope, waitsSinceMs }: CallTask): RoutedCall {
    const { clock } = this.#surroundings;
    const { method, requestId, multiplexedModelId, sessionId, deadlineMs } = envelope;
    const waitedMs = waitsSinceMs === 0 ? 0 : clock.monotonic() - waitsSinceMs;
    const remainingMs = deadlineMs === undefined ? Infinity : Math.max(0, deadlineMs - clock.now());
    return { method, requestId, multiplexedModelId, sessionId, waitedMs, remainingMs };
  }

  #take(strategy: Strategy | undefined, router: UserRouter | undefined): void {
    this.#cancelLimit?.();
    this.#strategy = strategy;
    this.#router = router;
    this.#faults.clear();
  }

  async #load(key: string, router: RouterRef): Promise<void> {
    const { clock, loadRouter } = this.#surroundings;
    if (this.#router === undefined) this.#take(LOADING, undefined); // R2
    const limit = Promise.withResolvers<never>();
    this.#cancelLimit?.();
    this.#cancelLimit = clock.after(LOAD_LIMIT_MS, () => limit.reject(loadFault("it has not loaded in time")), true);
    try {
      if (loadRouter === undefined) throw loadFault("this process loads no user code");
      const loaded = await Promise.race([loadRouter(router), limit.promise]);
      if (this.#key !== key) return;
      const user = new UserRouter(loaded, (method, reason) => this.#faulty(router, method, reason));
      this.#take(user, user);
    } catch (reason) {
      if (this.#key !== key) return;
      this.#take(undefined, undefined);
      this.#tell("router.not_loaded", router, describeThrown(reason)); // R3
    }
    this.#onLoaded();
  }

  /** The same mistake at every call is told once. */
  #faulty(router: RouterRef, method: string, reason: string): void {
    const fault = `${method}: ${reason}`;
    if (this.#faults.has(fault) || this.#faults.size >= MAX_FAULTS) return;
    this.#faults.add(fault);
    this.#tell("router.failed", router, fault);
  }

  #tell(event: string, { name }: RouterRef, reason: string): void {
    const { logger } = this.#surroundings;
    logger.error(event, { deployment: this.#deployment, router: name, reason, instead: "pow2" });
  }
}

function loadFault(message: string): ServeError {
  return new ServeError("DEPLOY_FAILED", message);
}
