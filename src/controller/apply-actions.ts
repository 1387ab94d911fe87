// Carries decisions out: the only caller of the engine and of the links. It decides nothing.
//   R1  In two steps: `plan*` changes what the controller knows and returns effects; the caller checkpoints and publishes,
//       and then runs the effects. So a process is known before it exists, and callers hear first that a replica goes (D5).
//   R2  Outcomes come back through the observers; after each the controller is woken.
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { type Random, randomId } from "../core/random.ts";
import { nodeIpOf } from "../engine/engine.ts";
import type { ReplicaPhase } from "../model/lifecycle.ts";
import { type ApplicationTarget, type DeploymentTarget } from "../model/target-state.ts";
import type { NodeId } from "../model/ids.ts";
import type { LoadOrder, ReplicaMethods } from "../protocol/control.ts";
import type { ControllerOptions } from "./controller-options.ts";
import type { ReplicaAction } from "./decide/goal.ts";
import { type CheckAction, afterCheckBegan, freshHealth, nextCheckMs } from "./decide/health.ts";
import type { ProxyAction } from "./decide/proxies.ts";
import { instanceLogging, replicaLogging } from "./logging.ts";
import type { Journal } from "./journal.ts";
import type { LinkOutcome } from "./links.ts";
import { type ControllerMeter, NO_METER } from "./meter.ts";
import { PROXY_DRAIN_MS, type ProxyObserver } from "./observe-proxies.ts";
import type { ReplicaObserver } from "./observe-replicas.ts";
import { EPOCH, proxySpec, replicaSpec, resourcesOf } from "./process-specs.ts";
import { servingNow } from "./serving.ts";
import { type ControllerState, type ReplicaRecord, moveProxy, moveReplica } from "./state.ts";

/** Something to do to the outside, once it is checkpointed (R1). Its outcome comes back by itself (R2). */
export type Effect = () => void | Promise<void>;

/** How long callers are waited for before a replica drains. Chosen: acknowledgements take milliseconds; who takes longer is stuck. */
const LEAVE_MS = 2_000;
/** How long the engine may take to confirm a kill. */
const END_MS = 5_000;

export interface ApplierParts {
  readonly state: ControllerState;
  readonly options: ControllerOptions;
  readonly replicaObserver: ReplicaObserver;
  readonly proxyObserver: ProxyObserver;
  readonly journal: Journal;
  readonly logger: Logger;
  /** Called after each outcome (R2). */
  readonly wake: () => void;
}

export class ActionApplier {
  readonly #parts: ApplierParts;
  readonly #meter: ControllerMeter;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(parts: ApplierParts, clock: Clock, random: Random) {
    this.#parts = parts;
    this.#meter = parts.options.meter ?? NO_METER;
    this.#clock = clock;
    this.#random = random;
  }

  /** Plans one action on a replica; `application` and `target` are undefined when it is no longer wanted at all. */
  planReplica(
    action: Exclude<ReplicaAction, { kind: "start" }>,
    application: ApplicationTarget | undefined,
    target: DeploymentTarget | undefined,
  ): Effect | undefined {
    const record = this.#parts.state.replicas.get(action.id);
    if (record === undefined) return undefined;
    this.#parts.journal.replica(record, `replica.${action.kind}`, action.reason);
    switch (action.kind) {
      case "load":
        return application === undefined || target === undefined ? undefined : this.#load(record, application, target);
      case "reconfigure":
        return target === undefined ? undefined : this.#reconfigure(record, target);
      case "place":
        return target === undefined ? undefined : this.#place(record, action.rank, target);
      case "leave":
        if (action.died) this.#parts.replicaObserver.onDied(record, action.reason);
        record.stopSinceMs ??= this.#clock.now();
        moveReplica(record, {
          kind: "leaving",
          untilMs: this.#clock.now() + Math.min(LEAVE_MS, graceOf(record, target)),
        });
        return undefined;
      case "drain":
        return this.#drain(record, graceOf(record, target));
      case "kill":
        if (action.died) this.#parts.replicaObserver.onDied(record, action.reason);
        record.stopSinceMs ??= this.#clock.now();
        moveReplica(record, { kind: "ending", untilMs: this.#clock.now() + END_MS });
        return () => this.#parts.options.engine.kill(record.id);
      case "forget":
        this.#parts.replicaObserver.onGone(record);
        return undefined;
    }
  }

  /** Plans one health check; it leaves no line in the history unless it fails. */
  planCheck({ id, timeoutMs, periodMs }: CheckAction): Effect | undefined {
    const { state, options, replicaObserver, wake } = this.#parts;
    const record = state.replicas.get(id);
    if (record === undefined) return undefined;
    record.health = afterCheckBegan(record.health, this.#clock.now(), this.#random.next());
    return () => {
      const begunMs = this.#clock.monotonic();
      const over = (error: unknown): void => {
        replicaObserver.onHealthChecked(id, error, this.#clock.monotonic() - begunMs);
        // The moment of the next check is known already, and a good answer changes nothing else.
        if (error !== null || this.#clock.now() >= nextCheckMs(record.health, periodMs)) wake();
      };
      return options.replicas
        .checkHealth(id, timeoutMs)
        .then((outcome) => over(outcome === "done" ? null : undefined), over);
    };
  }

  planProxy(action: ProxyAction): Effect | undefined {
    const { state, options, logger, proxyObserver } = this.#parts;
    if (action.kind === "start") return this.#startProxy(action);
    const record = state.proxies.get(action.id);
    if (record === undefined) return undefined;
    logger.info(`proxy.${action.kind}`, { proxy: record.id, node: record.node, reason: action.reason });
    const nowMs = this.#clock.now();
    switch (action.kind) {
      case "listen":
        return this.#listen(record.id);
      case "drain":
        record.stopSinceMs ??= nowMs;
        moveProxy(record, { kind: "draining", untilMs: nowMs + PROXY_DRAIN_MS });
        return () => this.#orElseStop(options.proxies.drain(record.id, PROXY_DRAIN_MS), record.id, PROXY_DRAIN_MS);
      case "kill":
        proxyObserver.onDied(record, action.reason);
        record.stopSinceMs ??= nowMs;
        moveProxy(record, { kind: "ending", untilMs: nowMs + END_MS });
        return () => options.engine.kill(record.id);
      case "forget":
        state.proxies.delete(record.id);
        return undefined;
    }
  }

  /** Sends processes away that nobody knows: left over from a head whose checkpoint is gone. */
  planStrangers(): Effect[] {
    const { state, options, logger } = this.#parts;
    const strangers = [...state.strangers];
    state.strangers.clear();
    return strangers.map(([id, program]) => () => {
      logger.warn("process.unknown", { process: id, program, reason: "no checkpoint names it" });
      const links = program === "replica" ? options.replicas : options.proxies;
      this.#orElseStop(links.drain(id, 0), id, 0);
    });
  }

  /** Plans one more replica on a node. */
  planStart(
    action: ReplicaAction & { kind: "start" },
    node: NodeId,
    application: ApplicationTarget,
    target: DeploymentTarget,
  ): Effect {
    const { state, options, journal } = this.#parts;
    const nowMs = this.#clock.now();
    const record: ReplicaRecord = {
      id: randomId(this.#random),
      application: application.name,
      deployment: target.spec.name,
      rank: action.rank,
      worldSize: 0,
      startMs: nowMs,
      resources: resourcesOf(target.spec.options.resources),
      gpuIds: [],
      graceMs: target.spec.options.gracefulShutdownTimeoutS * 1000,
      codeVersion: target.codeVersion,
      configRevision: target.configRevision,
      phase: { kind: "launching" },
      pid: null,
      node,
      linkLostAtMs: null,
      stuck: null,
      silent: null,
      stopSinceMs: null,
      health: freshHealth(nowMs, 0),
      pending: null,
      changedFiles: [],
      models: [],
      stats: undefined,
      docsPath: undefined,
    };
    state.replicas.add(record);
    journal.replica(record, "replica.start", action.reason);
    const bootstrap = options.bootstrap({ id: record.id, epoch: EPOCH, program: "replica" });
    return () => options.engine.start(replicaSpec(record, application, target, bootstrap));
  }

  #load(record: ReplicaRecord, application: ApplicationTarget, target: DeploymentTarget): Effect {
    const { options, replicaObserver, wake } = this.#parts;
    moveReplica(record, { kind: "loading", awaited: true, idle: false });
    record.configRevision = target.configRevision;
    const order: LoadOrder = {
      application: application.name,
      codeVersion: target.codeVersion,
      ...this.#options(record, target),
    };
    return () => {
      const begunMs = this.#clock.monotonic();
      return options.replicas.load(record.id, order).then(
        (outcome) => {
          if (outcome === "done") this.#meter.initialized(record, this.#clock.monotonic() - begunMs);
          replicaObserver.onLoadAnswered(record.id);
          wake();
        },
        (reason: unknown) => {
          replicaObserver.onLoadFailed(record.id, reason);
          wake();
        },
      );
    };
  }

  #reconfigure(record: ReplicaRecord, target: DeploymentTarget): Effect {
    const { options, replicaObserver, wake } = this.#parts;
    if (record.phase.kind === "running")
      moveReplica(record, { ...record.phase, kind: "updating" } satisfies ReplicaPhase);
    const { configRevision } = target;
    const order = this.#options(record, target);
    return () => {
      const begunMs = this.#clock.monotonic();
      return options.replicas.reconfigure(record.id, order).then(
        (outcome) => {
          if (outcome === "done") {
            this.#meter.reconfigured(record, this.#clock.monotonic() - begunMs);
            replicaObserver.onReconfigured(record.id, configRevision);
          } else replicaObserver.onNotReconfigured(record.id, configRevision, undefined);
          wake();
        },
        (reason: unknown) => {
          replicaObserver.onNotReconfigured(record.id, configRevision, reason);
          wake();
        },
      );
    };
  }

  /** Tells a replica its rank and how many there are; it serves on meanwhile. */
  #place(record: ReplicaRecord, rank: number, target: DeploymentTarget): Effect {
    const { options, replicaObserver, wake } = this.#parts;
    record.rank = rank;
    const order = this.#options(record, target);
    return () =>
      options.replicas.reconfigure(record.id, order).then(
        (outcome) => {
          replicaObserver.onPlaced(record.id, outcome);
          wake();
        },
        (reason: unknown) => {
          replicaObserver.onPlaced(record.id, "done", reason);
          wake();
        },
      );
  }

  /** What a replica runs with. It is told so, and the record says that it knows. */
  #options(record: ReplicaRecord, target: DeploymentTarget): ReplicaMethods["reconfigure"]["in"] {
    const { state, options } = this.#parts;
    record.worldSize = state.deployment(record.application, record.deployment).scale.target;
    return {
      spec: target.spec,
      exposed: target.exposed,
      rank: record.rank,
      worldSize: record.worldSize,
      logging: replicaLogging(target, instanceLogging(state, options.logging)),
    };
  }

  #drain(record: ReplicaRecord, graceMs: number): Effect {
    record.stopSinceMs ??= this.#clock.now();
    moveReplica(record, { kind: "draining", untilMs: this.#clock.now() + graceMs });
    return () => this.#orElseStop(this.#parts.options.replicas.drain(record.id, graceMs), record.id, graceMs);
  }

  #startProxy(action: ProxyAction & { kind: "start" }): Effect {
    const { state, options, logger } = this.#parts;
    const id = `proxy-${randomId(this.#random)}`;
    const { node } = action;
    const nodeIp = nodeIpOf(options.engine.nodes(), node);
    const common = { pid: null, linkLostAtMs: null, stuck: null, silent: null, stopSinceMs: null };
    state.proxies.set(id, { ...common, id, node, startMs: this.#clock.now(), phase: { kind: "launching" } });
    logger.info("proxy.start", { proxy: id, node, reason: action.reason });
    const bootstrap = options.bootstrap({ id, epoch: EPOCH, program: "proxy" });
    return () => options.engine.start(proxySpec(id, node, nodeIp, options.proxyDir, bootstrap));
  }

  #listen(id: string): Effect | undefined {
    const { state, options, proxyObserver, wake } = this.#parts;
    const record = state.proxies.get(id);
    const { http } = servingNow(state.config, options);
    if (record === undefined || http === null) return undefined;
    moveProxy(record, { kind: "starting" });
    // An instance keeps its address, also where the head that took it over was started with another.
    const listen = { ...http, ...state.endpoint };
    return () =>
      options.proxies.listen(id, listen).then(wake, (reason: unknown) => {
        proxyObserver.onListenFailed(id, reason);
        wake();
      });
  }

  /** A process that cannot be told over its link is told by the engine. */
  #orElseStop(told: Promise<LinkOutcome>, id: string, graceMs: number): void {
    const { engine } = this.#parts.options;
    told.then(
      (outcome) => outcome === "done" || engine.stop(id, graceMs),
      () => engine.stop(id, graceMs),
    );
  }
}

function graceOf(record: ReplicaRecord, target: DeploymentTarget | undefined): number {
  return target === undefined ? record.graceMs : target.spec.options.gracefulShutdownTimeoutS * 1000;
}
