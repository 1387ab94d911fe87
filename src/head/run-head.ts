// Runs the head program: takes the namespace, starts the head over the local engine, ends when it is told to.
//   R1  Without the lock nothing of the namespace is touched (K5).
//   R2  An attached head drains and ends when its standard input ends: its driver is gone, however that came.
//   R3  The first SIGTERM drains, the second ends everything at once (K6).
import { readEnv } from "../config/env.ts";
import { HEAD_EXIT, type HeadOptions, parseHeadOptions } from "../config/head-options.ts";
import { type InstancePaths, instancePaths } from "../config/paths.ts";
import { ensureToken } from "../config/token.ts";
import type { Clock } from "../core/clock.ts";
import { toServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Random } from "../core/random.ts";
import { LocalEngine } from "../engines/local/local-engine.ts";
import { SqliteStore } from "../engines/local/sqlite-store.ts";
import { openProgramLog, type ProgramLog } from "../telemetry/program-log.ts";
import { socketTransport } from "../transport/socket-transport.ts";
import { makeFolders } from "./folders.ts";
import { lockHolder, takeHeadLock } from "./lock.ts";
import { Head } from "./head.ts";
import { succession } from "./succession.ts";

/** Exit code of a process that a second SIGTERM ended: 128 + 15. */
const TERMINATED = 143;

/** @param args the head's options as JSON */
export async function runHead([optionsText = ""]: readonly string[], clock: Clock, random: Random): Promise<never> {
  const options = parseHeadOptions(optionsText);
  const env = readEnv();
  const paths = instancePaths(env.home, env.namespace);
  let log: ProgramLog | undefined;
  try {
    makeFolders(paths);
    const lock = takeHeadLock(paths, process.pid);
    if (lock === undefined) return exitWith(HEAD_EXIT.locked, heldBy(paths, env.namespace)); // R1
    log = openProgramLog(paths.logs, { kind: "controller", id: String(process.pid) }, options.logging, clock);
    const head = assemble(options, paths, log.logger, clock, random);
    await head.start();
    obeySignals(head, options.attached, log.logger);
    await head.ended;
    log.logger.info("head.ended");
    log.close();
    lock.release();
    return process.exit(HEAD_EXIT.done);
  } catch (reason) {
    const error = toServeError(reason);
    log?.logger.error("head.failed", { error });
    log?.close();
    return exitWith(HEAD_EXIT.failed, error.message);
  }
}

function assemble(options: HeadOptions, paths: InstancePaths, logger: Logger, clock: Clock, random: Random): Head {
  const { home, namespace, adminToken, metricsPrefix } = readEnv();
  const transport = socketTransport(ensureToken(paths.token), clock);
  const store = new SqliteStore(paths.state);
  const engine = new LocalEngine({ store, home, namespace, logsDir: paths.logs }, clock);
  const address = { kind: "unix", path: paths.headSocket } as const;
  const places = { logsDir: paths.logs, proxyDir: paths.root, namespace, pid: process.pid };
  logger.info("head.start", { attached: options.attached, fresh: options.fresh, namespace });
  const supervise = succession(options, paths);
  const around = { options, engine, transport, address, ...places, adminToken, metricsPrefix, supervise };
  return new Head(around, logger, clock, random);
}

function obeySignals(head: Head, attached: boolean, logger: Logger): void {
  let signals = 0;
  const drain = (reason: string): void => {
    logger.info("head.drain", { reason });
    head.shutdown().catch((error: unknown) => logger.error("head.drain_failed", { error }));
  };
  process.on("SIGTERM", () => {
    if (++signals === 1) return drain("SIGTERM");
    head.killAll(); // R3
    process.exit(TERMINATED);
  });
  process.on("SIGHUP", () => undefined);
  if (!attached) return;
  // R2: a closed pipe is told by `close` or by `error`, after `end` or without it.
  process.stdin.on("error", () => undefined).once("close", () => drain("its driver is gone"));
  process.stdin.resume();
}

function heldBy(paths: InstancePaths, namespace: string): string {
  const pid = lockHolder(paths);
  const holder = pid === undefined ? "another process" : `process ${pid}`;
  return `namespace ${namespace} is held by the head of ${holder}; join it, end it by manta shutdown, or use another --namespace`;
}

function exitWith(code: number, message: string): never {
  process.stderr.write(`${message.split("\n", 1)[0]}\n`);
  process.exit(code);
}
