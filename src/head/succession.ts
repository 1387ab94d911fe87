// Finds a detached head a new supervisor when its own has died; `manta start` asks for that.
//   R1  A head whose supervisor lives needs none; one that is stopped does nothing, and is ended first. An attached head
//       ends with its driver.
//   R2  A supervisor can only watch its own child. So the new one ends this head and starts the next, which adopts
//       everything (K1); whoever asked is answered by that one.
import { join } from "node:path";
import { formatHeadOptions, type HeadOptions } from "../config/head-options.ts";
import type { InstancePaths } from "../config/paths.ts";
import { isStopped } from "../engines/local/process-table.ts";
import { spawnProgram } from "../engines/local/spawn-program.ts";

/** How a head answers `supervise`. */
export function succession(options: HeadOptions, paths: InstancePaths): () => Promise<void> {
  let next: Promise<void> | undefined;
  return () => {
    if (options.attached) return Promise.resolve(); // R1
    if (process.ppid === options.supervisorPid) {
      if (!isStopped(process.ppid)) return Promise.resolve(); // R1
      process.kill(process.ppid, "SIGKILL");
    }
    next ??= new Promise(() => {
      spawnProgram({
        program: "supervisor",
        args: [formatHeadOptions({ ...options, fresh: false }), String(process.pid)],
        env: {},
        cwd: process.cwd(),
        outputFile: join(paths.logs, "supervisor.out"),
        attached: false,
      });
    });
    return next;
  };
}
