// The `manta-serve/engine` door: what one needs to write an engine.
export type {
  Engine,
  EngineEvent,
  ExitReason,
  KnownProcess,
  NodeInfo,
  Placement,
  ProcessSpec,
  ProgramName,
  Resources,
} from "./engine.ts";
export { EventQueue } from "./event-queue.ts";
export type { StateStore } from "./state-store.ts";
