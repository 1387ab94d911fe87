import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { silentLogger } from "../core/logger.ts";
import { seededRandom } from "../core/random.ts";
import type { CallEnvelope } from "../model/call.ts";
import type { DeploymentTargets } from "../protocol/control.ts";
import { readCall, REJECT_REASON, writeReject } from "../protocol/messages.ts";
import { FRAME } from "../protocol/frame.ts";
import type { Connection } from "../transport/connection.ts";
import { MemoryTransport } from "../transport/memory-transport.ts";
import { CallClient } from "./call-client.ts";

const TARGET = { application: "app", deployment: "Model" };
const ENVELOPE: CallEnvelope = {
  target: TARGET,
  method: "work",
  requestId: "r",
  deadlineMs: undefined,
  timeoutS: 0,
  route: "",
  multiplexedModelId: "",
  sessionId: "",
};

/** A caller, and a replica that only notes the frames it gets. */
async function caller(more: Partial<DeploymentTargets> = {}) {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const address = { kind: "memory", name: "replica" } as const;
  const calls: { readonly callId: number; readonly timeoutMs: number }[] = [];
  const other = { types: [] as number[], keepsAlive: [] as boolean[], connection: undefined as Connection | undefined };
  await transport.listen(address, { role: "replica", id: "r1", epoch: 1 }, (connection) => {
    other.connection = connection;
    connection.attach(
      (type, callId, payload) => {
        other.types.push(type);
        if (type === FRAME.call)
          calls.push({ callId, timeoutMs: readCall(payload, 0, payload.length)?.meta.timeoutMs ?? -1 });
      },
      () => undefined,
    );
  });
  const client = new CallClient({
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    handles: { refOf: () => undefined, revive: () => undefined },
    want: () => undefined,
    dial: async (to) => {
      const connection = await transport.dial(to, { role: "driver", id: "d", epoch: 0 });
      connection.setKeepsAlive = (alive) => void other.keepsAlive.push(alive);
      return connection;
    },
  });
  const replicas = [{ id: "r1", address, node: "local", suspect: false }];
  const targets = { ...TARGET, unavailable: null, maxOngoingRequests: 1, maxQueuedRequests: -1, replicas, ...more };
  client.applyTargets(targets);
  await clock.advance(0);
  const start = (envelope: Partial<CallEnvelope> = {}) => {
    const outcome = { code: "" };
    const call = client.startCall(
      { ...ENVELOPE, ...envelope, args: [] },
      {
        onValue: () => void (outcome.code = "OK"),
        onStream: () => void (outcome.code = "STREAM"),
        onError: (error) => void (outcome.code = error.code),
      },
    );
    return { call, outcome };
  };
  return { clock, client, targets, calls, other, start };
}

describe("a router", () => {
  it("ends a call that is rejected after its deployment was deleted, instead of queueing it for ever (RT5)", async () => {
    const { clock, client, targets, calls, other, start } = await caller();
    const { outcome } = start();
    await clock.advance(0);
    client.applyTargets({ ...targets, unavailable: "was deleted", replicas: [] });
    const connection = other.connection as Connection;
    writeReject(connection.begin(FRAME.reject, calls[0]?.callId ?? 0), 0, REJECT_REASON.draining);
    connection.end();
    await clock.advance(0);
    expect(outcome.code).toBe("DEPLOYMENT_UNAVAILABLE");
    expect(clock.pending).toBe(0);
  });

  it("fails calls made after its process has left, and dials nobody any more", async () => {
    const { clock, client, targets, start } = await caller();
    client.close();
    client.applyTargets(targets);
    const known = start();
    const unknown = start({ target: { ...TARGET, deployment: "Other" } });
    await clock.advance(0);
    expect([known.outcome.code, unknown.outcome.code]).toEqual(["DEPLOYMENT_UNAVAILABLE", "DEPLOYMENT_UNAVAILABLE"]);
    expect(clock.pending).toBe(0);
  });

  it("sends a deadline of any size as whole milliseconds, so that no client can break the connection (Q4)", async () => {
    const { clock, calls, start } = await caller({ maxOngoingRequests: 5 });
    for (const timeoutS of [1e306, 1e300, 1e16, 0.0001]) start({ deadlineMs: clock.now() + timeoutS * 1000, timeoutS });
    await clock.advance(0);
    expect(calls.map(({ timeoutMs }) => timeoutMs)).toEqual([
      Number.MAX_SAFE_INTEGER,
      Number.MAX_SAFE_INTEGER,
      Number.MAX_SAFE_INTEGER,
      1,
    ]);
  });

  it("lets its process end while a cancelled call still holds its slot", async () => {
    const { clock, other, start } = await caller({ maxOngoingRequests: 2 });
    const first = start();
    const second = start();
    expect(other.keepsAlive).toEqual([false, true]);
    first.call.cancel("caller cancelled");
    first.call.cancel("caller cancelled");
    expect(other.keepsAlive).toEqual([false, true]);
    second.call.cancel("caller cancelled");
    await clock.advance(0);
    expect(other.keepsAlive).toEqual([false, true, false]);
    expect(other.types).toEqual([FRAME.call, FRAME.call, FRAME.cancel, FRAME.cancel]);
  });
});
