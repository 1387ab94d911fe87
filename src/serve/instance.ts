// Finds the instance of a namespace or starts one. Imports little: the head is on its way before the rest is loaded.
//   R1  A head that answers is joined; otherwise one is started, attached to this process (its end ends the instance).
//   R2  Of two that start at the same moment the lock chooses one (K5); the other's head exits and it joins the winner.
//   R3  A head that was just told to end still has the namespace: starting waits for it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readEnv } from "../config/env.ts";
import { formatHeadOptions, HEAD_EXIT, type HeadOptions } from "../config/head-options.ts";
import { type InstancePaths, instancePaths } from "../config/paths.ts";
import type { ResolvedInstance } from "../config/resolve.ts";
import { ensureToken, readToken } from "../config/token.ts";
import type { Clock } from "../core/clock.ts";
import { ServeError, toServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { randomId, type Random } from "../core/random.ts";
import { type SpawnedProgram, spawnProgram } from "../engines/local/spawn-program.ts";
import type { BuilderMethods, Role } from "../protocol/control.ts";
import { endStoppedHead } from "../supervisor/end-stopped-head.ts";
import { Supervision, type SupervisionEnd } from "../supervisor/supervise.ts";
import type { ControlLink } from "../transport/control-link.ts";
import type { HeadDoor, HeadLink } from "./head-link.ts";

/** Longest wait for a head to answer, R2 and R3 included. Chosen: longer than the drain of an instance by default (20 s). */
const START_LIMIT_MS = 30_000;

/** How long a head that a new supervisor starts may take to answer. Chosen: ten times what it needs. */
const SUPERVISE_LIMIT_MS = 3000;

/** How long the winner of the lock may take to answer before the lock is tried again (R3). */
const RETRY_LOCK_MS = 250;

/** What a head will be asked to build first; told at its start, it is under way before the head can be asked. */
export type FirstBuild = BuilderMethods["build"]["in"];

/** Who asks, and with what it runs. */
export interface Asker {
  readonly role: Extract<Role, "driver" | "cli">;
  /** Gets each new link to the head, to install its handlers. */
  onLink(link: ControlLink): void;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** An instance that this process is connected to. */
export interface Instance {
  readonly namespace: string;
  readonly paths: InstancePaths;
  readonly token: string;
  readonly head: HeadLink;
  /** What this process started; undefined when it joined. */
  readonly attached: Attached | undefined;
}

/** The head that this process started and keeps alive. */
export interface Attached {
  /** Resolves when the instance has ended. */
  readonly ended: Promise<SupervisionEnd>;
  /** Starts no head after this one. */
  release(): void;
}

/**
 * The running instance of a namespace; undefined when none runs.
 * @throws {ServeError} PROTOCOL when its head refuses this process
 */
export async function findInstance(namespace: string | undefined, asker: Asker): Promise<Instance | undefined> {
  const env = readEnv();
  const place = placeOf(env.home, namespace ?? env.namespace);
  if (!existsSync(place.paths.headSocket)) return undefined;
  const token = readToken(place.paths.token);
  if (token === undefined) return undefined;
  const head = await linkTo(place, token, asker);
  return (await head.tryOpen()) ? { ...place, token, head, attached: undefined } : undefined;
}

/**
 * Joins the running instance of the namespace, or starts one attached to this process (R1).
 * @param first what a head that is started should begin with
 * @throws {ServeError} ENGINE with the head's own words when it cannot start
 */
export async function joinOrStart(options: ResolvedInstance, asker: Asker, first?: FirstBuild): Promise<Instance> {
  const found = await findInstance(options.namespace, asker);
  if (found !== undefined) return found;
  const untilMs = asker.clock.monotonic() + START_LIMIT_MS;
  for (;;) {
    const instance = await startOnce(options, asker, first);
    if (instance !== undefined) return instance;
    if (asker.clock.monotonic() >= untilMs) throw noAnswer(options.namespace);
  }
}

function noAnswer(namespace: string): ServeError {
  const message = `namespace ${namespace}: its head neither answers nor ends; see manta logs controller, or end it by manta shutdown`;
  return new ServeError("ENGINE", message);
}

/** One attempt to start; undefined when another head holds the lock and does not answer yet. */
async function startOnce(
  options: ResolvedInstance,
  asker: Asker,
  build: FirstBuild | undefined,
): Promise<Instance | undefined> {
  const place = placeOf(readEnv().home, options.namespace);
  const token = ensureToken(place.paths.token);
  const supervision = new Supervision(
    (restarts) => spawnHead(place, options, restarts === 0, build),
    asker.logger,
    asker.clock,
  );
  const first = supervision.head;
  const giveUp = new AbortController();
  let connected = false;
  // A head that never answered is not started again: what it said is told to the user instead.
  void first.exited.then(() => connected || supervision.release());
  void supervision.ended.then(async () => {
    if ((await first.exited).code !== HEAD_EXIT.locked) giveUp.abort();
    else asker.clock.after(RETRY_LOCK_MS, () => giveUp.abort());
  });
  const cancelLimit = asker.clock.after(START_LIMIT_MS, () => giveUp.abort());
  const head = await linkTo(place, token, asker);
  connected = await head.open(giveUp.signal);
  cancelLimit();
  if (!connected) {
    supervision.stop("SIGTERM");
    const { reason } = await supervision.ended;
    if ((await first.exited).code === HEAD_EXIT.locked) return undefined; // R3
    throw startFailure(reason, place);
  }
  const { pid } = await head.request("info", null);
  if (pid !== supervision.head.pid) {
    supervision.release(); // R2
    return { ...place, token, head, attached: undefined };
  }
  return { ...place, token, head, attached: { ended: supervision.ended, release: () => supervision.release() } };
}

/**
 * Leaves a supervisor behind that keeps a head alive, and connects to it; for `manta start`. An instance that runs
 * already but lost its supervisor gets a new one.
 * @returns undefined when an instance runs already
 * @throws {ServeError} ENGINE with the head's own words when it cannot start
 */
export async function startDetached(options: ResolvedInstance, asker: Asker): Promise<Instance | undefined> {
  const untilMs = asker.clock.monotonic() + START_LIMIT_MS;
  for (;;) {
    const found = await findInstance(options.namespace, asker);
    if (found !== undefined) {
      const isSupervised = await isToldToSupervise(found.head);
      found.head.close("it runs already");
      if (isSupervised) return undefined;
    } else {
      const started = await startSupervisor(options, asker);
      if (started !== undefined) return started;
    }
    if (asker.clock.monotonic() >= untilMs) throw noAnswer(options.namespace);
  }
}

/** False when the head died with nobody to start it again: then the next attempt finds none, and starts one. */
async function isToldToSupervise(head: HeadLink): Promise<boolean> {
  try {
    await head.request("supervise", null, SUPERVISE_LIMIT_MS);
    return true;
  } catch (error) {
    if (toServeError(error).code !== "ENGINE") throw error;
    return false;
  }
}

/** One attempt; undefined when another start came first, whose head may not answer yet (R2, R3). */
async function startSupervisor(options: ResolvedInstance, asker: Asker): Promise<Instance | undefined> {
  const place = placeOf(readEnv().home, options.namespace);
  const token = ensureToken(place.paths.token);
  const supervisor = spawnProgram({
    program: "supervisor",
    args: [formatHeadOptions(headOptions(options, { attached: false, fresh: true }))],
    env: childEnv(place, options),
    cwd: process.cwd(),
    outputFile: join(place.paths.logs, "supervisor.out"),
    attached: false,
  });
  const head = await linkTo(place, token, asker);
  const giveUp = new AbortController();
  void supervisor.exited.then(() => giveUp.abort());
  asker.clock.after(START_LIMIT_MS, () => giveUp.abort(), true);
  if (await head.open(giveUp.signal)) {
    supervisor.setKeepsAlive(false);
    const { parentPid } = await head.request("info", null);
    if (parentPid !== supervisor.pid) {
      head.close("another start came first");
      return undefined;
    }
    return { ...place, token, head, attached: undefined };
  }
  supervisor.kill("SIGTERM");
  const { code, message } = await supervisor.exited;
  if (code === HEAD_EXIT.locked) {
    await endStoppedHead(place.paths, asker.clock);
    return undefined;
  }
  throw startFailure(message, place);
}

function startFailure(reason: string, { paths }: Place): ServeError {
  return new ServeError("ENGINE", `the head did not start: ${reason}`, { logsDir: paths.logs }, { retryable: false });
}

interface Place {
  readonly namespace: string;
  readonly paths: InstancePaths;
}

function placeOf(home: string, namespace: string): Place {
  return { namespace, paths: instancePaths(home, namespace) };
}

function spawnHead(
  place: Place,
  options: ResolvedInstance,
  fresh: boolean,
  build: FirstBuild | undefined,
): SpawnedProgram {
  const optionsText = formatHeadOptions(headOptions(options, { attached: true, fresh }));
  return spawnProgram({
    program: "head",
    args: fresh && build !== undefined ? [optionsText, JSON.stringify(build)] : [optionsText],
    env: childEnv(place, options),
    cwd: process.cwd(),
    outputFile: join(place.paths.logs, "head.out"),
    attached: true,
  });
}

function headOptions(options: ResolvedInstance, mode: Pick<HeadOptions, "attached" | "fresh">): HeadOptions {
  const { http, proxyLocation, numCpus, admin, adminPortChosen, loggingConfig } = options;
  return {
    ...mode,
    http: { ...http, sslKeyfilePassword: null },
    proxyLocation,
    numCpus,
    admin: { host: admin.host, port: admin.port, portChosen: adminPortChosen },
    logging: loggingConfig,
  };
}

function childEnv({ namespace }: Place, { admin, http }: ResolvedInstance): Record<string, string> {
  return {
    MANTA_HOME: readEnv().home,
    MANTA_NAMESPACE: namespace,
    ...(admin.token === undefined ? {} : { MANTA_ADMIN_TOKEN: admin.token }),
    ...(http.sslKeyfilePassword === null ? {} : { MANTA_SSL_KEYFILE_PASSWORD: http.sslKeyfilePassword }),
  };
}

/** Loaded here and not above, so that the head starts beside it. */
async function linkTo({ namespace, paths }: Place, token: string, asker: Asker): Promise<HeadLink> {
  const [{ HeadLink }, { socketTransport }] = await Promise.all([
    import("./head-link.ts"),
    import("../transport/socket-transport.ts"),
  ]);
  const { role, clock } = asker;
  const transport = socketTransport(token, clock);
  const identity = { role, id: `${role}-${randomId(asker.random, 6)}`, epoch: 0 };
  const door: HeadDoor = {
    name: `the head of namespace ${namespace} (logs in ${paths.logs})`,
    dial: async () => {
      // Looking costs a hundredth of what a failed attempt does, and a head that starts needs the processor itself.
      if (!existsSync(paths.headSocket)) throw new ServeError("ENGINE", "no head listens");
      return transport.dial({ kind: "unix", path: paths.headSocket }, identity);
    },
  };
  return new HeadLink(door, (link) => asker.onLink(link), clock, asker.random);
}
