// `manta run`: runs an application, or a config file, until Ctrl-C.
//   R1  The head is on its way before anything is loaded that is not needed to start it.
//   R2  What this command started, or deployed into an instance that ran already, ends with it: on Ctrl-C, and when the
//       deploy fails. An application that it replaced stays as it was (D6).
//   R3  The first Ctrl-C drains and ends with 0; the second ends at once (K6).
//   R4  What replicas print is printed on standard error: all of an instance that was started here, else of what was
//       deployed here.
//   R5  With `--reload` a failed deploy ends nothing: the next save is deployed.
import { systemClock } from "../core/clock.ts";
import { toServeError } from "../core/errors.ts";
import type { InstanceStatus } from "../model/status.ts";
import { type Instance, joinOrStart } from "../serve/instance.ts";
import { joinWarning } from "../serve/join-warning.ts";
import { OutputPrinter } from "../serve/output-printer.ts";
import { onStopSignal } from "../serve/signals.ts";
import type { SupervisionEnd } from "../supervisor/supervise.ts";
import type { RunFlags } from "./actions.ts";
import { EXIT } from "./exit-codes.ts";
import { findRunnable } from "./find-runnable.ts";
import { cliAsker, clientOf, type HeadClient } from "./head-client.ts";
import { resolveFlags } from "./instance-flags.ts";
import { findTarget } from "./run-target.ts";
import type { Runnable } from "./runnable.ts";
import { showProgress } from "./show-progress.ts";
import { urlOf } from "./url-of.ts";
import { warn } from "./warn.ts";

/** How often a joined instance is looked at, and how long it may be away. */
const WATCH_MS = 1000;
const AWAY_LIMIT_MS = 10_000;

/** @throws {ServeError} DEPLOY_FAILED, CONFIG_INVALID and whatever keeps the instance from starting */
export async function run(target: string | undefined, args: readonly string[], flags: RunFlags): Promise<number> {
  const runnable = await findRunnable(findTarget(target, process.cwd()), args, flags);
  const { given, resolved } = resolveFlags(flags, runnable.instance);
  const stop = Promise.withResolvers<"stopped">();
  onStopSignal(() => stop.resolve("stopped"), false, systemClock);
  const output = new OutputPrinter((line) => console.error(line));
  const starting = joinOrStart(resolved, { ...cliAsker, onLink: (link) => output.install(link) }, runnable.first);
  starting.catch(() => undefined); // told below
  const reloading = flags.reload === true ? new (await import("./reload.ts")).Reloading(runnable) : undefined;
  const instance = await Promise.race([starting, stop.promise]);
  // The head that is starting ends with this process, which would otherwise go on waiting for it.
  if (instance === "stopped") process.exit(EXIT.ok);

  let applications = runnable.names;
  output.follow(instance.head, (one) => instance.attached !== undefined || applications.includes(one)); // R4
  const head = clientOf(instance);
  const before = instance.attached === undefined ? await head.status() : undefined;
  const warning = before === undefined ? undefined : joinWarning(given, instance.namespace, before);
  if (warning !== undefined) warn(warning);
  let isAnnounced = true;
  const deploying = deploy(head, runnable, flags, before);
  try {
    const deployed = await Promise.race([deploying, stop.promise]);
    if (deployed !== "stopped") applications = deployed;
    else if (before !== undefined) applications = await deployedSince(before, applications, head);
  } catch (error) {
    if (!canBeMended(error, flags)) {
      // That nothing is left to end would hide why.
      await end(instance, head, failedApplications(error, runnable.names), before).catch(() => undefined);
      throw error;
    }
    console.error(`error: ${toServeError(error).message}\nwaiting for a save`);
    isAnnounced = false;
    applications = runnable.names.filter((name) => before?.applications[name] === undefined);
  }
  const reloads = {
    accepted: (names: readonly string[]) => void (applications = names),
    async serving(names: readonly string[]) {
      if (!isAnnounced) await announce(head, names, flags);
      isAnnounced = true;
    },
  };
  reloading?.begin(head, reloads);
  const outcome = await Promise.race([stop.promise, ended(instance)]);
  reloading?.close();
  if (outcome === "stopped") {
    await end(instance, head, applications, undefined);
    return EXIT.ok;
  }
  console.error(`manta: ${outcome.reason}`);
  return outcome.orderly ? EXIT.ok : EXIT.failed;
}

/** With `--reload` what is wrong with the application may be right after the next save (R5). */
function canBeMended(error: unknown, { reload }: RunFlags): boolean {
  const { code } = toServeError(error);
  return reload === true && (code === "DEPLOY_FAILED" || code === "CONFIG_INVALID");
}

/** Of `names`, what was deployed since `before`: what another has deployed under one of them stays (R2). */
async function deployedSince(before: InstanceStatus, names: readonly string[], head: HeadClient): Promise<string[]> {
  const { applications } = await head.status();
  return names.filter((name) => {
    const time = applications[name]?.lastDeployedTimeS;
    return time !== undefined && time !== before.applications[name]?.lastDeployedTimeS;
  });
}

/** Runs the order, shows progress, says where the applications are. @returns their names */
async function deploy(
  head: HeadClient,
  runnable: Runnable,
  flags: RunFlags,
  before: InstanceStatus | undefined,
): Promise<readonly string[]> {
  const running = Promise.all([runnable.deploy(head, flags.wait), head.ready()]);
  const isWatched = flags.json !== true && process.stderr.isTTY;
  if (isWatched) await showProgress(head, running, before);
  const [names] = await running;
  await announce(head, names, flags);
  return names;
}

async function announce(head: HeadClient, names: readonly string[], flags: RunFlags): Promise<void> {
  const [status, { pid }] = await Promise.all([head.status(), head.info()]);
  const places = names.map((name) => ({ name, url: urlOf(status, name) }));
  const [first] = places;
  if (flags.json === true) {
    const { namespace } = head;
    console.log(
      JSON.stringify({
        url: first?.url ?? null,
        name: first?.name,
        namespace,
        admin: status.admin?.url ?? null,
        pid,
        applications: places,
      }),
    );
    return;
  }
  for (const { name, url } of places)
    console.log(url === null ? `${name} runs, without a route` : `${name} runs at ${url}`);
  if (first !== undefined && first.url !== null) console.log(`curl ${first.url}`);
  console.error("Ctrl-C ends it.");
}

/** Ends what this command brought (R2). @param before what ran already; its applications are spared */
async function end(
  instance: Instance,
  head: HeadClient,
  names: readonly string[],
  before: InstanceStatus | undefined,
): Promise<void> {
  if (instance.attached !== undefined) {
    instance.attached.release();
    await head.shutdown();
    await instance.attached.ended;
    return;
  }
  for (const name of names.filter((one) => before?.applications[one] === undefined)) {
    await head.delete(name).catch((error: unknown) => {
      if (toServeError(error).code !== "APPLICATION_NOT_FOUND") throw error;
    });
  }
  head.close();
}

function failedApplications(error: unknown, names: readonly string[]): readonly string[] {
  const { application } = toServeError(error).details;
  return typeof application === "string" ? [application] : names;
}

/** How the instance ended; while it has not, this keeps the process alive. */
async function ended({ attached, head, namespace }: Instance): Promise<SupervisionEnd> {
  if (attached !== undefined) return attached.ended;
  do await systemClock.sleep(WATCH_MS);
  while (await head.isAlive(AWAY_LIMIT_MS));
  return { orderly: true, reason: `the instance of namespace ${namespace} has ended` };
}
