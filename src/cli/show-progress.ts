// Tells a person at a terminal what comes up while something is deployed.
import { systemClock } from "../core/clock.ts";
import type { InstanceStatus } from "../model/status.ts";
import type { HeadClient } from "./head-client.ts";
import { formatProgress, processesUp, replicaIds } from "./progress.ts";

/** How often the status is looked at, milliseconds. */
const LOOK_MS = 20;

/** One line for each process that is up, on standard error, until `running` settles. @param before what ran already */
export async function showProgress(
  head: Pick<HeadClient, "status" | "info">,
  running: Promise<unknown>,
  before: InstanceStatus | undefined,
): Promise<void> {
  const seen = new Set<string>();
  const earlier = before === undefined ? new Set<string>() : replicaIds(before);
  const say = (line: string): void => console.error(line);
  const look = async (): Promise<void> => {
    for (const up of processesUp(await head.status(), earlier)) {
      if (!seen.has(up.name)) say(formatProgress(systemClock.monotonic(), up));
      seen.add(up.name);
    }
  };
  let over = false;
  const onEnd = (): void => void (over = true);
  running.then(onEnd, onEnd);
  say(formatProgress(systemClock.monotonic(), { name: "head", pid: (await head.info()).pid }));
  while (!over) {
    await look();
    await systemClock.sleep(LOOK_MS);
  }
  await look();
}
