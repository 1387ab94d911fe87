// Runs the head program: takes the namespace, starts the head over the local engine, ends when it is told to.
//   R1  Without the lock nothing of the namespace is touched (K5).
//   R2  An attached head drains and ends when its standard input ends: its driver is gone, however that came.
//   R3  The first SIGTERM drains, the second ends everything at once (K6).
//   R4  What will be built first is on its way before the rest of the head is loaded.
import { readEnv } from "../config/env.ts";
import { HEAD_EXIT, type HeadOptions, parseHeadOptions } from "../config/head-options.ts";
import { type InstancePaths, instancePaths } from "../config/paths.ts";
import { ensureToken } from "../config/token.ts";
import type { Clock } from "../core/clock.ts";
import { toServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Random } from "../core/random.ts";
import type { Engine } from "../engine/engine.ts";
import type { BuilderMethods } from "../protocol/control.ts";
import { LocalEngine } from "../engines/local/local-engine.ts";
import { localResources } from "../engines/local/local-resources.ts";
import { SqliteStore } from "../engines/local/sqlite-store.ts";
import { MetricRegistry } from "../telemetry/metrics.ts";
import { type LogOptions, ProgramLog } from "../telemetry/program-log.ts";
import { socketTransport } from "../transport/socket-transport.ts";
import type { Transport } from "../transport/transport.ts";
import { Builders } from "./builders.ts";
import { makeFolders } from "./folders.ts";
import type { Head } from "./head.ts";
import { LOG_LIMITS, LogKeeper } from "./log-keeper.ts";
import { lockHolder, takeHeadLock } from "./lock.ts";
import { forgetRefusal, keepRefusal } from "./refusal.ts";
import { succession } from "./succession.ts";

/** @param args the head's options as JSON, then, if it is known, what will be built first (R4), as JSON */
export async function runHead(args: readonly string[], clock: Clock, random: Random): Promise<never> {
  const [optionsText = "", orderText] = args;
  const options = parseHeadOptions(optionsText);
  const env = readEnv();
  const paths = instancePaths(env.home, env.namespace);
  let log: ProgramLog | undefined;
  let builders: Builders | undefined;
  try {
    makeFolders(paths);
    const lock = takeHeadLock(paths, process.pid);
    if (lock === undefined) return exitWith(HEAD_EXIT.locked, heldBy(paths, env.namespace)); // R1
    log = new ProgramLog(paths.logs, { kind: "controller", id: String(process.pid) }, options.logging, clock);
    log.logger.info("head.start", { attached: options.attached, fresh: options.fresh, namespace: env.namespace });
    const base = openBase(options, paths, clock);
    builders = new Builders(base.engine, clock, random);
    if (orderText !== undefined) builders.prepare(JSON.parse(orderText) as BuilderMethods["build"]["in"]); // R4
    const head = await assemble({ ...base, builders }, options, paths, log, clock, random);
    await head.start();
    forgetRefusal(paths);
    obeySignals(head, options.attached, log.logger);
    const keeper = new LogKeeper(paths.logs, (program) => isRunning(program, head), LOG_LIMITS, clock);
    await head.ended;
    keeper.close();
    log.logger.info("head.ended");
    log.close();
    lock.release();
    return process.exit(HEAD_EXIT.done);
  } catch (reason) {
    const error = toServeError(reason);
    builders?.killAll();
    log?.logger.error("head.failed", { error });
    log?.close();
    keepRefusal(paths, error.message);
    return exitWith(HEAD_EXIT.failed, error.message);
  }
}

/** What processes are started with, and how they are spoken to. */
function openBase({ attached, numCpus }: HeadOptions, paths: InstancePaths, clock: Clock): Base {
  const { home, namespace, visibleGpus } = readEnv();
  const transport = socketTransport(ensureToken(paths.token), clock);
  // A driver's instance does not outlive a power cut: the next driver starts afresh.
  const store = new SqliteStore(paths.state, attached ? "kill" : "power cut");
  const places = { store, home, namespace, logsDir: paths.logs, socketsDir: paths.sockets };
  const resources = localResources(numCpus, visibleGpus);
  return { transport, engine: new LocalEngine({ ...places, resources }, clock) };
}

interface Base {
  readonly transport: Transport;
  readonly engine: Engine;
}

async function assemble(
  base: Base & { readonly builders: Builders },
  options: HeadOptions,
  paths: InstancePaths,
  log: ProgramLog,
  clock: Clock,
  random: Random,
): Promise<Head> {
  const { namespace, adminToken, sslKeyfilePassword = null, metricsPrefix, buckets } = readEnv();
  const address = { kind: "unix", path: paths.headSocket } as const;
  const places = { logsDir: paths.logs, proxyDir: paths.root, namespace, pid: process.pid };
  const supervise = succession(options, paths);
  const whole = { ...options, http: { ...options.http, sslKeyfilePassword } };
  const measured = {
    metrics: new MetricRegistry(buckets),
    configureLog: (changed: LogOptions) => log.configure(changed),
  };
  const around = { ...base, options: whole, address, ...places, adminToken, metricsPrefix, supervise, ...measured };
  const { Head } = await import("./head.ts"); // R4
  return new Head(around, log.logger, clock, random);
}

/** @param program name of its log files: ends in the id of a replica, or in the pid of any other program */
function isRunning(program: string, head: Head): boolean {
  const id = program.slice(program.lastIndexOf("_") + 1);
  if (program.startsWith("replica_")) return head.runs(id);
  try {
    return process.kill(Number(id), 0);
  } catch {
    return false;
  }
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
    head.forget();
    process.exit(HEAD_EXIT.cut);
  });
  process.on("SIGHUP", () => undefined);
  if (!attached) return;
  // A driver that does not wait for the end that it asked for has got a second signal (R3).
  const onDriverGone = (): void => (head.isEnding ? head.killAll() : drain("its driver is gone"));
  // R2: a closed pipe is told by `close` or by `error`, after `end` or without it.
  process.stdin.on("error", () => undefined).once("close", onDriverGone);
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
