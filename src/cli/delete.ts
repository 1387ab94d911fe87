// `manta delete`: ends one application.
import { confirm } from "./confirm.ts";
import { EXIT } from "./exit-codes.ts";
import type { FlagValues } from "./flags.ts";
import { findHead } from "./head-client.ts";
import { namespaceOf } from "./instance-flags.ts";
import { noInstance } from "./no-instance.ts";

/** @throws {ServeError} APPLICATION_NOT_FOUND */
export async function deleteApplication(name: string, flags: FlagValues): Promise<number> {
  const namespace = namespaceOf(flags);
  if (!(await confirm(`Delete application ${name} of namespace ${namespace}?`, flags))) return EXIT.failed;
  const head = await findHead(namespace);
  if (head === undefined) {
    console.error(noInstance(namespace));
    return EXIT.failed;
  }
  try {
    await head.delete(name);
    console.error(`deleted application ${name}`);
    return EXIT.ok;
  } finally {
    head.close();
  }
}
