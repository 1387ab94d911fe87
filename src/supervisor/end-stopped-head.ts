// Ends a head that is stopped (state T) and has no supervisor to do so: it holds the namespace, and answers nobody.
//   R1  As a supervisor does it: one that goes on within a second is spared.
import { readFileSync } from "node:fs";
import type { InstancePaths } from "../config/paths.ts";
import type { Clock } from "../core/clock.ts";
import { isStopped } from "../engines/local/process-table.ts";
import { STOPPED_LOOK_MS } from "./supervise.ts";

/** For a namespace that was found to be taken; does nothing where its head runs. */
export async function endStoppedHead({ lockOwner }: Pick<InstancePaths, "lockOwner">, clock: Clock): Promise<void> {
  const pid = Number(readFileSync(lockOwner, "utf8"));
  if (!isHeld(pid)) return;
  await clock.sleep(STOPPED_LOOK_MS); // R1
  if (isHeld(pid)) process.kill(pid, "SIGKILL");
}

function isHeld(pid: number): boolean {
  return Number.isSafeInteger(pid) && pid > 0 && isStopped(pid);
}
