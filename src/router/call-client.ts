// The calling side of one process: a router for each deployment it calls, fed by the change feed.
import type { DeploymentTargets, Notifications } from "../protocol/control.ts";
import { targetsKey } from "../protocol/control.ts";
import { toServeError } from "../core/errors.ts";
import type {
  CallTarget,
  HttpCall,
  HttpObserver,
  OutgoingCall,
  OutgoingHttpCall,
  ValueCall,
  ValueObserver,
} from "../model/call.ts";
import { deploymentKey } from "../model/ids.ts";
import { DeploymentRouter, type RouterSurroundings } from "./deployment-router.ts";
import type { CallTask } from "./call-task.ts";
import { HttpTask } from "./http-task.ts";
import { ScalingSampler } from "./scaling-sampler.ts";
import { ValueTask, type HandleCodec } from "./value-task.ts";

/** What a call client needs of its process. */
export interface CallClientSurroundings extends RouterSurroundings {
  readonly handles: HandleCodec;
  /** Subscribes to a key of the change feed; called once a key. */
  want(key: string): void;
  /** Ends that subscription; only needed by who calls `forgetDeleted`. */
  unwant?(key: string): void;
  /** Tells the head what this process holds for deployments that scale by themselves (A4, A5). Left out where there is none. */
  reportScaling?(report: Notifications["scaling.report"]): void;
}

const NOTHING_TO_CANCEL: OutgoingCall = { cancel: () => undefined };

export class CallClient {
  readonly #surroundings: CallClientSurroundings;
  readonly #routers = new Map<string, DeploymentRouter>();
  readonly #sampler: ScalingSampler;
  #closed = false;

  constructor(surroundings: CallClientSurroundings) {
    this.#surroundings = surroundings;
    this.#sampler = new ScalingSampler((report) => surroundings.reportScaling?.(report), surroundings.clock);
  }

  /** Starts a call with values. Arguments that cannot cross are told to the observer. */
  startCall(call: ValueCall, observer: ValueObserver): OutgoingCall {
    let task: ValueTask;
    try {
      task = new ValueTask(call, observer, this.#surroundings.handles);
    } catch (reason) {
      queueMicrotask(() => observer.onError(toServeError(reason)));
      return NOTHING_TO_CANCEL;
    }
    const router = this.#router(call.target);
    this.#surroundings.metrics?.handled(router, call.route, call.argsWaitMs ?? 0);
    this.#submit(router, task);
    return task;
  }

  /** Starts an HTTP call. */
  startHttp(call: HttpCall, observer: HttpObserver): OutgoingHttpCall {
    const task = new HttpTask(call, observer);
    this.#submit(this.#router(call.target), task);
    return task;
  }

  /** Subscribes and connects ahead of the first call. */
  prepare(target: CallTarget): void {
    this.#router(target);
  }

  /** Puts a deployment's targets from the change feed into effect. */
  applyTargets(targets: DeploymentTargets): void {
    const router = this.#router(targets);
    if (!this.#closed) this.#sampler.follow(router, targets);
    router.apply(targets);
  }

  /**
   * Lets go of deployments that were deleted: for who will not call them again. A later call asks the head anew.
   * @param kept keys (`deploymentKey`) of those that may be called
   */
  forgetDeleted(kept: ReadonlySet<string>): void {
    for (const [key, router] of this.#routers) {
      if (!router.isDeleted || kept.has(key)) continue;
      this.#routers.delete(key);
      this.#surroundings.metrics?.forget(router);
      this.#surroundings.unwant?.(targetsKey(router.application, router.deployment));
    }
  }

  /** Brings the gauges of `metrics` up to date. */
  updateMetrics(): void {
    this.#surroundings.metrics?.update([...this.#routers.values()]);
  }

  /** Ends all links; calls under way and later ones fail. */
  close(): void {
    this.#closed = true;
    this.#sampler.close();
    for (const router of this.#routers.values()) router.close();
  }

  #submit(router: DeploymentRouter, task: CallTask): void {
    this.#surroundings.metrics?.routed(router, task.envelope.route);
    router.submit(task);
  }

  #router(target: CallTarget): DeploymentRouter {
    const key = deploymentKey(target.application, target.deployment);
    const known = this.#routers.get(key);
    if (known !== undefined) return known;
    const router: DeploymentRouter = new DeploymentRouter(target, this.#surroundings, () => {
      this.#sampler.starved(router);
    });
    this.#routers.set(key, router);
    if (this.#closed) router.close();
    else this.#surroundings.want(targetsKey(target.application, target.deployment));
    return router;
  }
}
