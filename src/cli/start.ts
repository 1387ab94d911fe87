// `manta start`: leaves an instance behind, without applications, and says where it listens.
import { joinWarning } from "../serve/join-warning.ts";
import { EXIT } from "./exit-codes.ts";
import type { FlagValues } from "./flags.ts";
import { resolveFlags } from "./instance-flags.ts";
import { startInstance } from "./start-instance.ts";
import { warn } from "./warn.ts";

/** An instance that runs already is no failure. @throws {ServeError} ENGINE with the head's words when it cannot start */
export async function start(flags: FlagValues): Promise<number> {
  const { given, resolved } = resolveFlags(flags);
  const { head, started } = await startInstance(resolved);
  try {
    const [{ http, admin }, { pid }] = await Promise.all([head.status(), head.info()]);
    const url = http?.url ?? null;
    // One that is taken over listens where it did.
    const asked = started ? { http: given.http ?? {} } : given;
    const warning = joinWarning(asked, resolved.namespace, { http, admin });
    if (warning !== undefined) warn(warning);
    if (flags.json === true) {
      const namespace = head.namespace;
      console.log(JSON.stringify({ url, namespace, admin: admin?.url ?? null, pid, started }));
      return EXIT.ok;
    }
    const state = started ? "started an instance in" : "an instance runs already in";
    console.log(`${state} namespace ${head.namespace}, head pid ${pid}`);
    if (url !== null) console.log(`http   ${url}`);
    if (admin !== null) console.log(`admin  ${admin.url}`);
    console.log(`logs   ${head.logsDir}`);
    return EXIT.ok;
  } finally {
    head.close();
  }
}
