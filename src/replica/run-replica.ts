// Puts a replica program together in a process of its own.
//   R1  A rejected promise that user code forgot is logged and harms nobody else; an uncaught throw ends the process.
//   R2  SIGTERM drains; a second one ends at once.
import { store } from "../api/globals.ts";
import { readEnv } from "../config/env.ts";
import { instancePaths, socketPath } from "../config/paths.ts";
import { readToken } from "../config/token.ts";
import type { Clock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { silentLogger, type Logger } from "../core/logger.ts";
import type { Random } from "../core/random.ts";
import { countLoopTasks, monitorEventLoop } from "../telemetry/event-loop-monitor.ts";
import { MetricRegistry } from "../telemetry/metrics.ts";
import { ProgramLog } from "../telemetry/program-log.ts";
import { socketTransport } from "../transport/socket-transport.ts";
import { loadCode } from "./load-code.ts";
import { ReplicaProgram } from "./replica-program.ts";

/** Runs until the replica has ended. @param args what follows the program's file on the command line */
export async function runReplica(args: readonly string[], clock: Clock, random: Random): Promise<void> {
  const [id, epoch] = args;
  if (id === undefined || epoch === undefined) {
    throw new ServeError("ENGINE", "a replica is started by the head of an instance; run `manta run` or `manta start`");
  }
  const { home, namespace, metrics: counts, buckets } = readEnv();
  const metrics = counts ? new MetricRegistry(buckets) : undefined;
  const paths = instancePaths(home, namespace);
  const token = readToken(paths.token);
  if (token === undefined) throw new ServeError("ENGINE", `no token in ${paths.token}; is the instance gone?`);
  store.registry.mode = "replica";
  let log: ProgramLog | undefined;
  const logger = (): Logger => log?.logger ?? silentLogger;
  const program = new ReplicaProgram(
    {
      self: { role: "replica", id, epoch: Number(epoch) },
      pid: process.pid,
      transport: socketTransport(token, clock),
      head: { kind: "unix", path: paths.headSocket },
      door: { kind: "unix", path: socketPath(paths.sockets, id) },
      metrics,
      node: "local", // the one node of the local engine
      loadCode,
      openLog: ({ application, spec, logging }) => {
        const owner = { application, deployment: spec.name };
        if (metrics !== undefined) {
          monitorEventLoop({ component: "replica", processId: id, ...owner }, metrics, countLoopTasks, clock);
        }
        return (log = new ProgramLog(paths.logs, { kind: "replica", ...owner, replicaId: id }, logging, clock));
      },
      onEnded: () => {
        log?.close();
        process.exit(0);
      },
      clock,
      random,
    },
    silentLogger,
  );
  let asked = false;
  process.on("SIGTERM", () => {
    if (asked) process.exit(143);
    asked = true;
    program.drain();
  });
  process.on("SIGINT", () => undefined);
  process.on("unhandledRejection", (reason) => logger().error("replica.unhandled_rejection", { error: reason }));
  process.on("uncaughtException", (error) => {
    logger().error("replica.uncaught_exception", { error });
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    log?.close();
    process.exit(1);
  });
  await program.start();
}
