// The behaviours that the engine conformance suite asks for, as a function and (run as a file) as a process.
import type { ProcessSpec } from "../../src/engine/engine.ts";
import type { MemorySignals } from "../../src/engines/memory/memory-engine.ts";

export async function behave(spec: Pick<ProcessSpec, "args">, signals: Pick<MemorySignals, "stop">): Promise<number> {
  const [what, code] = spec.args;
  if (what === "exit") return Number(code);
  await new Promise<void>((resolve) => {
    if (what === "stubborn") return;
    if (signals.stop.aborted) resolve();
    signals.stop.addEventListener("abort", () => resolve());
  });
  return 0;
}

if (import.meta.main) {
  const stop = new AbortController();
  process.on("SIGTERM", () => stop.abort());
  const alive = setInterval(() => undefined, 1000);
  process.stdout.write("ready\n");
  // argv: node, this file, id, epoch, behaviour
  const code = await behave({ args: process.argv.slice(4) }, { stop: stop.signal });
  clearInterval(alive);
  process.exitCode = code;
}
