// Puts the head together over a given engine and transport, and takes it apart again. The program (run-head.ts) and
// tests in one process share it; nothing is decided here.
//   R1  What an earlier head left is taken up before anybody may dial in (K1).
//   R2  The end, in order: processes, admin, links, store. The store is emptied, for nothing that it names is left.
import { type AdminServer, startAdminServer } from "../admin/server.ts";
import { formatProgramOptions, type HeadOptions } from "../config/head-options.ts";
import { ChangeFeed } from "../controller/change-feed.ts";
import { Controller } from "../controller/controller.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Random } from "../core/random.ts";
import { atTurnEnd } from "../core/tick.ts";
import { VERSION } from "../core/version.ts";
import type { Engine, EngineEvent } from "../engine/engine.ts";
import type { Address } from "../protocol/control.ts";
import type { Transport } from "../transport/transport.ts";
import { keptAdminPort, keepAdminPort, clearStore, endLeftovers } from "./kept-state.ts";
import { Builders } from "./builders.ts";
import { CodeVersions } from "./code-version.ts";
import { ControlServer, type ProcessEvents } from "./control-server.ts";
import { HeadRequests } from "./head-methods.ts";
import { ProcessLinks } from "./process-links.ts";
import { tapEngine } from "./tap-engine.ts";

/** Where a head stands and with what. */
export interface HeadSurroundings {
  readonly options: HeadOptions;
  readonly engine: Engine;
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
}

/** A head that runs. */
export interface Head {
  /** Drains and ends all processes, then the head. Again: the same. */
  shutdown(): Promise<void>;
  /** Ends all processes without grace; for a second signal. */
  killAll(): void;
  /** Resolves when the head has ended as ordered. */
  readonly ended: Promise<void>;
}

/**
 * Starts a head.
 * @throws {ServeError} ENGINE: a damaged checkpoint, an address or a chosen admin port that is taken
 */
export async function startHead(around: HeadSurroundings, logger: Logger, clock: Clock, random: Random): Promise<Head> {
  const { options, engine, transport, address } = around;
  const { store } = engine;
  if (options.fresh) await endLeftovers(engine, logger, clock);
  const ended = Promise.withResolvers<void>();
  const versions = new CodeVersions();
  const builders = new Builders(engine, clock, random);
  const feed = new ChangeFeed(logger, clock);
  const running = new Set<string>();
  const look = (event: EngineEvent): boolean => {
    if (event.type === "started") running.add(event.id);
    if (event.type === "exited") {
      running.delete(event.id);
      server.retire(event.id, event.epoch);
    }
    return !builders.observe(event);
  };
  const links = new ProcessLinks((id, suspect) => {
    logger.warn(suspect ? "process.silent" : "process.heard_again", { process: id });
    controller.onReplicaSuspect(id, suspect);
  }, clock);
  let admin: AdminServer | undefined;
  const controller = new Controller(
    {
      engine: tapEngine(engine, look),
      replicas: links.replicaLinks(({ application, spec, codeVersion }) => versions.changedSince(application, spec, codeVersion)),
      proxies: links.proxyLinks(),
      feed,
      bootstrap: () => ({ args: [formatProgramOptions({ logging: options.logging })], env: {} }),
      http: options.http,
      proxyDir: around.proxyDir,
      admin: () => admin?.endpoint ?? null,
    },
    logger,
    clock,
    random,
  );
  let ending: Promise<void> | undefined;
  const shutdown = (): Promise<void> => {
    ending ??= controller.shutdown().then(() => {
      // After the answer to whoever asked for it has been written.
      atTurnEnd(() => void end().then(ended.resolve, ended.reject));
    });
    return ending;
  };
  const end = async (): Promise<void> => {
    controller.stop();
    await admin?.close();
    await server.close("the instance has ended");
    clearStore(store);
    await engine.close();
  };
  const requests = new HeadRequests({
    commands: controller,
    feed,
    builders,
    versions,
    whenListening: () => controller.whenListening(),
    info: {
      version: VERSION,
      namespace: around.namespace,
      pid: around.pid,
      attached: options.attached,
      logsDir: around.logsDir,
      startTimeS: clock.now() / 1000,
    },
    shutdown,
  });
  const server = new ControlServer({ requests, events: eventsTo(controller), links, builders, feed, logger }, clock);
  admin = await startAdminServer(
    {
      ...keptAdminPort(store, options.admin),
      token: around.adminToken,
      metricsPrefix: around.metricsPrefix,
      metrics: () => links.metrics(),
    },
    logger,
  );
  keepAdminPort(store, admin.endpoint.port);
  await controller.start(); // R1
  await server.listen(transport, address, "head");
  return { shutdown, killAll: () => running.forEach((id) => engine.kill(id)), ended: ended.promise };
}

/** What processes say, as the controller takes it. Replicas and proxies have ids of their own kind. */
function eventsTo(controller: Controller): ProcessEvents {
  return {
    onReplicaReport: (id, report) => controller.onReplicaReport(id, report),
    onProxyReport: (id, report) => controller.onProxyReport(id, report),
    onLinkClosed: (role, id) => (role === "replica" ? controller.onReplicaLinkClosed(id) : controller.onProxyLinkClosed(id)),
  };
}
