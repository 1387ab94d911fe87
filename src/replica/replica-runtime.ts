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
  #context: ReplicaContext;

  constructor(base: Omit<Runtime, "replica">, replicaId: string, order: LoadOrder) {
    this.clock = base.clock;
    this.random = base.random;
    if (base.locate !== undefined) this.locate = base.locate;
    this.#base = base;
    this.#replicaId = replicaId;
    this.#context = contextOf(replicaId, order);
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

  /** Rank or world size changed. */
  update(order: LoadOrder): void {
    this.#context = contextOf(this.#replicaId, order);
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
