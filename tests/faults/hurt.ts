// The ways in which the fault suite hurts a process, and how each is over: the process is gone, or it goes on.
import { systemClock } from "../../src/core/clock.ts";
import { type Instance, isGone, signal } from "./instance.ts";
import type { Fault, Ledger } from "./ledger.ts";

/** One way to hurt one program. */
export interface Harm {
  readonly program: Fault["program"];
  readonly how: "SIGKILL" | "SIGSTOP" | "SIGSTOP, SIGCONT";
  /** Share among all harms. */
  readonly weight: number;
}

export const HARMS: readonly Harm[] = [
  { program: "replica", how: "SIGKILL", weight: 8 },
  { program: "replica", how: "SIGSTOP", weight: 2 },
  { program: "replica", how: "SIGSTOP, SIGCONT", weight: 3 },
  { program: "proxy", how: "SIGKILL", weight: 4 },
  { program: "proxy", how: "SIGSTOP", weight: 1 },
  { program: "proxy", how: "SIGSTOP, SIGCONT", weight: 2 },
  { program: "head", how: "SIGKILL", weight: 6 },
  { program: "head", how: "SIGSTOP", weight: 1 },
  { program: "head", how: "SIGSTOP, SIGCONT", weight: 2 },
  { program: "supervisor", how: "SIGKILL", weight: 2 },
  { program: "supervisor", how: "SIGSTOP", weight: 1 },
];

/** How long a stopped process stays so, where it is let go on. */
const STOPPED_MS = { least: 100, most: 2500 };

/** By then a process that was killed is gone, and one that is stopped has been seen and ended by somebody. */
const GONE_LIMIT_MS = 15_000;

const LOOK_MS = 5;

/** Hurts a process. Resolves when the fault is over; a supervisor is replaced by `manta start`, as an operator would. */
export async function hurt(
  { program, how }: Harm,
  pid: number,
  instance: Instance,
  ledger: Ledger,
  random: () => number,
): Promise<void> {
  const fault = ledger.fault(program, how);
  ledger.note(`${how} of ${program} ${pid}`);
  signal(pid, how === "SIGKILL" ? "SIGKILL" : "SIGSTOP");
  if (how === "SIGSTOP, SIGCONT") {
    await systemClock.sleep(STOPPED_MS.least + random() * (STOPPED_MS.most - STOPPED_MS.least));
    await goOn(program, pid, ledger);
  } else if (program === "supervisor") {
    await instance.manta("start");
    // Its place is taken, by what was started now or while it was being stopped: it ends when it wakes up.
    if (!isGone(pid)) await goOn(program, pid, ledger);
  } else {
    const limitMs = systemClock.monotonic() + GONE_LIMIT_MS;
    while (!isGone(pid) && systemClock.monotonic() < limitMs) await systemClock.sleep(LOOK_MS);
    if (!isGone(pid)) throw new Error(`${program} ${pid} still lives ${GONE_LIMIT_MS} ms after its ${how}`);
  }
  fault.endMs = ledger.now();
}

async function goOn(program: string, pid: number, ledger: Ledger): Promise<void> {
  const isBack = signal(pid, "SIGCONT");
  ledger.note(isBack ? `SIGCONT of ${program} ${pid}` : `${program} ${pid} was ended while it was stopped`);
  // It may be that it was being ended just then.
  await systemClock.sleep(500);
}
