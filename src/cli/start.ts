// `manta start`: leaves an instance behind, without applications, and says where it listens.
import { joinWarning } from "../serve/join-warning.ts";
import { startDetached } from "../serve/instance.ts";
import { EXIT } from "./exit-codes.ts";
import type { FlagValues } from "./flags.ts";
import { cliAsker, clientOf, findHead } from "./head-client.ts";
import { resolveFlags } from "./instance-flags.ts";

/** An instance that runs already is no failure. @throws {ServeError} ENGINE with the head's words when it cannot start */
export async function start(flags: FlagValues): Promise<number> {
  const { given, resolved } = resolveFlags(flags);
  const started = await startDetached(resolved, cliAsker);
  const head = started === undefined ? await findHead(resolved.namespace) : clientOf(started);
  if (head === undefined) return start(flags); // it ended in between
  try {
    await head.ready();
  } catch (error) {
    if (started !== undefined) await head.shutdown();
    throw error;
  }
  try {
    const [{ http, admin }, { pid }] = await Promise.all([head.status(), head.info()]);
    const url = http?.url ?? null;
    const warning = started === undefined ? joinWarning(given, resolved.namespace, { http, admin }) : undefined;
    if (warning !== undefined) console.error(`warning: ${warning}`);
    if (flags.json === true) {
      const namespace = head.namespace;
      console.log(JSON.stringify({ url, namespace, admin: admin?.url ?? null, pid, started: started !== undefined }));
      return EXIT.ok;
    }
    const state = started === undefined ? "an instance runs already in" : "started an instance in";
    console.log(`${state} namespace ${head.namespace}, head pid ${pid}`);
    console.log(`http   ${url}`);
    if (admin !== null) console.log(`admin  ${admin.url}`);
    console.log(`logs   ${head.logsDir}`);
    return EXIT.ok;
  } finally {
    head.close();
  }
}
