// `manta-serve/testing`: an application in one process, time by hand, the suite for engines.
export { ManualClock, type Clock } from "../core/clock.ts";
export { engineConformance, type ConformanceHost, type ConformanceTools } from "./engine-conformance.ts";
export { runInMemory, type InMemoryInstance, type RunInMemoryOptions } from "./run-in-memory.ts";
