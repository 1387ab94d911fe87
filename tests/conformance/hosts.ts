// The engines of this repository as hosts of the conformance suite.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/core/clock.ts";
import type { EngineEvent } from "../../src/engine/engine.ts";
import { localResources } from "../../src/engines/local/local-resources.ts";
import { LocalEngine } from "../../src/engines/local/local-engine.ts";
import { SqliteStore } from "../../src/engines/local/sqlite-store.ts";
import { MemoryEngine } from "../../src/engines/memory/memory-engine.ts";
import type { ConformanceHost } from "../../src/testing/engine-conformance.ts";
import { behave } from "./programs.ts";

export function memoryHost(): Promise<ConformanceHost> {
  const engine = new MemoryEngine({ replica: behave }, systemClock);
  return Promise.resolve({ engine, ready: () => Promise.resolve(), close: () => engine.close() });
}

/** Pids that local hosts started and that a failed test may have left. */
const started = new Set<number>();

/** A local engine that records the pids it hears of. */
class RecordedEngine extends LocalEngine {
  override async *events(signal: AbortSignal): AsyncGenerator<EngineEvent, void, void> {
    for await (const event of super.events(signal)) {
      if (event.type === "started" && event.pid !== null) started.add(event.pid);
      yield event;
    }
  }
}

export function localHost(): Promise<ConformanceHost> {
  const home = mkdtempSync(join(tmpdir(), "manta-conformance-"));
  const logsDir = join(home, "logs", "serve");
  const open = (): LocalEngine =>
    new RecordedEngine(
      {
        store: new SqliteStore(join(home, "state.db")),
        home,
        namespace: "default",
        logsDir,
        socketsDir: home,
        resources: localResources(null, ""),
        commandOf: (spec) => ({
          file: process.execPath,
          args: [
            "--disable-warning=ExperimentalWarning",
            join(import.meta.dirname, "programs.ts"),
            spec.id,
            String(spec.epoch),
            ...spec.args,
          ],
        }),
      },
      systemClock,
    );
  let engine = open();
  return Promise.resolve({
    engine,
    reopen: async () => {
      await engine.close();
      engine = open();
      return engine;
    },
    ready: async (id) => {
      while (!readFileSync(join(logsDir, `replica_${id}.out`), "utf8").includes("ready")) await systemClock.sleep(5);
    },
    close: async () => {
      await engine.close();
      for (const pid of started) killGroup(pid);
      started.clear();
      rmSync(home, { recursive: true, force: true });
    },
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended in the test, as it should.
  }
}
