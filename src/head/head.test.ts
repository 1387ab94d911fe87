import { expect, it } from "vitest";
import { Checkpoint } from "../controller/checkpoint.ts";
import { ControllerState } from "../controller/state.ts";
import { ManualClock } from "../core/clock.ts";
import { silentLogger } from "../core/logger.ts";
import { seededRandom } from "../core/random.ts";
import { MemoryEngine } from "../engines/memory/memory-engine.ts";
import { MemoryTransport } from "../transport/memory-transport.ts";
import { memoryHead } from "./memory-head.ts";

it("ends where a head before it was told to end and died on the way: it holds no namespace that refuses deploys (R3)", async () => {
  const clock = new ManualClock();
  const engine = new MemoryEngine({}, clock);
  const state = new ControllerState();
  state.standing = "ending";
  new Checkpoint(engine.store).save(state);
  const address = { kind: "memory", name: "head" } as const;
  const parts = { engine, transport: new MemoryTransport(clock), address };
  const head = memoryHead(parts, silentLogger, clock, seededRandom(1));
  await head.start();
  let hasEnded = false;
  void head.ended.then(() => (hasEnded = true));
  for (let turn = 0; turn < 10; turn++) await clock.advance(10);
  expect(hasEnded).toBe(true);
  expect(engine.store.keys("")).toEqual([]);
});
