// Runs the builder program: dials the head, answers one `build`, ends when the head closes the link. The only program
// besides a replica that imports user code.
//   R1  It may be here before the head that started it listens; without a head it ends.
import { readEnv } from "../config/env.ts";
import { instancePaths } from "../config/paths.ts";
import { readToken } from "../config/token.ts";
import type { Clock } from "../core/clock.ts";
import { ServeError, toServeError } from "../core/errors.ts";
import type { BuilderMethods } from "../protocol/control.ts";
import type { Connection } from "../transport/connection.ts";
import { ControlLink } from "../transport/control-link.ts";
import { socketTransport } from "../transport/socket-transport.ts";
import { buildApplication } from "./build-application.ts";

/** Pause between two attempts to reach the head, and how long it may take to listen, milliseconds (R1). */
const RETRY_MS = 5;
const HEAD_LIMIT_MS = 10_000;

/** @param args id and epoch */
export async function runBuilder([id = "", epoch = "0"]: readonly string[], clock: Clock): Promise<never> {
  const { home, namespace } = readEnv();
  const paths = instancePaths(home, namespace);
  const transport = socketTransport(readToken(paths.token) ?? "", clock);
  const self = { role: "builder", id, epoch: Number(epoch) } as const;
  const dial = (): Promise<Connection> => transport.dial({ kind: "unix", path: paths.headSocket }, self);
  const link = new ControlLink(await reachHead(dial, clock), clock);
  link.onRequest(async (method, body) => {
    if (method !== "build") throw new ServeError("PROTOCOL", `a builder does not answer ${method}`);
    // Only the user's code holds the process now, so that code which waits for nothing is noticed.
    link.setKeepsAlive(false);
    try {
      return await buildApplication(body as BuilderMethods["build"]["in"], clock);
    } finally {
      link.setKeepsAlive(true);
    }
  });
  await link.closed;
  // User code may have left timers or sockets open.
  process.exit(0);
}

/** @throws {ServeError} ENGINE when no head listens, PROTOCOL when it refuses */
async function reachHead(dial: () => Promise<Connection>, clock: Clock): Promise<Connection> {
  const startMs = clock.monotonic();
  for (;;) {
    try {
      return await dial();
    } catch (reason) {
      const error = toServeError(reason);
      if (error.code !== "ENGINE" || clock.monotonic() - startMs > HEAD_LIMIT_MS) throw error;
      await clock.sleep(RETRY_MS);
    }
  }
}
