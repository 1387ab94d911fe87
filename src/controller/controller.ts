// Owns the target state and brings the world to it. A tick goes, in this order:
//   observe   events of engine, links and feed have changed `ControllerState` by the time it runs
//   decide    reconcile.ts asks decide/*.ts, pure: what should be done, and why
//   apply     plans change the state, the checkpoint is written, targets are published, then the effects run
// Rules:
//   R1  A tick is woken by an event, a command, or a moment that a decision named; the 1 s tick only repairs.
//   R2  Nothing is decided while the engine is lost, nor before `start` has asked it what is there (K1).
//   R3  What a tick sets off is seen by a later tick, never by the same one.
//   R4  A command is acknowledged after the checkpoint has it.
import { FULL_CAPACITY } from "../autoscaling/capacity.ts";
import type { Cancel, Clock } from "../core/clock.ts";
import { ServeError, describeThrown, toServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Random } from "../core/random.ts";
import { type EngineEvent, nodeIpOf } from "../engine/engine.ts";
import { deploymentKey, type NodeId, type ProcessId, type ReplicaId } from "../model/ids.ts";
import type { HistoryEntry, HistoryFilter } from "../model/history.ts";
import type { Endpoint, InstanceStatus } from "../model/status.ts";
import type { ServeConfig } from "../config/serve-config.ts";
import type { VersionedApplication } from "../model/target-state.ts";
import { type ProxyReport, ROUTES_KEY, type ReplicaReport, targetsKey } from "../protocol/control.ts";
import { acceptScale } from "./accept-scale.ts";
import { acceptDeploy, checkEngine } from "./accept.ts";
import { acceptConfig, type BuildTask, isAwaited, pendingBuilds } from "./accept-config.ts";
import { ActionApplier } from "./apply-actions.ts";
import { Checkpoint } from "./checkpoint.ts";
import type { ControllerCommands } from "./commands.ts";
import type { ControllerOptions } from "./controller-options.ts";
import { deployVerdict } from "./deploy-verdict.ts";
import { Journal } from "./journal.ts";
import { type ControllerMeter, NO_METER } from "./meter.ts";
import { EngineObserver } from "./observe-engine.ts";
import { SilenceObserver } from "./observe-silence.ts";
import { locate, unknownApplication } from "./locate.ts";
import { ProxyObserver } from "./observe-proxies.ts";
import { ReplicaObserver } from "./observe-replicas.ts";
import { knownProcesses } from "./process-specs.ts";
import { publish } from "./publish.ts";
import { httpEndpoint, readStatus } from "./read-status.ts";
import { reconcile } from "./reconcile.ts";
import { Scaling } from "./scaling.ts";
import { addressOf, servingNow, servingOf } from "./serving.ts";
import { ControllerState, isEmpty, isEmptying } from "./state.ts";
import { Waiters } from "./waiters.ts";

/** How many accepted orders are remembered. Chosen: who asks again does so within seconds of a head's death. */
const MAX_ORDERS = 100;

/** Period of the repairing tick (architecture 1). */
const REPAIR_MS = 1_000;

export class Controller implements ControllerCommands {
  /** Takes what callers and replicas report of load. */
  readonly scaling: Scaling;
  readonly #options: ControllerOptions;
  readonly #state = new ControllerState();
  readonly #checkpoint: Checkpoint;
  readonly #journal: Journal;
  readonly #replicas: ReplicaObserver;
  readonly #proxies: ProxyObserver;
  readonly #engine: EngineObserver;
  readonly #silence: SilenceObserver;
  readonly #meter: ControllerMeter;
  readonly #applier: ActionApplier;
  readonly #waiters = new Waiters();
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #ending = new AbortController();
  readonly #startMs: number;
  #started = false;
  #awake = false;
  #cancelTimer: Cancel = () => undefined;
  #cancelRepair: Cancel = () => undefined;

  constructor(options: ControllerOptions, logger: Logger, clock: Clock, random: Random) {
    this.#options = options;
    this.#logger = logger;
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#checkpoint = new Checkpoint(options.engine.store);
    this.#journal = new Journal(this.#state, logger, clock);
    const nodeIp = (node: NodeId): string => nodeIpOf(options.engine.nodes(), node);
    this.#meter = options.meter ?? NO_METER;
    const replicaParts = { state: this.#state, journal: this.#journal, meter: this.#meter, nodeIp };
    this.#replicas = new ReplicaObserver(replicaParts, clock, random);
    this.#proxies = new ProxyObserver(this.#state, this.#meter, logger, clock);
    this.#silence = new SilenceObserver(this.#state, options.engine, logger, clock);
    const scaling = {
      state: this.#state,
      journal: this.#journal,
      policies: options.policies,
      wake: () => this.#wake(),
    };
    this.scaling = new Scaling(scaling, clock);
    const observers = { replicaObserver: this.#replicas, proxyObserver: this.#proxies };
    this.#engine = new EngineObserver({ state: this.#state, ...observers, logger });
    const parts = {
      state: this.#state,
      options,
      ...observers,
      journal: this.#journal,
      logger,
      wake: () => this.#wake(),
    };
    this.#applier = new ActionApplier(parts, clock, random);
  }

  /**
   * Takes up what the last head left, then runs until `stop`. Links may report from now on; call it before they can.
   * @throws {ServeError} ENGINE: a document of the checkpoint is damaged
   */
  async start(): Promise<void> {
    const { engine, feed } = this.#options;
    this.#checkpoint.load(this.#state, this.#clock.now());
    if (this.#state.applications.size > 0) this.scaling.recovered();
    publish(this.#state, feed, this.#options.logging);
    feed.onProgress(() => this.#wake());
    await engine.adopt(knownProcesses(this.#state));
    void this.#consume(engine.events(this.#ending.signal));
    this.#started = true;
    this.#cancelRepair = this.#clock.every(REPAIR_MS, () => this.#wake());
    this.#wake();
  }

  /** Decides nothing any more, and touches no process. */
  stop(): void {
    this.#ending.abort();
    this.#cancelTimer();
    this.#cancelRepair();
  }

  /** Where HTTP is served; null when there are no proxies. Rejects with ENGINE when the first proxy cannot listen. */
  async whenListening(): Promise<Endpoint | null> {
    const { http } = servingNow(this.#state.config, this.#options);
    if (http === null || this.#state.standing === "emptied") return null;
    await this.#waiters.wait(() => {
      if (httpEndpoint(this.#state, this.#options) !== null) return "done";
      return this.#state.proxyError === "" ? "wait" : new ServeError("ENGINE", this.#state.proxyError);
    });
    return httpEndpoint(this.#state, this.#options);
  }

  /** A replica dialled in, or changed. */
  onReplicaReport(id: ReplicaId, report: ReplicaReport): void {
    this.#replicas.onReport(id, report);
    this.#wake();
  }

  onReplicaLinkClosed(id: ReplicaId): void {
    this.#replicas.onLinkClosed(id);
    this.#wake();
  }

  /** A replica or proxy has been silent for so long over its open link, or is heard again (null). Said again while it lasts. */
  onSilence(id: ProcessId, silentMs: number | null): void {
    this.#silence.onLook(id, silentMs);
    this.#wake();
  }

  /** A proxy dialled in, or changed. */
  onProxyReport(id: ProcessId, report: ProxyReport): void {
    this.#proxies.onReport(id, report);
    this.#wake();
  }

  onProxyLinkClosed(id: ProcessId): void {
    this.#proxies.onLinkClosed(id);
    this.#wake();
  }

  deploy(applications: readonly VersionedApplication[]): void {
    this.#refuseAtEnd();
    this.#deploy(applications);
  }

  #deploy(applications: readonly VersionedApplication[]): void {
    checkEngine(applications, this.#options.engine.name);
    const { changes, ...accepted } = acceptDeploy(this.#state, applications, this.#clock.now());
    this.#adopt({ ...accepted, standing: "serving" });
    for (const { application, deployment, reason } of changes) {
      this.#journal.deployment(application, deployment, "deployment.deploy", reason);
    }
  }

  acceptConfig(config: ServeConfig, workingDir: string): readonly BuildTask[] {
    this.#refuseAtEnd();
    const { changes, ...accepted } = acceptConfig(this.#state, config, workingDir, this.#clock.now());
    if (this.#state.standing === "emptied") {
      const serving = servingOf(config, workingDir, this.#options);
      const endpoint = addressOf(config, serving, this.#state.endpoint);
      this.#adopt({ ...accepted, config: { ...accepted.config, serving }, endpoint, standing: "serving" });
    } else this.#adopt({ ...accepted, standing: "serving" });
    for (const { application, event, reason } of changes) this.#journal.application(application, event, reason);
    return this.pendingBuilds();
  }

  pendingBuilds(): readonly BuildTask[] {
    return this.#state.standing !== "serving" ? [] : pendingBuilds(this.#state.applications, this.#state.config);
  }

  finishBuild(task: BuildTask, outcome: VersionedApplication | ServeError): void {
    const target = this.#state.applications.get(task.application);
    if (this.#state.standing !== "serving" || !isAwaited(target, task)) return;
    const error = outcome instanceof ServeError ? outcome : this.#refusalOf(outcome);
    if (error === undefined) return;
    const message = `Deploying app '${target.name}' failed with exception:\n${error.message}`;
    const failed = { ...target, build: { kind: "failed", generation: task.generation, message } } as const;
    const applications = new Map(this.#state.applications).set(target.name, failed);
    this.#adopt({ applications, deployments: this.#state.deployments });
    this.#journal.application(target.name, "application.build_failed", message, "warn");
  }

  /** Deploys what was built. @returns why it cannot be */
  #refusalOf(built: VersionedApplication): ServeError | undefined {
    try {
      this.#deploy([built]);
      return undefined;
    } catch (reason) {
      return toServeError(reason);
    }
  }

  config(): ServeConfig | null {
    return this.#state.config?.document ?? null;
  }

  #refuseAtEnd(): void {
    if (this.isShuttingDown) throw new ServeError("DEPLOY_FAILED", "the instance is shutting down");
    if (isEmptying(this.#state)) throw new ServeError("DEPLOY_FAILED", "everything is being removed; try again then");
  }

  async whenDeployed(names: readonly string[], subscriberId?: string): Promise<void> {
    await this.#waiters.wait(() => {
      const verdicts = names.map((name) => deployVerdict(this.#state, name));
      return verdicts.find((verdict) => verdict instanceof Error) ?? (verdicts.includes("wait") ? "wait" : "done");
    });
    const keys = names.flatMap((name) => {
      const deployments = this.#state.applications.get(name)?.deployments ?? [];
      return deployments.map(({ spec }) => targetsKey(name, spec.name));
    });
    const callers = [...this.#state.proxies.keys(), ...(subscriberId === undefined ? [] : [subscriberId])];
    await this.#options.feed.whenAcknowledged([ROUTES_KEY, ...keys], callers);
  }

  order(id: string | undefined, applications: readonly string[], accept: () => void): void {
    if (id === undefined) return accept();
    if (this.acceptedOrder(id) !== undefined) return;
    const before = this.#state.orders;
    this.#state.orders = [...before, { id, applications }].slice(-MAX_ORDERS);
    try {
      accept();
    } catch (error) {
      this.#state.orders = before;
      throw error;
    }
  }

  acceptedOrder(id: string): readonly string[] | undefined {
    return this.#state.orders.find((order) => order.id === id)?.applications;
  }

  async delete(name: string, orderId?: string): Promise<void> {
    this.order(orderId, [name], () => this.#acceptDelete(name));
    await this.#waiters.wait(() => (this.#state.applications.get(name)?.deleting === true ? "wait" : "done"));
    await this.#options.feed.whenAcknowledged([ROUTES_KEY], [...this.#state.proxies.keys()]); // no request finds it now
  }

  /** True from the order on, also where an earlier head got it and did not live to the end of it. */
  get isShuttingDown(): boolean {
    return this.#state.standing === "ending";
  }

  async shutdown(): Promise<void> {
    this.#state.standing = "ending";
    this.#logger.info("instance.shutdown", { reason: "by command" });
    this.#wake();
    await this.#waiters.wait(() => (isEmpty(this.#state) ? "done" : "wait"));
  }

  async removeAll(): Promise<void> {
    if (this.#state.standing === "serving") {
      const { applications, deployments } = this.#state;
      this.#adopt({ applications, deployments, config: null, capacity: FULL_CAPACITY, standing: "emptied" });
      this.#logger.info("instance.remove_all", { reason: "by command" });
    }
    await this.whenOpen();
  }

  whenOpen(): Promise<void> {
    return this.#waiters.wait(() => (isEmptying(this.#state) ? "wait" : "done"));
  }

  status(): InstanceStatus {
    const autoscaling = (application: string, deployment: string) => this.scaling.details(application, deployment);
    return readStatus(this.#state, autoscaling, this.#options, this.#startMs);
  }

  scale(application: string, deployment: string, replicas: number): void {
    if (this.#state.standing !== "serving") return;
    const next = acceptScale(this.#state, application, deployment, replicas);
    if (next === undefined) return;
    const { applications, deployments } = this.#state;
    this.#adopt({ applications, deployments: new Map(deployments).set(deploymentKey(application, deployment), next) });
    this.#journal.deployment(application, deployment, "deployment.scale", `an external scaler asked for ${replicas}`);
  }

  async locate(application: string, deployment: string | null): Promise<{ readonly deployment: string }> {
    let found = "";
    await this.#waiters.wait(() => {
      const located = locate(this.#state.applications, application, deployment);
      if (located.kind === "found") found = located.deployment;
      return located.kind === "none" ? located.error : located.kind === "wait" ? "wait" : "done";
    });
    return { deployment: found };
  }

  history(filter: HistoryFilter): readonly HistoryEntry[] {
    return this.#state.history.list(filter);
  }

  #acceptDelete(name: string): void {
    const target = this.#state.applications.get(name);
    if (target === undefined) throw unknownApplication(this.#state.applications, name);
    if (target.deleting) return;
    this.#adopt({
      deployments: this.#state.deployments,
      applications: new Map(this.#state.applications).set(name, { ...target, deleting: true }),
    });
    this.#journal.application(name, "application.delete", "by command");
  }

  /** Makes a new target state the one that holds, once the checkpoint has it (R4). */
  #adopt(
    next: Pick<ControllerState, "applications" | "deployments"> &
      Partial<Pick<ControllerState, "config" | "capacity" | "standing" | "endpoint">>,
  ): void {
    const { config, capacity, replicas, proxies, endpoint, standing, orders } = this.#state;
    this.#checkpoint.save({ config, capacity, standing, replicas, proxies, endpoint, orders, ...next });
    Object.assign(this.#state, next);
    publish(this.#state, this.#options.feed, this.#options.logging);
    this.#wake();
  }

  async #consume(events: AsyncIterable<EngineEvent>): Promise<void> {
    for await (const event of events) {
      this.#engine.onEvent(event);
      this.#wake();
    }
  }

  /** Runs a tick after what runs now, once however often it is asked for. */
  #wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    queueMicrotask(() => {
      this.#awake = false;
      if (this.#started && this.#state.engineUp && !this.#ending.signal.aborted) this.#tick(); // R2
    });
  }

  #tick(): void {
    const { engine, feed } = this.#options;
    const { http } = servingNow(this.#state.config, this.#options);
    const nodes = engine.nodes();
    const own = { state: this.#state, applier: this.#applier, journal: this.#journal, scaling: this.scaling };
    const parts = { ...own, feed, meter: this.#meter, nodes, clock: this.#clock };
    const proxyNodes = http === null || this.#state.standing !== "serving" ? [] : nodes.map(({ id }) => id);
    const nowMs = this.#clock.now();
    const { effects, wakeAtMs } = reconcile(parts, proxyNodes, nowMs);
    this.#save();
    publish(this.#state, feed, this.#options.logging);
    for (const effect of effects) void effect();
    this.#waiters.lookAll();
    this.#cancelTimer();
    if (wakeAtMs !== undefined) this.#cancelTimer = this.#clock.after(wakeAtMs - nowMs, () => this.#wake(), true);
  }

  /** A store that fails does not stop the work: processes it does not know end themselves when no head knows them. */
  #save(): void {
    try {
      this.#checkpoint.save(this.#state);
    } catch (error) {
      this.#logger.error("checkpoint.failed", { reason: describeThrown(error) });
    }
  }
}
