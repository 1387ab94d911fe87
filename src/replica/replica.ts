// A replica: its calls, its slots, its life from `load` to the end of the drain. Transport, engine and process are outside.
//   D4  A start is constructor, `setup`, `reconfigure`, first health check; any of them failing fails `load`.
//   D5  Drain: refuse new calls, finish accepted ones, dispose, then `onDrained`. An idle replica is done at once.
//   Q1  All callers together never run more than `maxOngoingRequests` calls.
import { createHandle, handleRefOf } from "../api/handle.ts";
import { runWithRuntime } from "../api/globals.ts";
import type { Registration } from "../api/registry.ts";
import type { Runtime } from "../api/runtime.ts";
import { isInside } from "../api/user-place.ts";
import type { Clock } from "../core/clock.ts";
import { describeThrown, isServeError, ServeError } from "../core/errors.ts";
import type { LoadOrder } from "../protocol/control.ts";
import { decodeValue, type HandleRef } from "../protocol/values.ts";
import type { Connection } from "../transport/connection.ts";
import { CallerLink, type CallerHost } from "./caller-link.ts";
import type { CallRecorder, ReplicaLoad } from "./call-recorder.ts";
import { ReplicaRuntime } from "./replica-runtime.ts";
import type { Outcome, RunningCall } from "./running-call.ts";
import { SlotTable } from "./slots.ts";
import { UserCallable } from "./user-callable.ts";

/** What a replica is given by the process (or the memory engine) around it. */
export interface ReplicaSurroundings {
  readonly replicaId: string;
  readonly clock: Clock;
  /** Everything of the runtime but the replica's own context. */
  readonly runtime: Omit<Runtime, "replica">;
  /** Finds the class or function to run. */
  loadCode(order: LoadOrder): Promise<Registration>;
  /** Counts and logs a call that ended; made when the replica is loaded. */
  recorder(order: LoadOrder): CallRecorder;
  /** Connects ahead of the first call. */
  prepare(target: HandleRef): void;
  /** Something that the head should know changed. */
  onChanged(): void;
  /** The models that it holds changed; may come many times in a row. */
  readonly onModels: () => void;
  onDrained(): void;
}

export type ReplicaPhase = "idle" | "loading" | "ready" | "draining";

const NO_CODE = new Error("no code is loaded");

export class Replica implements CallerHost {
  readonly #surroundings: ReplicaSurroundings;
  readonly slots = new SlotTable<CallerLink>(0);
  readonly handles: CallerHost["handles"];
  #runtime: ReplicaRuntime | undefined;
  #callable: UserCallable | undefined;
  #recorder: CallRecorder | undefined;
  #order: LoadOrder | undefined;
  #docsPath: string | undefined;
  /** What the user's `reconfigure` last took; undefined: it was refused, or is under way. */
  #configured: string | undefined;
  #phase: ReplicaPhase = "idle";
  readonly #callers = new Set<CallerLink>();
  #finished = false;

  constructor(surroundings: ReplicaSurroundings) {
    this.#surroundings = surroundings;
    this.handles = {
      refOf: handleRefOf,
      revive: (ref) => {
        surroundings.prepare(ref);
        return createHandle(ref, this.runtime);
      },
    };
  }

  get phase(): ReplicaPhase {
    return this.#phase;
  }

  get order(): LoadOrder | undefined {
    return this.#order;
  }

  get application(): string {
    return this.#order?.application ?? "";
  }

  get deployment(): string {
    return this.#order?.spec.name ?? "";
  }

  get clock(): Clock {
    return this.#surroundings.clock;
  }

  get runtime(): Runtime {
    if (this.#runtime === undefined)
      throw new ServeError("INTERNAL", "the replica is not loaded", {}, { cause: NO_CODE });
    return this.#runtime;
  }

  get callable(): UserCallable {
    if (this.#callable === undefined)
      throw new ServeError("INTERNAL", "the replica is not loaded", {}, { cause: NO_CODE });
    return this.#callable;
  }

  get ongoing(): number {
    return this.slots.ongoing;
  }

  /** Ids of the multiplexed models that it holds or loads. */
  get models(): readonly string[] {
    return this.#runtime?.models ?? [];
  }

  /** Where an ingress says that its documentation is. */
  get docsPath(): string | undefined {
    return this.#docsPath;
  }

  get refuses(): boolean {
    return this.#phase !== "ready";
  }

  /** What it holds now, for its metrics. */
  currentLoad(): ReplicaLoad {
    const calls = Array.from(this.#callers, (caller) => [...caller.calls]).flat();
    return {
      ongoing: this.ongoing,
      heldSlots: this.slots.held,
      maxOngoingRequests: this.#order?.spec.options.maxOngoingRequests ?? 1,
      startsMs: calls.map(({ startMs }) => startMs),
    };
  }

  /** A caller dialled in. */
  accept(connection: Connection): void {
    const caller = new CallerLink(connection, this);
    this.#callers.add(caller);
    if (this.#phase === "draining") caller.drain(); // it has not heard of it yet
  }

  /** Loads and starts the user's code. @throws {ServeError} DEPLOY_FAILED with the first lines of the user's error */
  async load(order: LoadOrder): Promise<void> {
    if (this.#phase !== "idle") throw new ServeError("PROTOCOL", `load came while the replica is ${this.#phase}`);
    this.#order = order;
    this.#setPhase("loading");
    const { runtime: base, replicaId, onModels } = this.#surroundings;
    const runtime = new ReplicaRuntime(base, replicaId, order, onModels);
    this.#runtime = runtime;
    this.#recorder = this.#surroundings.recorder(order);
    let step = "import";
    try {
      await runWithRuntime(runtime, async () => {
        const callable = new UserCallable(order.spec.name, await this.#surroundings.loadCode(order));
        this.#callable = callable;
        step = "constructor or setup";
        await callable.start(this.#initArgs(order));
        if (order.exposed) {
          callable.assertHandlesHttp();
          this.#docsPath = callable.docsPath();
        }
        step = "reconfigure";
        await callable.reconfigure(order.spec.options.userConfig, order.rank);
        this.#configured = configOf(order, callable);
        step = "first health check";
        await this.#firstCheck(callable, order.spec.options.healthCheckTimeoutS);
      });
    } catch (reason) {
      if (!this.#isDraining()) this.#setPhase("idle");
      throw startFailure(order, step, reason);
    }
    // A drain that came meanwhile stays.
    if (this.#isDraining()) return;
    this.slots.setLimit(order.spec.options.maxOngoingRequests);
    this.#setPhase("ready");
  }

  /** New options that need no restart. @throws {ServeError} DEPLOY_FAILED with the user's error */
  async reconfigure(change: Pick<LoadOrder, "spec" | "exposed" | "rank" | "worldSize">): Promise<void> {
    const before = this.#order;
    if (before === undefined) throw new ServeError("PROTOCOL", "reconfigure came before load");
    const order: LoadOrder = { ...before, ...change };
    this.#order = order;
    this.#runtime?.update(order);
    this.grant(this.slots.setLimit(order.spec.options.maxOngoingRequests));
    if (order.exposed) this.callable.assertHandlesHttp();
    const config = configOf(order, this.callable);
    if (this.#configured === config) return;
    this.#configured = undefined; // a refused config is tried again by the next order, and so is the one before it
    try {
      await runWithRuntime(this.runtime, () => this.callable.reconfigure(order.spec.options.userConfig, order.rank));
      this.#configured = config;
    } catch (reason) {
      throw startFailure(order, "reconfigure", reason);
    }
  }

  /** @throws what the user's `checkHealth` throws */
  async checkHealth(): Promise<void> {
    await runWithRuntime(this.runtime, () => this.callable.checkHealth());
  }

  /** What the user's `recordAutoscalingStats` returns; undefined: there is none. Rejects with what it throws. */
  recordAutoscalingStats(): Promise<unknown> | undefined {
    return runWithRuntime(this.runtime, () => this.callable.recordAutoscalingStats());
  }

  /** The same of `recordRoutingStats`. */
  recordRoutingStats(): Promise<unknown> | undefined {
    return runWithRuntime(this.runtime, () => this.callable.recordRoutingStats());
  }

  /** Refuses new calls and ends when the accepted ones are done (D5). Later calls change nothing. */
  drain(): void {
    if (this.#phase === "draining") return;
    this.#setPhase("draining");
    for (const caller of this.#callers) caller.drain();
    this.#runtime?.drain();
    this.#finishWhenIdle();
  }

  grant(callers: readonly CallerLink[]): void {
    for (const caller of callers) caller.free();
  }

  callEnded(call: RunningCall, outcome: Outcome): void {
    this.#recorder?.ended(call, outcome);
    if (this.#phase === "draining") this.#finishWhenIdle();
  }

  callerIdle(): void {
    for (const caller of this.#callers) if (caller.drained && this.#phase !== "draining") this.#callers.delete(caller);
    if (this.#phase === "draining") this.#finishWhenIdle();
  }

  /** Disconnects the callers; what still runs is cut off. */
  close(): void {
    for (const caller of this.#callers) caller.close();
    this.#callers.clear();
  }

  /** With the time limit that the head gives the later ones (H1): a check that never answers would load for ever. */
  #firstCheck(callable: UserCallable, limitS: number): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>();
    const late = new ServeError("ENGINE", `checkHealth: no answer within ${limitS} s`);
    const cancel = this.clock.after(limitS * 1000, () => reject(late));
    return Promise.race([callable.checkHealth(), promise]).finally(cancel);
  }

  #isDraining(): boolean {
    return this.#phase === "draining";
  }

  #initArgs(order: LoadOrder): readonly unknown[] {
    const { initArgs } = order.spec;
    const decoded = decodeValue(initArgs, 0, initArgs.length, {
      handle: this.handles.revive,
      body: () => {
        throw new ServeError("SERIALIZATION", "init args hold no bodies");
      },
    });
    if (decoded.ok && Array.isArray(decoded.value)) return decoded.value;
    throw new ServeError("SERIALIZATION", `init args cannot be read: ${decoded.ok ? "no list" : decoded.reason}`);
  }

  #finishWhenIdle(): void {
    if (this.#finished || this.slots.ongoing > 0) return;
    for (const caller of this.#callers) if (!caller.drained) return;
    this.#finished = true;
    void this.#dispose().then(() => this.#surroundings.onDrained());
  }

  async #dispose(): Promise<void> {
    const callable = this.#callable;
    const runtime = this.#runtime;
    if (callable === undefined || runtime === undefined) return;
    try {
      await runWithRuntime(runtime, async () => {
        await runtime.end();
        await callable.dispose();
      });
    } catch (reason) {
      runtime.logger.error("replica.dispose_failed", { error: describeThrown(reason) });
    }
  }

  #setPhase(phase: ReplicaPhase): void {
    this.#phase = phase;
    this.#surroundings.onChanged();
  }
}

/** What `reconfigure` is told, as a text to compare; the rank where the method asks for it. */
function configOf({ spec, rank }: Pick<LoadOrder, "spec" | "rank">, callable: UserCallable): string {
  return JSON.stringify([spec.options.userConfig, callable.takesRank ? rank : null]);
}

/** The user's error as the head shows it: what failed, and the first lines of the stack that lie in the user's code. */
function startFailure(order: LoadOrder, step: string, reason: unknown): ServeError {
  if (isServeError(reason) && reason.code === "DEPLOY_FAILED") return reason;
  const stack = reason instanceof Error && reason.stack !== undefined ? reason.stack : describeThrown(reason);
  const lines = stack.split("\n").filter((line) => !isInside(line));
  const message = `${order.spec.name}: ${step} failed: ${lines.slice(0, FAILURE_LINES).join("\n")}`;
  return new ServeError("DEPLOY_FAILED", message, { deployment: order.spec.name, step }, { cause: reason });
}

/** Lines of a user's error that status and driver show. */
const FAILURE_LINES = 6;
