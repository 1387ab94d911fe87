// Leaves an instance behind that listens, or finds the one that runs.
import type { ResolvedInstance } from "../config/resolve.ts";
import { startDetached } from "../serve/instance.ts";
import { cliAsker, clientOf, findHead, type HeadClient } from "./head-client.ts";

/** An instance, and whether this call started it. */
export interface Found {
  readonly head: HeadClient;
  readonly started: boolean;
}

/** @throws {ServeError} ENGINE with the head's words when it cannot start or listen; nothing is left behind then */
export async function startInstance(options: ResolvedInstance): Promise<Found> {
  const started = await startDetached(options, cliAsker);
  const head = started === undefined ? await findHead(options.namespace) : clientOf(started);
  if (head === undefined) return startInstance(options); // it ended in between
  try {
    await head.ready();
  } catch (error) {
    if (started === undefined) head.close();
    else await head.shutdown();
    throw error;
  }
  return { head, started: started !== undefined };
}
