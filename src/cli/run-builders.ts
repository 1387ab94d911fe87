// Builds import paths without an instance: a place of its own for a moment, in which builder processes find this process
// where they look for the head.
//   R1  User code runs in the builder only, one process for each import path.
//   R2  What it prints goes to standard error.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { instancePaths } from "../config/paths.ts";
import { ensureToken } from "../config/token.ts";
import { systemClock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { programCommand } from "../engines/local/program-command.ts";
import { makeFolders } from "../head/folders.ts";
import type { BuilderMethods, BuildResult } from "../protocol/control.ts";
import { ControlLink } from "../transport/control-link.ts";
import { socketTransport } from "../transport/socket-transport.ts";

export type BuildOrder = BuilderMethods["build"]["in"];

/** Builds the orders side by side. @throws {ServeError} what the first of them says that fails */
export async function runBuilders(orders: readonly BuildOrder[]): Promise<readonly BuildResult[]> {
  const home = mkdtempSync(join(tmpdir(), "manta-build-"));
  const namespace = "build";
  const paths = instancePaths(home, namespace);
  makeFolders(paths);
  const transport = socketTransport(ensureToken(paths.token), systemClock);
  const links = new Map<string, PromiseWithResolvers<ControlLink>>();
  const listener = await transport.listen(
    { kind: "unix", path: paths.headSocket },
    { role: "head", id: "head", epoch: 0 },
    (connection) => {
      const link = new ControlLink(connection, systemClock);
      links.get(link.peer.id)?.resolve(link);
    },
  );
  try {
    const env = { MANTA_HOME: home, MANTA_NAMESPACE: namespace };
    return await Promise.all(
      orders.map((order, index) => {
        const id = `builder-${index}`;
        const link = Promise.withResolvers<ControlLink>();
        links.set(id, link);
        return buildOne(order, id, env, link.promise);
      }),
    );
  } finally {
    await listener.close();
    rmSync(home, { recursive: true, force: true });
    rmSync(paths.sockets, { recursive: true, force: true }); // may be elsewhere, where the temporary folder is deep
  }
}

async function buildOne(
  order: BuildOrder,
  id: string,
  env: Readonly<Record<string, string>>,
  linked: Promise<ControlLink>,
): Promise<BuildResult> {
  const { file, args } = programCommand("builder", [id, "1"]);
  const child = spawn(file, args, {
    cwd: order.workingDir,
    env: { ...process.env, ...env },
    stdio: ["ignore", process.stderr.fd, process.stderr.fd], // R2
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new ServeError("DEPLOY_FAILED", `building ${order.importPath} failed: its process ended with ${code}`);
  });
  ended.catch(() => undefined);
  try {
    const link = await Promise.race([linked, ended]);
    return await Promise.race([link.request<BuilderMethods, "build">("build", order), ended]);
  } finally {
    child.kill();
  }
}
