// What the end of a process means. Pure: the engine says how it came about, the system says code and signal.
import type { EngineEvent } from "../../engine/engine.ts";

/** Who ended a process: itself (or somebody outside), our SIGTERM, our SIGKILL. */
export type Ending = "itself" | "stopped" | "killed";

/** The part of `exited` that does not say which process it was. */
export type ExitFacts = Omit<Extract<EngineEvent, { type: "exited" }>, "type" | "id" | "epoch">;

/** Signals by which a process ends itself: a failed assertion in native code, a bad access, V8 out of memory. */
const OWN_FAULT = new Set(["SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGTRAP", "SIGSYS"]);

/** Reads an exit. Both null: an adopted process, whose code only its dead parent could learn. */
export function describeExit(ending: Ending, code: number | null, signal: string | null): ExitFacts {
  const how = signal !== null ? `ended by ${signal}` : code === null ? "ended, exit code unknown" : `exit code ${code}`;
  if (ending === "stopped") return { code, reason: "stopped", userFault: false, detail: how };
  if (ending === "killed") return { code, reason: "killed", userFault: false, detail: how };
  if (signal !== null) return { code, reason: "killed", userFault: OWN_FAULT.has(signal), detail: how };
  return { code, reason: "exited", userFault: code !== null && code !== 0, detail: how };
}
