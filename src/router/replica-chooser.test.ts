import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { silentLogger } from "../core/logger.ts";
import { seededRandom } from "../core/random.ts";
import type { CallEnvelope } from "../model/call.ts";
import type { DeploymentTargets } from "../protocol/control.ts";
import type { CallTask } from "./call-task.ts";
import { ReplicaChooser } from "./replica-chooser.ts";
import { envelopeOf } from "./testing/call-envelope.ts";

async function setUp(router: string) {
  const clock = new ManualClock();
  const loadRouter = async () => ({ choose: () => [] });
  const surroundings = { clock, random: seededRandom(1), logger: silentLogger, loadRouter };
  const chooser = new ReplicaChooser("Model", surroundings, () => undefined);
  const targets: DeploymentTargets = {
    application: "app",
    deployment: "Model",
    unavailable: null,
    maxOngoingRequests: 1,
    maxQueuedRequests: -1,
    router: { name: router, kwargs: {} },
    replicas: [],
  };
  chooser.use(targets);
  await clock.advance(10_000);
  const nowMs = clock.monotonic();
  /** A call that waits for so long. */
  const waiting = (requestId: string, given: Partial<CallEnvelope> = {}, waitedMs = 1): CallTask =>
    ({ envelope: envelopeOf({ requestId, ...given }), waitsSinceMs: nowMs - waitedMs }) as CallTask;
  /** Ids of the calls that are asked where all say no. */
  const asked = (...tasks: readonly CallTask[]): string[] => {
    const ids: string[] = [];
    const ask = chooser.onceOfAlike(({ envelope }) => (ids.push(envelope.requestId), false));
    for (const task of tasks) expect(ask(task)).toBe(false);
    return ids;
  };
  return { waiting, asked };
}

const x = { multiplexedModelId: "x" };
const y = { multiplexedModelId: "y" };

describe("of calls that wait alike one is asked", () => {
  it("for each model; those that waited for it long enough are others (P3)", async () => {
    const { waiting, asked } = await setUp("pow2");
    const calls = [waiting("x1", x), waiting("x2", x), waiting("plain"), waiting("y1", y), waiting("x3", x)];
    expect(asked(...calls, waiting("late", x, 1000), waiting("plain2"), waiting("y2", y))).toEqual([
      "x1",
      "plain",
      "y1",
      "late",
    ]);
  });

  it("for each session, where the router goes by it (P4)", async () => {
    const calls = ["a", "a", "b", "", ""].map((sessionId, i) => [`c${i}`, { sessionId }] as const);
    const hashed = await setUp("consistent-hash");
    expect(hashed.asked(...calls.map((call) => hashed.waiting(...call)))).toEqual(["c0", "c2", "c3", "c4"]);
    const plain = await setUp("least-loaded");
    expect(plain.asked(...calls.map((call) => plain.waiting(...call)))).toEqual(["c0"]);
  });

  it("but each where the user's own router decides (P5)", async () => {
    const { waiting, asked } = await setUp("/app/router.ts:Mine");
    expect(asked(waiting("a"), waiting("b"))).toEqual(["a", "b"]);
  });
});
