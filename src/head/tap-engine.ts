// The engine as the controller sees it: the head looks at each event first, and keeps those about its builders.
import type { Engine, EngineEvent } from "../engine/engine.ts";

/** @param look sees each event; returns whether it goes on to the engine's consumer */
export function tapEngine(engine: Engine, look: (event: EngineEvent) => boolean): Engine {
  return {
    name: engine.name,
    store: engine.store,
    start: (spec) => engine.start(spec),
    stop: (id, graceMs) => engine.stop(id, graceMs),
    kill: (id) => engine.kill(id),
    nodes: () => engine.nodes(),
    cpuTimeMs: (id) => engine.cpuTimeMs(id),
    async *events(signal) {
      for await (const event of engine.events(signal)) if (look(event)) yield event;
    },
    adopt: (known) => engine.adopt(known),
    close: () => engine.close(),
  };
}
