// What SIGINT and SIGTERM do to a process that owns an instance or an application (K6): the first drains, the second
// ends the process at once with 128 + the signal's number.

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

export type StopSignal = keyof typeof SIGNALS;

/**
 * Runs `stop` at the first signal.
 * @param politely true: a signal for which the process has a handler already is left alone
 * @returns takes the handlers away again
 */
export function onStopSignal(stop: (signal: StopSignal) => void, politely: boolean): () => void {
  let stopping = false;
  const removers = (Object.keys(SIGNALS) as StopSignal[]).flatMap((signal) => {
    if (politely && process.listenerCount(signal) > 0) return [];
    const handle = (): void => {
      if (stopping) process.exit(SIGNALS[signal]);
      stopping = true;
      stop(signal);
    };
    process.on(signal, handle);
    return [() => void process.off(signal, handle)];
  });
  return () => {
    for (const remove of removers) remove();
  };
}
