// Names of the log files under `logs/serve/` (reference 7.1). Pure.
import type { LogComponent } from "./log-format.ts";

/** The log file of a program: `controller_4711.log`, `proxy_127.0.0.1.log`, `replica_<app>_<deployment>_<id>.log`. */
export function logFileName(component: LogComponent): string {
  if (component.kind === "replica") {
    return sanitize(`replica_${component.application}_${component.deployment}_${component.replicaId}.log`);
  }
  if (component.kind === "builder") return sanitize(`controller_build_${component.application}_${component.pid}.log`);
  return sanitize(`${component.kind}_${component.id}.log`);
}

/** File of what a process prints, beside the log that it writes itself: the same name with `.out`. */
export function outputFileName(component: LogComponent): string {
  return logFileName(component).replace(/\.log$/, ".out");
}

/** Characters that a file name may not hold anywhere become `_`: those outside printable ASCII, and `< > : " / \ | ? *`. */
function sanitize(name: string): string {
  return name.replace(/[^\x20-\x7e]|[<>:"/\\|?*]/g, "_");
}
