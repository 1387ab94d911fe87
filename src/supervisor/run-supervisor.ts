// Runs the supervisor program: what `manta start` leaves behind. Its only job is to keep a head alive; it holds no
// state, so that nothing is lost when it dies. One that follows another ends the head of that one first, for it can only
// watch its own child; its own head then adopts all that runs (K1).
import { join } from "node:path";
import { readEnv } from "../config/env.ts";
import { formatHeadOptions, HEAD_EXIT, parseHeadOptions } from "../config/head-options.ts";
import { instancePaths } from "../config/paths.ts";
import type { Clock } from "../core/clock.ts";
import { type SpawnedProgram, spawnProgram } from "../engines/local/spawn-program.ts";
import { ProgramLog } from "../telemetry/program-log.ts";
import { Supervision } from "./supervise.ts";

/** Longest wait for a head that was killed to be gone, and how often that is looked at. The kernel needs milliseconds. */
const GONE_LIMIT_MS = 1000;
const GONE_LOOK_MS = 5;

/** @param args the head's options as JSON, and the pid of a head to follow, if any */
export async function runSupervisor([optionsText = "", headPid]: readonly string[], clock: Clock): Promise<void> {
  const options = parseHeadOptions(optionsText);
  const { home, namespace } = readEnv();
  const paths = instancePaths(home, namespace);
  const log = new ProgramLog(paths.logs, { kind: "supervisor", id: String(process.pid) }, options.logging, clock);

  if (headPid !== undefined) await endHead(Number(headPid), clock);
  const start = (restarts: number): SpawnedProgram => {
    const fresh = options.fresh && restarts === 0;
    return spawnProgram({
      program: "head",
      args: [formatHeadOptions({ ...options, fresh, supervisorPid: process.pid })],
      env: { MANTA_HOME: home, MANTA_NAMESPACE: namespace },
      cwd: process.cwd(),
      outputFile: join(paths.logs, "head.out"),
      attached: false,
    });
  };

  const supervision = new Supervision(start, log.logger, clock);
  process.on("SIGTERM", () => supervision.stop("SIGTERM"));
  // A terminal's Ctrl-C never comes here: the supervisor has a session of its own.
  process.on("SIGHUP", () => undefined);
  const { orderly, reason } = await supervision.ended;
  log.logger.info("supervisor.end", { reason });
  log.close();
  if (!orderly) process.stderr.write(`${reason}\n`);
  const { code } = await supervision.head.exited;
  process.exitCode = orderly || code === HEAD_EXIT.locked ? code : HEAD_EXIT.failed;
}

/** Kills a head and waits until it has given the namespace back. */
async function endHead(pid: number, clock: Clock): Promise<void> {
  const limitMs = clock.monotonic() + GONE_LIMIT_MS;
  while (kill(pid) && clock.monotonic() < limitMs) await clock.sleep(GONE_LOOK_MS);
}

/** False when there is no such process. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}
