// `manta status --watch`: a table that stays up to date on a terminal, elsewhere a line for each change.
//   R1  A reader that has seen enough ends it (`manta status --watch | head`).
import { systemClock } from "../core/clock.ts";
import { EXIT } from "./exit-codes.ts";
import { onQuit, Screen } from "./screen.ts";
import { changesBetween, type StateLines } from "./status-changes.ts";

/** How often the status is looked at, milliseconds. Chosen: a person sees no delay, and the head no load. */
const LOOK_MS = 200;

/** One look: the table for a terminal, and the state of each thing for changes. */
export type Look = () => Promise<{ readonly table: string; readonly states: StateLines }>;

/** Until q, Ctrl-C or a signal. Rejects when a look does. */
export async function watchStatus(look: Look): Promise<number> {
  const stopping = new AbortController();
  const release = onQuit(() => stopping.abort());
  process.stdout.once("error", () => stopping.abort()); // R1
  try {
    if (process.stdout.isTTY) await drawTable(look, stopping.signal);
    else await printChanges(look, stopping.signal);
    return EXIT.ok;
  } finally {
    release();
  }
}

async function drawTable(look: Look, signal: AbortSignal): Promise<void> {
  const screen = new Screen(process.stdout);
  screen.enter();
  try {
    for (;;) {
      const seen = await unlessStopped(look(), signal);
      if (seen === undefined) return;
      screen.draw(`${seen.table}\n\nq ends it`);
      await pause(signal);
    }
  } finally {
    screen.leave();
  }
}

async function printChanges(look: Look, signal: AbortSignal): Promise<void> {
  let before: StateLines = new Map();
  for (;;) {
    const seen = await unlessStopped(look(), signal);
    if (seen === undefined) return;
    const time = new Date(systemClock.now()).toISOString();
    for (const change of changesBetween(before, seen.states)) process.stdout.write(`${time} ${change}\n`);
    before = seen.states;
    await pause(signal);
  }
}

/** What comes of a look; undefined once it is to end: nobody waits for a head that is away. */
async function unlessStopped<T>(looking: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const stop = (): void => resolve(undefined);
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop);
  try {
    return await Promise.race([looking, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return systemClock.sleep(LOOK_MS, signal).catch(() => undefined);
}
