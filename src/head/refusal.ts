// Why a head did not start, for those who look later: nobody reads what a supervisor's head prints.
import { rmSync, writeFileSync } from "node:fs";
import type { InstancePaths } from "../config/paths.ts";

type Place = Pick<InstancePaths, "refusal">;

/** Keeps the message for the commands that find no instance. */
export function keepRefusal({ refusal }: Place, message: string): void {
  try {
    writeFileSync(refusal, `${message.split("\n", 1)[0]}\n`, { mode: 0o600 });
  } catch {
    // Where not even that can be written, the message is on standard error.
  }
}

/** A head has started. */
export function forgetRefusal({ refusal }: Place): void {
  rmSync(refusal, { force: true });
}
