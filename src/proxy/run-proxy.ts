// Puts a proxy together in a process of its own.
//   R1  SIGTERM drains (K6); a second one ends at once.
//   R2  An error that nobody caught ends the process with one line in its log; the head starts another proxy (K3).
//   R3  A rejected promise that a user's router forgot (P5) is logged and harms nobody, as in a replica.
import { parseProgramOptions } from "../config/head-options.ts";
import { readEnv } from "../config/env.ts";
import { instancePaths } from "../config/paths.ts";
import { readToken } from "../config/token.ts";
import type { Clock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import { countLoopTasks, monitorEventLoop } from "../telemetry/event-loop-monitor.ts";
import { MetricRegistry } from "../telemetry/metrics.ts";
import { ProgramLog } from "../telemetry/program-log.ts";
import { socketTransport } from "../transport/socket-transport.ts";
import { Proxy, type ProxyOptions } from "./proxy.ts";

/** The one node of the local engine. */
const NODE = { nodeId: "local", nodeIp: "127.0.0.1" } as const;

/**
 * Runs until the proxy has drained.
 * @param args what follows the program's file on the command line: id, epoch, `ProgramOptions`
 * @param loadRouter loads a user's router (P5)
 * @throws {ServeError} ENGINE when it was not started by a head
 */
export function runProxy(
  args: readonly string[],
  loadRouter: NonNullable<ProxyOptions["loadRouter"]>,
  clock: Clock,
  random: Random,
): void {
  const [id, epoch, options] = args;
  if (id === undefined || epoch === undefined || options === undefined) {
    throw new ServeError("ENGINE", "a proxy is started by the head of an instance; run `manta run` or `manta start`");
  }
  const { home, namespace, dev, metrics: counts, buckets, logClientAddress } = readEnv();
  const paths = instancePaths(home, namespace);
  const token = readToken(paths.token);
  if (token === undefined) throw new ServeError("ENGINE", `no token in ${paths.token}; is the instance gone?`);
  const { logging } = parseProgramOptions(options);
  const log = new ProgramLog(paths.logs, { kind: "proxy", id: NODE.nodeIp }, logging, clock);
  const metrics = counts ? new MetricRegistry(buckets) : undefined;
  if (metrics !== undefined) {
    monitorEventLoop({ component: "proxy", processId: id }, metrics, countLoopTasks, clock);
  }
  const exit = (code: number): never => {
    log.close();
    process.exit(code);
  };
  const proxy = new Proxy(
    {
      self: { role: "proxy", id, epoch: Number(epoch) },
      pid: process.pid,
      node: NODE,
      transport: socketTransport(token, clock),
      head: { kind: "unix", path: paths.headSocket },
      log,
      metrics,
      logsClients: logClientAddress,
      development: dev,
      loadRouter,
      onEnded: () => exit(0),
    },
    clock,
    random,
  );
  let asked = false;
  process.on("SIGTERM", () => {
    if (asked) exit(143);
    asked = true;
    proxy.drain();
  });
  process.on("SIGINT", () => undefined);
  process.on("unhandledRejection", (reason) => log.logger.error("proxy.unhandled_rejection", { error: reason }));
  process.on("uncaughtException", (error) => {
    log.logger.error("proxy.uncaught_exception", { error });
    exit(1);
  });
  proxy.start();
}
