// `manta shutdown`: ends an instance. Nothing to end is no failure, as with Ray Serve.
import { confirm } from "./confirm.ts";
import { EXIT } from "./exit-codes.ts";
import type { FlagValues } from "./flags.ts";
import { findHead } from "./head-client.ts";
import { namespaceOf } from "./instance-flags.ts";

export async function shutdown(flags: FlagValues): Promise<number> {
  const namespace = namespaceOf(flags);
  if (!(await confirm(`End the instance of namespace ${namespace} with all its applications?`, flags)))
    return EXIT.failed;
  const head = await findHead(namespace);
  if (head === undefined) {
    console.error(`no instance runs in namespace ${namespace}`);
    return EXIT.ok;
  }
  await head.shutdown();
  console.error(`the instance of namespace ${namespace} has ended`);
  return EXIT.ok;
}
