// A replica as a program: its door for callers, its link to the head, its own calls to other deployments.
// The same code serves a process of its own (main.ts) and the memory engine.
//   R1  It serves on while the head is away; after the orphan time-out, or when a head refuses it, it drains and ends
//       within the grace of its deployment, whatever its code does.
//   R2  Every change of phase is reported; a new head gets the report first, so it can adopt (K1).
import { createHandle, handleRefOf } from "../api/handle.ts";
import { loadRouter } from "../api/load-router.ts";
import type { Registration } from "../api/registry.ts";
import type { Runtime } from "../api/runtime.ts";
import type { Clock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { createLogger, type Logger } from "../core/logger.ts";
import type { Random } from "../core/random.ts";
import type { CallTarget } from "../model/call.ts";
import {
  LOGGING_KEY,
  type Address,
  type DeploymentTargets,
  type FeedChange,
  type HeadMethods,
  type LoadOrder,
  type ReplicaMethods,
  type ReplicaReport,
} from "../protocol/control.ts";
import { CallClient } from "../router/call-client.ts";
import { FeedClient } from "../router/feed-client.ts";
import { HeadLink } from "../router/head-link.ts";
import { RouterMetrics } from "../router/router-metrics.ts";
import type { MetricRegistry, MetricSnapshot } from "../telemetry/metrics.ts";
import type { ProgramLog } from "../telemetry/program-log.ts";
import type { ControlLink } from "../transport/control-link.ts";
import type { Identity, Listener, Transport } from "../transport/transport.ts";
import { AutoscalingStats, type UserStats } from "./autoscaling-stats.ts";
import { CallRecorder } from "./call-recorder.ts";
import { Replica } from "./replica.ts";
import { RoutingStats } from "./routing-stats.ts";

/** What the program is given. */
export interface ReplicaProgramOptions {
  readonly self: Identity;
  readonly pid: number;
  readonly transport: Transport;
  readonly head: Address;
  /** Where callers reach the replica. */
  readonly door: Address;
  /** Where it counts; undefined: nothing is counted. */
  readonly metrics?: MetricRegistry | undefined;
  /** The node that it runs on. */
  readonly node: string;
  loadCode(order: LoadOrder): Promise<Registration>;
  /** The program's log, opened when the replica knows what it is. */
  openLog(order: LoadOrder): Pick<ProgramLog, "logger" | "access" | "configure">;
  /** The program has ended in order; nothing of it is left open. */
  onEnded(): void;
  readonly clock: Clock;
  readonly random: Random;
}

/** Least time between two reports of held models, milliseconds (as Ray Serve's 0.1 s, reference 4.7). */
const MODELS_MS = 100;
/** Longest wait for callers to take the last answers of a replica that ends, milliseconds. */
const LAST_WRITES_MS = 1000;

export class ReplicaProgram {
  readonly #options: ReplicaProgramOptions;
  readonly #calls: CallClient;
  readonly #feed: FeedClient;
  readonly #head: HeadLink;
  readonly #replica: Replica;
  readonly #stats: AutoscalingStats;
  readonly #routingStats: RoutingStats;
  #recorder: CallRecorder | undefined;
  #logger: Logger;
  #log: Pick<ProgramLog, "configure"> | undefined;
  #listener: Listener | undefined;
  // Code that was edited between the deploy and this start (D3).
  #changedFiles: readonly string[] = [];
  #closed = false;
  #reportsSoon = false;

  constructor(options: ReplicaProgramOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
    const { clock, random, transport, self, metrics } = options;
    this.#feed = new FeedClient({
      targets: (targets: DeploymentTargets) => this.#calls.applyTargets(targets),
      logging: (changed) => {
        // The instance's options reach the replicas of deployments that have none of their own.
        if (this.#replica.order?.spec.options.loggingConfig === null) this.#log?.configure(changed);
      },
    });
    this.#feed.want(LOGGING_KEY);
    this.#calls = new CallClient({
      clock,
      random,
      logger: createLogger(({ level, event, fields }) => this.#logger[level](event, fields), "debug"),
      node: options.node,
      loadRouter,
      dial: (address) => transport.dial(address, self),
      want: (key) => this.#feed.want(key),
      reportScaling: (report) => this.#head.link?.notify("scaling.report", report),
      ...(metrics && { metrics: new RouterMetrics(metrics, { processId: self.id, source: "REPLICA" }) }),
      handles: { refOf: handleRefOf, revive: (ref) => createHandle(ref, this.#replica.runtime) },
    });
    this.#replica = new Replica({
      replicaId: self.id,
      clock,
      runtime: this.#runtime(),
      loadCode: (order) => options.loadCode(order),
      recorder: (order) => this.#openRecorder(order),
      prepare: (target) => this.#calls.prepare(target),
      onChanged: () => this.#report(),
      onModels: () => this.#reportSoon(),
      onDrained: () => void this.close(),
    });
    [this.#stats, this.#routingStats] = this.#openStats();
    this.#head = new HeadLink(transport, options.head, self, this.#headEvents(), clock);
  }

  #openStats(): [AutoscalingStats, RoutingStats] {
    const { self, metrics, clock } = this.#options;
    const shared = { replicaId: self.id, metrics, logger: () => this.#logger };
    const stats = {
      ...shared,
      record: () => this.#replica.recordAutoscalingStats(),
      send: (recorded: UserStats) => this.#head.link?.notify("scaling.stats", { stats: recorded }),
    };
    const routingStats = {
      ...shared,
      record: () => this.#replica.recordRoutingStats(),
      onChanged: () => this.#report(),
    };
    return [new AutoscalingStats(stats, clock), new RoutingStats(routingStats, clock)];
  }

  /** Opens the door and dials the head. @throws {ServeError} ENGINE when the door cannot be opened */
  async start(): Promise<void> {
    const { transport, door, self } = this.#options;
    this.#listener = await transport.listen(door, self, (connection) => this.#replica.accept(connection));
    this.#head.start();
  }

  /** Finish what was accepted, then end; `onEnded` follows (D5). */
  drain(): void {
    this.#replica.drain();
  }

  /** Drains without a head that would end the process after the grace (D5): it ends by itself, whatever still runs. */
  #leave(): void {
    this.#replica.drain();
    const graceS = this.#replica.order?.spec.options.gracefulShutdownTimeoutS ?? 0;
    this.#options.clock.after(graceS * 1000, () => void this.close());
  }

  /** Ends at once; what still runs is cut off. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#head.close("the replica ends");
    const listenerClosed = this.#listener?.close();
    this.#replica.close();
    this.#calls.close();
    this.#stats.close();
    this.#routingStats.close();
    // The last answers are on their way; a caller that does not take them is not waited for.
    const given = new AbortController();
    const limit = this.#options.clock.sleep(LAST_WRITES_MS, given.signal).catch(() => undefined);
    await Promise.race([listenerClosed, limit]);
    given.abort();
    this.#options.onEnded();
  }

  #headEvents(): ConstructorParameters<typeof HeadLink>[3] {
    return {
      onConnected: (link) => this.#connected(link),
      onRequest: (method, body) => this.#answer(method, body),
      onNotify: (link, topic, body) => {
        if (topic === "feed") this.#feed.receive(link, (body as { changes: readonly FeedChange[] }).changes);
      },
      onOrphaned: () => {
        this.#logger.warn("replica.orphaned");
        this.#leave();
      },
      onRefused: (reason) => {
        this.#logger.warn("replica.refused", { reason });
        this.#leave();
      },
    };
  }

  #runtime(): Omit<Runtime, "replica"> {
    const { clock, random, metrics } = this.#options;
    // The log is opened when the replica knows what it is; what asks earlier is told again later.
    const current = (): Logger => this.#logger;
    return {
      clock,
      random,
      metrics,
      get logger() {
        return current();
      },
      startCall: (call, observer) => this.#calls.startCall(call, observer),
      locate: (application, deployment) => this.#locate(application, deployment),
    };
  }

  async #locate(application: string, deployment: string | null): Promise<CallTarget> {
    const { link } = this.#head;
    if (link === undefined) throw new ServeError("ENGINE", "the head is away; try again when it is back");
    const located = await link.request<HeadMethods, "locate">("locate", { application, deployment });
    const target = { application, deployment: located.deployment };
    this.#calls.prepare(target);
    return target;
  }

  #openRecorder(order: LoadOrder): CallRecorder {
    const log = this.#options.openLog(order);
    this.#log = log;
    this.#logger = log.logger;
    const identity = { application: order.application, deployment: order.spec.name, replicaId: this.#options.self.id };
    return (this.#recorder = new CallRecorder(identity, this.#options.metrics, log, this.#options.clock));
  }

  #connected(link: ControlLink): void {
    link.notify("replica.report", this.#state());
    this.#feed.connected(link);
  }

  #report(): void {
    this.#head.link?.notify("replica.report", this.#state());
  }

  /** Ids of models change in bursts: a load evicts one and adds one (M1). */
  #reportSoon(): void {
    if (this.#reportsSoon) return;
    this.#reportsSoon = true;
    const report = (): void => {
      this.#reportsSoon = false;
      this.#report();
    };
    this.#options.clock.after(MODELS_MS, report, true);
  }

  #state(): ReplicaReport {
    const { phase, order, ongoing, models, docsPath } = this.#replica;
    const { current: stats } = this.#routingStats;
    return {
      phase,
      address: this.#listener?.address ?? this.#options.door,
      pid: this.#options.pid,
      codeVersion: order?.codeVersion ?? null,
      rank: order?.rank ?? 0,
      worldSize: order?.worldSize ?? 0,
      ongoing,
      changedFiles: this.#changedFiles,
      models,
      ...(stats && { stats }),
      ...(docsPath !== undefined && { docsPath }),
    };
  }

  async #answer(method: string, body: unknown): Promise<unknown> {
    switch (method as keyof ReplicaMethods) {
      case "load":
        return this.#load(body as ReplicaMethods["load"]["in"]);
      case "reconfigure":
        return this.#reconfigure(body as ReplicaMethods["reconfigure"]["in"]);
      case "checkHealth":
        return this.#replica.checkHealth().then(() => null);
      case "drain":
        return this.#replica.drain();
      case "metrics":
        return this.#snapshot();
      default:
        throw new ServeError("PROTOCOL", `a replica does not answer ${method}`);
    }
  }

  async #reconfigure(order: ReplicaMethods["reconfigure"]["in"]): Promise<void> {
    this.#log?.configure(order.logging);
    await this.#replica.reconfigure(order);
    this.#followStats();
  }

  async #load({ changedFiles, ...order }: ReplicaMethods["load"]["in"]): Promise<null> {
    this.#changedFiles = changedFiles;
    try {
      await this.#replica.load(order);
    } catch (reason) {
      this.#logger.error("replica.start_failed", { error: reason });
      throw reason;
    }
    if (changedFiles.length > 0) this.#logger.warn("replica.code_changed_on_disk", { files: changedFiles });
    this.#logger.info("replica.ready", { codeVersion: order.codeVersion, rank: order.rank });
    this.#followStats();
    return null;
  }

  #followStats(): void {
    const { order } = this.#replica;
    if (order === undefined || this.#closed) return;
    this.#stats.follow(order);
    this.#routingStats.follow(order);
  }

  #snapshot(): MetricSnapshot {
    this.#recorder?.update(this.#replica.currentLoad());
    this.#calls.updateMetrics();
    return this.#options.metrics?.snapshot() ?? [];
  }
}
