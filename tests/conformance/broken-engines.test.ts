// The suite proves itself: an engine with one fault fails the claims about that fault, and a sound one fails none.
import { expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { EngineEvent, ProcessSpec } from "../../src/engine/engine.ts";
import { MemoryEngine } from "../../src/engines/memory/memory-engine.ts";
import { type ConformanceHost, engineConformance } from "../../src/testing/engine-conformance.ts";
import { behave } from "./programs.ts";

class ForgetsAnExit extends MemoryEngine {
  override async *events(signal: AbortSignal): AsyncGenerator<EngineEvent, void, void> {
    for await (const event of super.events(signal)) if (event.type !== "exited" || event.id !== "a") yield event;
  }
}

class ReusesAnEpoch extends MemoryEngine {
  #restarts = 100;
  override start(spec: ProcessSpec): void {
    super.start({ ...spec, epoch: this.#restarts++ });
  }
  override async *events(signal: AbortSignal): AsyncGenerator<EngineEvent, void, void> {
    for await (const event of super.events(signal)) yield "epoch" in event ? { ...event, epoch: 1 } : event;
  }
}

class DropsAStop extends MemoryEngine {
  override stop(): void {
    // lost
  }
}

async function failedClaims(Broken: typeof MemoryEngine): Promise<readonly string[]> {
  const cases: { claim: string; run: () => Promise<void> }[] = [];
  const host = (): Promise<ConformanceHost> => {
    const engine = new Broken({ replica: behave }, systemClock);
    return Promise.resolve({ engine, ready: () => Promise.resolve(), close: () => engine.close() });
  };
  const collect = {
    describe: (_: string, define: () => void) => define(),
    it: (claim: string, run: () => Promise<void>) => void cases.push({ claim, run }),
    expect,
  };
  engineConformance(collect, "broken", host, 200);
  const verdicts = await Promise.all(
    cases.map(({ claim, run }) =>
      run().then(
        () => [],
        () => [claim],
      ),
    ),
  );
  return verdicts.flat();
}

it("passes a sound engine", async () => {
  expect(await failedClaims(MemoryEngine)).toEqual([]);
});

it("catches an engine that forgets an exit", async () => {
  expect(await failedClaims(ForgetsAnExit)).toContain("ends a process by kill, whatever it does (R3)");
});

it("catches an engine that reuses an epoch", async () => {
  expect(await failedClaims(ReusesAnEpoch)).toContain(
    "never starts an epoch again that has exited, and starts the next one (R2)",
  );
});

it("catches an engine that drops a stop", async () => {
  expect(await failedClaims(DropsAStop)).toContain("ends a process by stop, with one exit (R3)");
});
