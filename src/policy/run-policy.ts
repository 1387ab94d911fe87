// Runs the policy program: dials the head that started it, answers its questions, ends when the head closes the link.
import { store } from "../api/globals.ts";
import { readEnv } from "../config/env.ts";
import { instancePaths } from "../config/paths.ts";
import { readToken } from "../config/token.ts";
import type { Clock } from "../core/clock.ts";
import { ControlLink } from "../transport/control-link.ts";
import { socketTransport } from "../transport/socket-transport.ts";
import { PolicyProgram } from "./policy-program.ts";

/** @param args id and epoch */
export async function runPolicy([id = "", epoch = "0"]: readonly string[], clock: Clock): Promise<never> {
  // The modules of policies call `deployment()` and `serve.run` as those of builders do.
  store.registry.mode = "builder";
  const { home, namespace } = readEnv();
  const paths = instancePaths(home, namespace);
  const transport = socketTransport(readToken(paths.token) ?? "", clock);
  const self = { role: "policy", id, epoch: Number(epoch) } as const;
  const link = new ControlLink(await transport.dial({ kind: "unix", path: paths.headSocket }, self), clock);
  new PolicyProgram().serve(link);
  process.on("SIGINT", () => undefined);
  await link.closed;
  // User code may have left timers or sockets open.
  process.exit(0);
}
