// Runs the builder program: dials the head, answers one `build`, ends when the head closes the link. The only program
// besides a replica that imports user code.
import { readEnv } from "../config/env.ts";
import { instancePaths } from "../config/paths.ts";
import { readToken } from "../config/token.ts";
import type { Clock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import type { BuilderMethods } from "../protocol/control.ts";
import { ControlLink } from "../transport/control-link.ts";
import { socketTransport } from "../transport/socket-transport.ts";
import { buildApplication } from "./build-application.ts";

/** @param args id and epoch */
export async function runBuilder([id = "", epoch = "0"]: readonly string[], clock: Clock): Promise<never> {
  const { home, namespace } = readEnv();
  const paths = instancePaths(home, namespace);
  const transport = socketTransport(readToken(paths.token) ?? "", clock);
  const connection = await transport.dial(
    { kind: "unix", path: paths.headSocket },
    { role: "builder", id, epoch: Number(epoch) },
  );
  const link = new ControlLink(connection, clock);
  link.onRequest((method, body) => {
    if (method === "build") return buildApplication(body as BuilderMethods["build"]["in"], clock);
    throw new ServeError("PROTOCOL", `a builder does not answer ${method}`);
  });
  await link.closed;
  // User code may have left timers or sockets open.
  process.exit(0);
}
