// `manta delete`: ends one application.
import { confirm } from "./confirm.ts";
import { EXIT } from "./exit-codes.ts";
import type { FlagValues } from "./flags.ts";
import { namespaceOf } from "./instance-flags.ts";
import { withHead } from "./with-head.ts";

/** @throws {ServeError} APPLICATION_NOT_FOUND */
export async function deleteApplication(name: string, flags: FlagValues): Promise<number> {
  const namespace = namespaceOf(flags);
  if (!(await confirm(`Delete application ${name} of namespace ${namespace}?`, flags))) return EXIT.failed;
  const code = await withHead(namespace, async (head) => {
    await head.delete(name);
    console.error(`deleted application ${name}`);
    return EXIT.ok;
  });
  return code ?? EXIT.failed;
}
