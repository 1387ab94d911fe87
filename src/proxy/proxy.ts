// A proxy as a program: its HTTP server, the router behind it, its link to the head. The same code serves a process of
// its own (main.ts) and the memory engine.
//   R1  It listens when the head says so, and serves on while the head is away; after the orphan time-out it drains.
//   R2  Every change of phase is reported; a new head gets the report first, so it can adopt (K1).
//   R3  A route table is acknowledged once requests follow it: no later request reaches an older one (D7).
import type { Clock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import { deploymentKey } from "../model/ids.ts";
import {
  LOGGING_KEY,
  ROUTES_KEY,
  type Address,
  type FeedChange,
  type HttpListen,
  type ProxyMethods,
  type ProxyReport,
  type RouteTableData,
  WAS_DELETED,
} from "../protocol/control.ts";
import { CallClient } from "../router/call-client.ts";
import type { RouterSurroundings } from "../router/deployment-router.ts";
import { FeedClient } from "../router/feed-client.ts";
import { HeadLink } from "../router/head-link.ts";
import { RouterMetrics } from "../router/router-metrics.ts";
import type { MetricRegistry, MetricSnapshot } from "../telemetry/metrics.ts";
import type { ProgramLog } from "../telemetry/program-log.ts";
import type { ControlLink } from "../transport/control-link.ts";
import type { Identity, Transport } from "../transport/transport.ts";
import { RequestRecorder, type NodeLabels } from "./request-recorder.ts";
import { HttpServer } from "./server.ts";

/** What the program is given. */
export interface ProxyOptions {
  readonly self: Identity;
  readonly pid: number;
  readonly node: NodeLabels;
  readonly transport: Transport;
  readonly head: Address;
  readonly log: Pick<ProgramLog, "logger" | "access" | "configure">;
  /** Access lines name the clients' addresses. */
  readonly logsClients?: boolean;
  /** Where it counts; undefined: nothing is counted. */
  readonly metrics?: MetricRegistry | undefined;
  /** `MANTA_DEV=1`: the causes of 500s are shown to clients. */
  readonly development: boolean;
  /** Loads a user's router (P5). Left out where no user code is loaded. */
  readonly loadRouter?: NonNullable<RouterSurroundings["loadRouter"]>;
  /** The program has ended in order; nothing of it is left open. */
  onEnded(): void;
}

/** Longest wait for open requests when nobody gave another, milliseconds: the default grace of the replicas that run them. */
const DRAIN_MS = 20_000;

export class Proxy {
  readonly #options: ProxyOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #recorder: RequestRecorder;
  readonly #calls: CallClient;
  readonly #feed: FeedClient;
  readonly #head: HeadLink;
  #server: HttpServer | undefined;
  #listening: Promise<ProxyMethods["listen"]["out"]> | undefined;
  #routes: RouteTableData | undefined;
  #phase: ProxyReport["phase"] = "starting";
  #host = "";
  #port = 0;

  constructor(options: ProxyOptions, clock: Clock, random: Random) {
    const { transport, self, log, metrics } = options;
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#recorder = new RequestRecorder(metrics, options.node, (entry) => log.access(entry), options.logsClients);
    this.#feed = new FeedClient({
      routes: (table) => this.#useRoutes(table),
      logging: (changed) => log.configure(changed),
      targets: (targets) => {
        this.#calls.applyTargets(targets);
        if (targets.unavailable === WAS_DELETED) this.#forgetDeleted();
      },
    });
    this.#calls = new CallClient({
      clock,
      random,
      logger: log.logger,
      node: options.node.nodeId,
      ...(options.loadRouter && { loadRouter: options.loadRouter }),
      dial: (address) => transport.dial(address, self),
      want: (key) => this.#feed.want(key),
      unwant: (key) => this.#feed.unwant(key),
      reportScaling: (report) => this.#head.link?.notify("scaling.report", report),
      ...(metrics && { metrics: new RouterMetrics(metrics, { processId: self.id, source: "PROXY" }) }),
      // Only HTTP calls go out, and their bodies are opaque: no handle is ever met.
      handles: { refOf: () => undefined, revive: (ref) => ref },
    });
    this.#feed.want(ROUTES_KEY);
    this.#feed.want(LOGGING_KEY);
    this.#head = new HeadLink(transport, options.head, self, this.#headEvents(), clock);
  }

  /** Dials the head and waits for its orders. */
  start(): void {
    this.#head.start();
  }

  /** Refuses new requests, finishes the open ones, ends; `onEnded` follows. Later calls do nothing. */
  drain(graceMs = DRAIN_MS): void {
    if (this.#phase === "draining") return;
    this.#phase = "draining";
    this.#report();
    void this.#end(graceMs);
  }

  async #end(graceMs: number): Promise<void> {
    await this.#listening?.catch(() => undefined);
    await this.#server?.drain(graceMs);
    this.#head.close("the proxy ends");
    this.#calls.close();
    this.#options.onEnded();
  }

  #headEvents(): ConstructorParameters<typeof HeadLink>[3] {
    const { logger } = this.#options.log;
    return {
      onConnected: (link) => {
        link.notify("proxy.report", this.#state());
        this.#feed.connected(link);
      },
      onRequest: (method, body) => this.#answer(method, body),
      onNotify: (link: ControlLink, topic, body) => {
        if (topic === "feed") this.#feed.receive(link, (body as { changes: readonly FeedChange[] }).changes);
      },
      onOrphaned: () => {
        logger.warn("proxy.orphaned");
        this.drain();
      },
      onRefused: (reason) => {
        logger.warn("proxy.refused", { reason });
        this.drain();
      },
    };
  }

  #answer(method: string, body: unknown): unknown {
    switch (method as keyof ProxyMethods) {
      case "listen":
        return this.#listen(body as HttpListen);
      case "drain":
        this.drain((body as ProxyMethods["drain"]["in"]).graceMs);
        return null;
      case "metrics":
        return this.#snapshot();
      default:
        throw new ServeError("PROTOCOL", `a proxy does not answer ${method}`);
    }
  }

  /** A head that asks again, as after its restart, gets the port that is open; a failed attempt may be repeated. */
  #listen(listen: HttpListen): Promise<ProxyMethods["listen"]["out"]> {
    this.#listening ??= this.#open(listen).catch((reason: unknown) => {
      this.#listening = undefined;
      this.#server = undefined;
      throw reason;
    });
    return this.#listening;
  }

  async #open(listen: HttpListen): Promise<ProxyMethods["listen"]["out"]> {
    const { log, development } = this.#options;
    const parts = { calls: this.#calls, recorder: this.#recorder, logger: log.logger, development };
    this.#server = new HttpServer(listen, parts, this.#clock, this.#random);
    if (this.#routes !== undefined) this.#server.setRoutes(this.#routes);
    const bound = await this.#server.listen();
    this.#host = bound.host;
    this.#port = bound.port;
    if (this.#phase === "starting") this.#phase = "listening";
    log.logger.info("proxy.listening", bound);
    this.#report();
    return bound;
  }

  #useRoutes(table: RouteTableData): void {
    this.#routes = table;
    for (const { application, deployment } of table.routes) {
      if (deployment !== null) this.#calls.prepare({ application, deployment });
    }
    this.#server?.setRoutes(table);
    this.#forgetDeleted();
  }

  /** Nothing but a route leads a request to a deployment. */
  #forgetDeleted(): void {
    const routes = this.#routes?.routes ?? [];
    const kept = routes.map(({ application, deployment }) => deploymentKey(application, deployment ?? ""));
    this.#calls.forgetDeleted(new Set(kept));
  }

  #report(): void {
    this.#head.link?.notify("proxy.report", this.#state());
  }

  #state(): ProxyReport {
    return { phase: this.#phase, host: this.#host, port: this.#port, pid: this.#options.pid };
  }

  #snapshot(): MetricSnapshot {
    this.#recorder.update(new Set(this.#routes?.routes.map(({ application }) => application)));
    this.#calls.updateMetrics();
    return this.#options.metrics?.snapshot() ?? [];
  }
}
