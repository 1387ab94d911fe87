// What SIGINT and SIGTERM do to a process that owns an instance or an application (K6): the first drains, the second
// ends the process at once with 128 + the signal's number.
//   R1  One signal may come twice. A terminal or `timeout` sends it to the whole process group, and whoever started this
//       process may pass on what it gets itself, as npm does. What follows at once, under npm a little later, is an echo.
import { readEnv } from "../config/env.ts";
import type { Clock } from "../core/clock.ts";

/** How late an echo comes (R1). Chosen: both are sent at the same time; npm's passes through its event loop. */
const ECHO_MS = 10;
const NPM_ECHO_MS = 100;

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

export type StopSignal = keyof typeof SIGNALS;

/**
 * Runs `stop` at the first signal.
 * @param politely true: a signal for which the process has a handler already is left alone
 * @returns takes the handlers away again
 */
export function onStopSignal(stop: (signal: StopSignal) => void, politely: boolean, clock: Clock): () => void {
  const echoMs = readEnv().startedByNpm ? NPM_ECHO_MS : ECHO_MS;
  let stoppedMs: number | undefined;
  const removers = (Object.keys(SIGNALS) as StopSignal[]).flatMap((signal) => {
    if (politely && process.listenerCount(signal) > 0) return [];
    const handle = (): void => {
      if (stoppedMs === undefined) {
        stoppedMs = clock.monotonic();
        stop(signal);
      } else if (clock.monotonic() - stoppedMs >= echoMs) process.exit(SIGNALS[signal]);
    };
    process.on(signal, handle);
    return [() => void process.off(signal, handle)];
  });
  return () => {
    for (const remove of removers) remove();
  };
}
