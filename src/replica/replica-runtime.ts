// What surrounds user code in a replica: the process's runtime plus who the replica is.
import type { ReplicaContext, Runtime } from "../api/runtime.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Random } from "../core/random.ts";
import type { OutgoingCall, ValueCall, ValueObserver } from "../model/call.ts";
import type { LoadOrder } from "../protocol/control.ts";
import type { MetricRegistry } from "../telemetry/metrics.ts";

export class ReplicaRuntime implements Runtime {
  readonly clock: Clock;
  readonly random: Random;
  readonly locate?: NonNullable<Runtime["locate"]>;
  readonly #base: Omit<Runtime, "replica">;
  readonly #replicaId: string;
  readonly #atDrain = new Set<(graceMs: number) => void>();
  readonly #atEnd: (() => Promise<void>)[] = [];
  readonly #models = new Map<object, readonly string[]>();
  readonly #onModels: () => void;
  #context: ReplicaContext;
  #maxOngoingRequests: number;
  #graceMs: number;

  /** @param onModels the ids of `models` changed */
  constructor(base: Omit<Runtime, "replica">, replicaId: string, order: LoadOrder, onModels: () => void) {
    this.clock = base.clock;
    this.random = base.random;
    if (base.locate !== undefined) this.locate = base.locate;
    this.#base = base;
    this.#replicaId = replicaId;
    this.#onModels = onModels;
    this.#context = contextOf(replicaId, order);
    this.#maxOngoingRequests = order.spec.options.maxOngoingRequests;
    this.#graceMs = order.spec.options.gracefulShutdownTimeoutS * 1000;
  }

  get logger(): Logger {
    return this.#base.logger;
  }

  get metrics(): MetricRegistry | undefined {
    return this.#base.metrics;
  }

  get replica(): ReplicaContext {
    return this.#context;
  }

  get maxOngoingRequests(): number {
    return this.#maxOngoingRequests;
  }

  /** Model ids that the replica holds or loads, least recent first. */
  get models(): readonly string[] {
    return [...this.#models.values()].flat();
  }

  /** Rank, world size or limits changed. */
  update(order: LoadOrder): void {
    this.#context = contextOf(this.#replicaId, order);
    this.#maxOngoingRequests = order.spec.options.maxOngoingRequests;
    this.#graceMs = order.spec.options.gracefulShutdownTimeoutS * 1000;
  }

  onDrain(fn: (graceMs: number) => void): () => void {
    this.#atDrain.add(fn);
    return () => void this.#atDrain.delete(fn);
  }

  onEnd(fn: () => Promise<void>): void {
    this.#atEnd.push(fn);
  }

  holdsModels(owner: object, ids: readonly string[]): void {
    this.#models.set(owner, ids);
    this.#onModels();
  }

  /** Nothing new comes: what waits for more need not wait. */
  drain(): void {
    for (const fn of this.#atDrain) fn(this.#graceMs);
    this.#atDrain.clear();
  }

  /** The last request has ended. */
  async end(): Promise<void> {
    await Promise.all(this.#atEnd.splice(0).map((fn) => fn()));
  }

  startCall(call: ValueCall, observer: ValueObserver): OutgoingCall {
    return this.#base.startCall(call, observer);
  }
}

function contextOf(replicaId: string, order: LoadOrder): ReplicaContext {
  const { application, spec, codeVersion, rank, worldSize } = order;
  return Object.freeze({
    application,
    deployment: spec.name,
    replicaId,
    rank: Object.freeze({ rank, nodeRank: 0, localRank: rank }),
    worldSize,
    codeVersion,
  });
}
