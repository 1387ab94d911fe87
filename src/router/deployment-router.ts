// Routes the calls of one process to the replicas of one deployment.
// Owns the caller's queue, the links to replicas and their dialling. Does not know what a call carries.
//   R1  A call goes to a free replica at once or waits; a slot that frees takes the longest waiting one. No polling (P1).
//   R2  A full queue refuses at once (Q2); a rejected call returns to its place and was admitted already (Q3).
//   R3  While there is no replica calls wait; `unavailable` targets end them all (RT5), rejected ones that return, too.
//   R4  A call that a replica being dialled has room for waits for the connection, not for a slot: the queue's limit does
//       not count it (P1), so that a burst right after the deploy finds the same room as a later one.
//   R5  A call that suits only some replicas (a model, a session, a user's router) waits for those; others pass it by.
//   R6  A process whose calls wait here stays alive: nothing else may hold it, for idle connections do not.
import { backoffMs } from "../core/backoff.ts";
import type { Cancel, Clock } from "../core/clock.ts";
import { BackPressureError, DeploymentUnavailableError } from "../core/errors.ts";
import type { CallTarget } from "../model/call.ts";
import { type Address, type DeploymentTargets, type ReplicaTarget, WAS_DELETED } from "../protocol/control.ts";
import type { Connection } from "../transport/connection.ts";
import type { HistogramSeries } from "../telemetry/metrics.ts";
import { mayQueue } from "./admission.ts";
import type { CallTask, TaskRouter } from "./call-task.ts";
import { PriorityQueue } from "./priority-queue.ts";
import { type ChooserSurroundings, ReplicaChooser } from "./replica-chooser.ts";
import { ReplicaLink, type LinkOwner } from "./replica-link.ts";
import type { RouterMetrics } from "./router-metrics.ts";

/** What a router needs of its process. */
export interface RouterSurroundings extends ChooserSurroundings {
  dial(address: Address): Promise<Connection>;
  /** Left out where nobody reads the counts. */
  readonly metrics?: RouterMetrics;
}

/** How often an idempotent call is sent (Q3). */
const MAX_TRIES = 3;
/** First and longest pause between two attempts to reach a replica, milliseconds. */
const REDIAL_FIRST_MS = 20;
const REDIAL_MAX_MS = 1000;
/** Period of the timer that holds the process (R6); it does nothing when it fires. A day. */
const HOLD_MS = 86_400_000;
/** Ray's defaults of `backpressure_config`, and what is said where it says no time (compatibility.md). */
const BACK_PRESSURE = { statusCode: 503, retryAfterS: null } as const;
const RETRY_AFTER_S = 1;
/** Why calls fail after `close`, in the place of `unavailable`. */
const CLOSED = "cannot be reached any more: this process has left the instance";

export class DeploymentRouter implements LinkOwner, TaskRouter {
  readonly application: string;
  readonly deployment: string;
  readonly clock: Clock;
  maxOngoingRequests = 1;
  readonly #surroundings: RouterSurroundings;
  readonly #onStarved: () => void;
  /** How long calls waited before they were sent. */
  readonly #fulfillment: HistogramSeries | undefined;
  readonly #queue = new PriorityQueue<CallTask>();
  readonly #links = new Map<string, ReplicaLink>();
  readonly #redials = new Map<string, Cancel>();
  #candidates: readonly ReplicaLink[] = [];
  #maxQueuedRequests = -1;
  #backpressure: NonNullable<DeploymentTargets["backpressure"]> = BACK_PRESSURE;
  #unavailable: string | null = null;
  readonly #chooser: ReplicaChooser;
  /** The next moment at which a call that waits suits more replicas (P3), monotonic milliseconds. */
  #matchAtMs = Infinity;
  #cancelMatch: Cancel | undefined;
  #arrivals = 0;
  #closed = false;
  /** Set while calls wait (R6). */
  #letGo: Cancel | undefined;

  /** @param onStarved told of a call that waits where there is no replica: the first one of a wait (A5) */
  constructor(target: CallTarget, surroundings: RouterSurroundings, onStarved: () => void = () => undefined) {
    this.application = target.application;
    this.deployment = target.deployment;
    this.clock = surroundings.clock;
    this.#surroundings = surroundings;
    this.#onStarved = onStarved;
    this.#chooser = new ReplicaChooser(target.deployment, surroundings, () => this.#serveQueue());
    this.#fulfillment = surroundings.metrics?.fulfillment(target);
  }

  /** Calls that wait for a slot. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Calls of this process that are at replicas. */
  get ongoing(): number {
    let sum = 0;
    for (const link of this.#candidates) sum += link.ongoing;
    return sum;
  }

  /** Those of them that no replica has a slot for (R4). */
  get queuedForSlot(): number {
    return Math.max(0, this.#queue.length - this.#slotsToCome());
  }

  /** The replicas that it knows of. */
  get replicas(): readonly ReplicaLink[] {
    return this.#candidates;
  }

  /** False: every call fails, the deployment is gone. */
  get isAvailable(): boolean {
    return this.#unavailable === null;
  }

  /** True from the targets that say so until others come. */
  get isDeleted(): boolean {
    return this.#unavailable === WAS_DELETED;
  }

  /** Takes a new call. It fails through its owner, later, when it cannot be taken. */
  submit(task: CallTask): void {
    task.arrival = ++this.#arrivals;
    task.enter(this);
    const refusal = this.#place(task);
    if (refusal !== undefined) queueMicrotask(() => task.fail(refusal));
  }

  /** Puts new targets into effect at once. Ignored after `close`. */
  apply(targets: DeploymentTargets): void {
    if (this.#closed) return;
    this.maxOngoingRequests = targets.maxOngoingRequests;
    this.#maxQueuedRequests = targets.maxQueuedRequests;
    this.#backpressure = targets.backpressure ?? BACK_PRESSURE;
    this.#unavailable = targets.unavailable;
    this.#chooser.use(targets);
    const wanted = new Map(targets.replicas.map((replica) => [replica.id, replica]));
    for (const link of this.#links.values()) {
      if (!wanted.has(link.id)) this.#remove(link);
    }
    // What is published again is dialled at once, as it is known now.
    for (const cancel of this.#redials.values()) cancel();
    this.#redials.clear();
    for (const replica of wanted.values()) this.#add(replica);
    this.#candidates = [...this.#links.values()];
    if (this.#unavailable !== null) this.#failQueue();
    else this.#serveQueue();
    if (this.#queue.length > 0) this.#tellIfStarved();
  }

  /** A call left: takes it out of the queue if it waits there. */
  forget(task: CallTask): void {
    if (task.link === undefined && this.#queue.remove(task)) this.#letGoWhenEmpty();
  }

  /** Ends the links; calls under way fail, and so do those that wait and those that come later. */
  close(): void {
    this.#closed = true;
    this.#cancelMatch?.();
    this.#chooser.close();
    this.#unavailable ??= CLOSED;
    this.#failQueue();
    for (const cancel of this.#redials.values()) cancel();
    this.#redials.clear();
    for (const link of this.#links.values()) link.close();
  }

  rejected(task: CallTask): void {
    if (this.#unavailable !== null) return task.fail(this.#unavailableError(this.#unavailable));
    const link = this.#chooser.choose(task, this.#candidates);
    if (link !== undefined) this.#send(link, task);
    else this.#wait(task);
  }

  retries(task: CallTask): boolean {
    if (!task.mayRepeat || ++task.deaths >= MAX_TRIES || this.#closed) return false;
    task.repeat();
    this.rejected(task);
    return true;
  }

  completed(link: ReplicaLink, task: CallTask): void {
    this.#chooser.completed(link, task);
  }

  slotFreed(link: ReplicaLink): void {
    // The slot that freed is this replica's: it may be held for us only for a moment.
    while (this.#queue.length > 0 && link.free) {
      const suits = this.#chooser.onceOfAlike((one) => this.#chooser.suits(one, link, this.#candidates));
      const task = this.#taken(this.#queue.takeFirst(suits));
      if (task === undefined) return this.#matchLater([]);
      this.#send(link, task);
    }
  }

  lost(link: ReplicaLink, reason: string): void {
    if (this.#links.get(link.id) !== link) return;
    this.#links.delete(link.id);
    this.#candidates = [...this.#links.values()];
    if (this.#closed) return;
    this.#surroundings.logger.debug("router.replica_lost", { deployment: this.deployment, replica: link.id, reason });
    this.#dialLater(link.target, 0);
    this.#serveQueue();
  }

  #place(task: CallTask): BackPressureError | DeploymentUnavailableError | undefined {
    if (this.#unavailable !== null) return this.#unavailableError(this.#unavailable);
    // Calls that wait go first, unless they wait for other replicas (R5).
    const mayPass = this.#queue.length === 0 || this.#chooser.isSelective(task);
    const link = mayPass ? this.#chooser.choose(task, this.#candidates) : undefined;
    if (link !== undefined) {
      this.#fulfillment?.observe(0);
      this.#send(link, task);
      return undefined;
    }
    const queued = this.queuedForSlot;
    if (mayQueue(queued, this.#maxQueuedRequests)) {
      this.#wait(task);
      return undefined;
    }
    const displaced = this.#queue.displace(task.priority); // Q6
    if (displaced === undefined) return this.#refusal(queued);
    queueMicrotask(() => displaced.fail(this.#refusal(queued)));
    this.#wait(task);
    return undefined;
  }

  #refusal(queued: number): BackPressureError {
    const { application, deployment } = this;
    const limit = this.#maxQueuedRequests;
    const { statusCode, retryAfterS } = this.#backpressure;
    const details = { application, deployment, queued, limit, statusCode };
    return new BackPressureError({ ...details, retryAfterS: retryAfterS ?? RETRY_AFTER_S });
  }

  /** Slots of replicas that are being dialled (R4). */
  #slotsToCome(): number {
    let slots = 0;
    for (const link of this.#candidates) if (!link.connected) slots += this.maxOngoingRequests;
    return slots;
  }

  #send(link: ReplicaLink, task: CallTask): void {
    this.#chooser.routed(link, task);
    link.send(task);
  }

  #serveQueue(): void {
    while (this.#queue.length > 0) {
      let link: ReplicaLink | undefined;
      const hasPlace = this.#chooser.onceOfAlike((waiting) => {
        link = this.#chooser.choose(waiting, this.#candidates);
        return link !== undefined;
      });
      const task = this.#queue.takeFirst(hasPlace);
      if (link === undefined || this.#taken(task) === undefined) return this.#matchLater(this.#queue);
      this.#send(link, task as CallTask);
    }
  }

  /** Looks again when one of these calls may suit more replicas, having waited for so long (P3). */
  #matchLater(waiting: Iterable<CallTask>): void {
    const nextMs = this.#chooser.nextMatchMs(waiting, this.#queue.length, this.#candidates);
    if (nextMs === undefined) return;
    const atMs = this.clock.monotonic() + nextMs;
    if (atMs >= this.#matchAtMs) return;
    this.#cancelMatch?.();
    this.#matchAtMs = atMs;
    const look = (): void => {
      this.#matchAtMs = Infinity;
      this.#serveQueue();
    };
    this.#cancelMatch = this.clock.after(nextMs, look, true);
  }

  #wait(task: CallTask): void {
    task.waitsSinceMs ||= this.clock.monotonic(); // a rejected call goes on waiting
    this.#queue.add(task);
    if (this.#queue.length === 1) this.#tellIfStarved();
    if (this.#chooser.isSelective(task)) this.#matchLater([task]);
    this.#letGo ??= this.clock.every(HOLD_MS, () => undefined, false);
  }

  #tellIfStarved(): void {
    if (this.#links.size === 0 && this.#redials.size === 0) this.#onStarved();
  }

  #take(): CallTask | undefined {
    return this.#taken(this.#queue.take());
  }

  #taken(task: CallTask | undefined): CallTask | undefined {
    this.#letGoWhenEmpty();
    if (task !== undefined) this.#fulfillment?.observe(this.clock.monotonic() - task.waitsSinceMs);
    return task;
  }

  #letGoWhenEmpty(): void {
    if (this.#queue.length > 0) return;
    this.#letGo?.();
    this.#letGo = undefined;
  }

  #failQueue(): void {
    const reason = this.#unavailable ?? CLOSED;
    for (let task = this.#take(); task !== undefined; task = this.#take()) task.fail(this.#unavailableError(reason));
  }

  #unavailableError(reason: string): DeploymentUnavailableError {
    const { application, deployment } = this;
    return new DeploymentUnavailableError({ application, deployment, reason });
  }

  #add(target: ReplicaTarget): void {
    const known = this.#links.get(target.id);
    if (known !== undefined) known.target = target;
    else this.#dial(target, 0);
  }

  #remove(link: ReplicaLink): void {
    this.#links.delete(link.id);
    link.retire();
  }

  #dial(target: ReplicaTarget, attempt: number): void {
    const link = new ReplicaLink(target, this);
    this.#links.set(target.id, link);
    this.#candidates = [...this.#links.values()];
    this.#surroundings.dial(target.address).then(
      (connection) => {
        if (this.#links.get(target.id) === link && !this.#closed) link.connect(connection);
        else connection.close("CLOSED", "the replica left the targets");
      },
      () => {
        if (this.#links.get(target.id) !== link || this.#closed) return;
        this.#links.delete(target.id);
        this.#dialLater(link.target, attempt);
      },
    );
  }

  #dialLater(target: ReplicaTarget, attempt: number): void {
    this.#candidates = [...this.#links.values()];
    const delayMs = backoffMs(attempt, REDIAL_FIRST_MS, REDIAL_MAX_MS);
    const cancel = this.clock.after(
      delayMs,
      () => {
        this.#redials.delete(target.id);
        this.#dial(target, attempt + 1);
      },
      true,
    );
    this.#redials.set(target.id, cancel);
  }
}
