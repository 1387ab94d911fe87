// `manta shutdown`: ends an instance. Nothing to end is no failure, as with Ray Serve.
import type { AddressFlags } from "./actions.ts";
import { confirm } from "./confirm.ts";
import { EXIT } from "./exit-codes.ts";
import { findHead } from "./head-client.ts";
import { namespaceOf } from "./instance-flags.ts";
import { RestInstance } from "./rest-instance.ts";

export async function shutdown(flags: AddressFlags): Promise<number> {
  if (flags.address !== undefined) return shutdownAt(flags.address, flags);
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

/** Through REST only what Ray Serve ends there: applications and proxies. */
async function shutdownAt(address: string, flags: AddressFlags): Promise<number> {
  const instance = new RestInstance(address);
  if (!(await confirm(`End all applications and proxies of the instance at ${address}?`, flags))) return EXIT.failed;
  await instance.shutdown();
  console.error(`Sent shutdown request; applications will be deleted asynchronously.`);
  return EXIT.ok;
}
