// Puts the head together over a given engine and transport, and takes it apart again. The program (run-head.ts) and
// tests in one process share it; nothing is decided here.
//   R1  What an earlier head left is taken up before anybody may dial in (K1).
//   R2  The end, in order: processes, admin, links, store. The store is emptied, for nothing that it names is left.
//   R3  A head that finds the order to end, given to one before it, goes on with it and ends.
import type { AdminParts } from "../admin/admin-parts.ts";
import { type AdminServer, startAdminServer } from "../admin/server.ts";
import { formatProgramOptions, type HeadOptions } from "../config/head-options.ts";
import type { ResolvedLoggingOptions } from "../config/options.generated.ts";
import { ChangeFeed } from "../controller/change-feed.ts";
import { Controller } from "../controller/controller.ts";
import type { ControllerOptions } from "../controller/controller-options.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Random } from "../core/random.ts";
import { atTurnEnd } from "../core/tick.ts";
import { VERSION } from "../core/version.ts";
import { type Engine, type EngineEvent, nodeIpOf } from "../engine/engine.ts";
import { LOGGING_KEY, type Address, type InstanceInfo } from "../protocol/control.ts";
import type { SnapshotPart } from "../telemetry/merge-snapshots.ts";
import type { MetricRegistry } from "../telemetry/metrics.ts";
import type { Transport } from "../transport/transport.ts";
import { clearStore, endLeftovers, keepHead, keptAdminPort, leftByDriver } from "./kept-state.ts";
import type { Builders } from "./builders.ts";
import { CodeVersions } from "./code-version.ts";
import { ConfigDeployer } from "./config-deployer.ts";
import { ControlServer, type ProcessEvents } from "./control-server.ts";
import { HeadRequests } from "./head-methods.ts";
import { OutputRelay, type ReplicaName } from "./output-relay.ts";
import { HeadMetrics } from "./head-metrics.ts";
import { Policies } from "./policies.ts";
import { ProcessLinks } from "./process-links.ts";
import { tapEngine } from "./tap-engine.ts";

/** Where a head stands and with what. */
export interface HeadSurroundings {
  /** Null: no proxies, no admin server; for an instance in one process. */
  readonly options: Pick<HeadOptions, "attached" | "fresh" | "proxyLocation" | "logging"> & {
    readonly [door in "http" | "admin"]: HeadOptions[door] | null;
  };
  readonly engine: Engine;
  /** Over the same engine; what it was told to prepare is under way. */
  readonly builders: Builders;
  readonly transport: Transport;
  /** Where it accepts control links. */
  readonly address: Address;
  readonly namespace: string;
  readonly pid: number;
  /** Folder of the log files. */
  readonly logsDir: string;
  /** Working directory of the proxies. */
  readonly proxyDir: string;
  readonly adminToken: string | undefined;
  readonly metricsPrefix: string;
  /** What the head itself counts. */
  readonly metrics: MetricRegistry;
  /** Puts changed logging options of the instance into effect in the head's own log. */
  readonly configureLog: (options: ResolvedLoggingOptions) => void;
  /** Resolves when somebody starts the head again should it die; never, where only the next head can say so. */
  readonly supervise: () => Promise<void>;
}

/** The parts of a head and how they know one another. */
export class Head {
  /** Resolves when the head has ended as ordered. */
  readonly ended: Promise<void>;
  readonly #around: HeadSurroundings;
  readonly #controller: Controller;
  readonly #server: ControlServer;
  readonly #links: ProcessLinks;
  readonly #builders: Builders;
  readonly #policies: Policies;
  readonly #deployer: ConfigDeployer;
  readonly #output: OutputRelay;
  readonly #feed: ChangeFeed;
  readonly #metrics: HeadMetrics;
  /** Processes that live, as the engine says. */
  readonly #running = new Set<string>();
  readonly #info: InstanceInfo;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #resolveEnded: (ended: Promise<void>) => void;
  #admin: AdminServer | undefined;
  /** What an earlier head left has been taken up. */
  #isUp = false;
  #ending: Promise<void> | undefined;

  constructor(around: HeadSurroundings, logger: Logger, clock: Clock, random: Random) {
    this.#around = around;
    this.#logger = logger;
    this.#clock = clock;
    this.#info = infoOf(around, clock.now() / 1000);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    const feed = new ChangeFeed(logger, clock);
    this.#feed = feed;
    this.#metrics = new HeadMetrics(around.metrics, (node) => nodeIpOf(around.engine.nodes(), node), clock);
    feed.measure(this.#metrics);
    followLogging(feed, around.configureLog);
    const versions = new CodeVersions();
    this.#links = new ProcessLinks((id, silentMs) => this.#controller.onSilence(id, silentMs), clock);
    this.#builders = around.builders;
    this.#policies = new Policies(around.engine, clock, random);
    this.#output = new OutputRelay(around.logsDir, () => replicaNames(this.#controller), clock);
    this.#controller = new Controller(this.#controllerOptions(feed, versions), logger, clock, random);
    const shared = { commands: this.#controller, builders: this.#builders, versions };
    this.#deployer = new ConfigDeployer(shared, logger);
    const requests = new HeadRequests({
      ...shared,
      feed,
      deployer: this.#deployer,
      output: this.#output,
      whenListening: () => this.#controller.whenListening(),
      info: this.#info,
      shutdown: () => this.shutdown(),
      supervise: around.supervise,
    });
    const events = eventsTo(this.#controller);
    const own = { links: this.#links, builders: this.#builders, policies: this.#policies, output: this.#output };
    this.#server = new ControlServer({ ...own, requests, events, feed, logger }, clock);
  }

  /** @throws {ServeError} ENGINE: a damaged checkpoint, an address or a chosen admin port that is taken */
  async start(): Promise<void> {
    const { options, engine, transport, address, adminToken: token } = this.#around;
    if (options.fresh && leftByDriver(engine.store)) await endLeftovers(engine, this.#logger, this.#clock);
    if (options.admin !== null) {
      const place = { ...keptAdminPort(engine.store, options.admin), token };
      this.#admin = await startAdminServer(place, this.#adminParts(), this.#logger, this.#clock);
      keepHead(engine.store, this.#admin.endpoint.port, options.attached);
    }
    await this.#controller.start(); // R1
    this.#isUp = true;
    await this.#server.listen(transport, address, "head");
    if (this.#controller.isShuttingDown) void this.shutdown(); // R3
    this.#deployer.resume();
  }

  /** Whether the process of this id lives, as the engine says. */
  runs(id: string): boolean {
    return this.#running.has(id);
  }

  /** Drains and ends all processes; resolves when none is left, and the head ends after that. Again: the same. */
  shutdown(): Promise<void> {
    this.#ending ??= this.#controller.shutdown().then(async () => {
      await this.#output.flush();
      // Whoever asked gets its answer first: it is written in this turn.
      atTurnEnd(() => this.#resolveEnded(this.#end()));
    });
    return this.#ending;
  }

  /** Whether everything drains and ends. */
  get isEnding(): boolean {
    return this.#ending !== undefined;
  }

  /** Ends all processes without grace; a shutdown that is under way then ends as well. */
  killAll(): void {
    for (const id of this.#running) this.#around.engine.kill(id);
  }

  /** Forgets what was to run. */
  forget(): void {
    clearStore(this.#around.engine.store);
  }

  async #end(): Promise<void> {
    const { engine } = this.#around;
    this.#controller.stop();
    this.#builders.killAll();
    this.#policies.killAll();
    await this.#admin?.close();
    await this.#server.close("the instance has ended");
    clearStore(engine.store); // R2
    await engine.close();
  }

  /** The metrics of all processes; labels that they share are Ray's (reference 3.1). */
  async #gatherMetrics(): Promise<readonly SnapshotPart[]> {
    const { engine, namespace } = this.#around;
    const NodeAddress = engine.nodes()[0]?.ip ?? "";
    const common = { NodeAddress, SessionName: namespace, Version: VERSION };
    const status = this.#controller.status();
    const snapshot = this.#metrics.snapshot({ status, subscriptions: this.#feed.subscriptions() });
    const parts = [{ snapshot, labels: { Component: "controller" } }, ...(await this.#links.metrics())];
    return parts.map(({ snapshot: own, labels }) => ({ snapshot: own, labels: { ...labels, ...common } }));
  }

  #controllerOptions(feed: ChangeFeed, versions: CodeVersions): ControllerOptions {
    const { engine, options, proxyDir } = this.#around;
    const args = [formatProgramOptions({ logging: options.logging })];
    return {
      engine: tapEngine(engine, (event) => this.#look(event)),
      replicas: this.#links.replicaLinks(({ application, spec, codeVersion }) =>
        versions.changedSince(application, spec, codeVersion),
      ),
      proxies: this.#links.proxyLinks(),
      policies: this.#policies,
      feed,
      meter: this.#metrics,
      bootstrap: () => ({ args, env: {} }),
      http: options.proxyLocation === "Disabled" ? null : options.http,
      proxyLocation: options.proxyLocation,
      logging: options.logging,
      pid: this.#around.pid,
      proxyDir,
      admin: () => this.#admin?.endpoint ?? null,
    };
  }

  #adminParts(): AdminParts {
    return {
      commands: this.#controller,
      // A relative path in a config that came over HTTP starts where the instance was started.
      deployConfig: async (document) => {
        const sent = { document, workingDir: process.cwd(), allowUnknownKeys: true };
        return (await this.#deployer.deploy(sent)).warnings;
      },
      isReady: () => this.#isUp,
      health: () => ({
        ...this.#metrics.loop.read(),
        pending: process.getActiveResourcesInfo().length,
        rssBytes: process.memoryUsage.rss(),
      }),
      info: this.#info,
      metrics: () => this.#gatherMetrics(),
      metricsPrefix: this.#around.metricsPrefix,
    };
  }

  /** @returns whether the event goes on to the controller */
  #look(event: EngineEvent): boolean {
    if (event.type === "started") {
      this.#running.add(event.id);
      this.#output.started(event.id);
    }
    if (event.type === "exited") {
      this.#running.delete(event.id);
      this.#output.exited(event.id);
      this.#server.retire(event.id, event.epoch);
    }
    return !this.#builders.observe(event) && !this.#policies.observe(event);
  }
}

function infoOf({ namespace, pid, logsDir, options }: HeadSurroundings, startTimeS: number): InstanceInfo {
  const { attached } = options;
  return { version: VERSION, namespace, pid, parentPid: process.ppid, attached, logsDir, startTimeS };
}

function replicaNames(controller: Controller): ReplicaName[] {
  return Object.values(controller.status().applications).flatMap(({ name: application, deployments }) =>
    Object.values(deployments).flatMap(({ name: deployment, replicas }) =>
      replicas.map(({ replicaId }) => ({ application, deployment, replicaId })),
    ),
  );
}

/** The head's log follows the instance's options as those of proxies do. */
function followLogging(feed: ChangeFeed, configure: (options: ResolvedLoggingOptions) => void): void {
  feed.connect(HEAD_LOG, (changes) => {
    for (const { key, version, value } of changes) {
      configure(value as ResolvedLoggingOptions);
      atTurnEnd(() => feed.acknowledge(HEAD_LOG, { [key]: version }));
    }
  });
  feed.subscribe(HEAD_LOG, [LOGGING_KEY]);
}

/** Id of the head's own log among the feed's subscribers. */
const HEAD_LOG = "head-log";

/** What processes say, as the controller takes it. */
function eventsTo(controller: Controller): ProcessEvents {
  return {
    onReplicaReport: (id, report) => controller.onReplicaReport(id, report),
    onProxyReport: (id, report) => controller.onProxyReport(id, report),
    onScalingReport: (id, { deployments }) => controller.scaling.onReport(id, deployments),
    onScalingStats: (id, { stats }) => controller.scaling.onStats(id, stats),
    onReporterLeft: (id) => controller.scaling.onLinkClosed(id),
    onLinkClosed: (role, id) =>
      role === "replica" ? controller.onReplicaLinkClosed(id) : controller.onProxyLinkClosed(id),
  };
}
