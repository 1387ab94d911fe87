// The runtime of code that nothing surrounds: a plain unit test, a script before `serve.run`. A composition root of its
// own: clock and random source are the machine's, log records go to standard error, calls fail with what to do.
import { inspect } from "node:util";
import { systemClock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { createLogger, type LogRecord } from "../core/logger.ts";
import { systemRandom } from "../core/random.ts";
import type { Runtime } from "./runtime.ts";

function writeRecord({ level, event, fields }: LogRecord): void {
  const data = Object.keys(fields).length === 0 ? "" : ` ${inspect(fields, { breakLength: Infinity })}`;
  process.stderr.write(`${level.toUpperCase()} ${event}${data}\n`);
}

/** What surrounds user code when no driver, replica or memory engine does. */
export const defaultRuntime: Runtime = {
  clock: systemClock,
  random: systemRandom,
  logger: createLogger(writeRecord),
  replica: undefined,
  startCall({ target, method }, observer) {
    const message =
      `${target.deployment}.${method}: no instance runs in this process to carry the call; ` +
      "get the handle from `await serve.run(app)`, or in a test from `runInMemory(app)` of manta-serve/testing";
    queueMicrotask(() => observer.onError(new ServeError("DEPLOYMENT_UNAVAILABLE", message)));
    return { cancel: () => undefined };
  },
};
