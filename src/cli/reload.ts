// `manta run --reload`: what is saved is deployed, and said in one line.
//   R1  A version that cannot be built, or does not come up, is said; the old one goes on serving (D6).
import { relative } from "node:path";
import { systemClock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { CodeWatch } from "./code-watch.ts";
import type { HeadClient } from "./head-client.ts";
import { type Reload, Reloader } from "./reloader.ts";
import type { Runnable } from "./runnable.ts";

/** How often the status is looked at while a version comes up, milliseconds. */
const LOOK_MS = 10;

/** Files that a line names; more are counted. */
const NAMED_FILES = 3;

/** What a reload comes to. */
export interface ReloadEvents {
  /** These applications were accepted. */
  accepted(names: readonly string[]): void;
  /** They serve. */
  serving(names: readonly string[]): Promise<void>;
}

/** Watches from its making on, so that nothing is missed that is saved while the first version comes up. */
export class Reloading {
  readonly #runnable: Runnable;
  readonly #watch: CodeWatch;
  readonly #early = new Set<string>();
  #reloader: Reloader | undefined;

  constructor(runnable: Runnable) {
    this.#runnable = runnable;
    this.#watch = new CodeWatch(
      () => runnable.madeOf(),
      (files, sinceMs) => {
        if (this.#reloader !== undefined) this.#reloader.saved(files, sinceMs);
        else for (const file of files) this.#early.add(file);
      },
      systemClock,
    );
  }

  /** The first version was deployed, or could not be: from now on saves are. */
  begin(head: HeadClient, events: ReloadEvents): void {
    this.#reloader = new Reloader((signal) => redeploy(head, this.#runnable, events, signal), report, systemClock);
    if (this.#early.size > 0) this.#reloader.saved([...this.#early], systemClock.monotonic());
  }

  close(): void {
    this.#watch.close();
    this.#reloader?.close();
  }
}

/** @throws {ServeError} why the new version does not serve */
async function redeploy(
  head: HeadClient,
  runnable: Runnable,
  events: ReloadEvents,
  signal: AbortSignal,
): Promise<void> {
  const names = await runnable.deploy(head, false);
  events.accepted(names);
  while (!signal.aborted) {
    const { applications } = await head.status();
    const states = names.map((name) => applications[name]);
    const failed = states.find((application) => application?.status === "DEPLOY_FAILED");
    if (failed !== undefined) throw new ServeError("DEPLOY_FAILED", failed.message);
    if (states.every((application) => application?.status === "RUNNING")) return events.serving(names);
    await systemClock.sleep(LOOK_MS, signal).catch(() => undefined);
  }
}

function report({ files, elapsedMs, failure }: Reload): void {
  const named = files.slice(0, NAMED_FILES).map((file) => relative(process.cwd(), file));
  const which = [...named, ...(files.length > named.length ? [`${files.length - named.length} more`] : [])].join(", ");
  const ms = Math.round(elapsedMs);
  if (failure === undefined) console.error(`reloaded in ${ms} ms: ${which}`);
  else console.error(`reload failed after ${ms} ms (${which}), the old version serves: ${failure.trimEnd()}`); // R1
}
