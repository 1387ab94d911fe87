import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { silentLogger } from "../core/logger.ts";
import { seededRandom } from "../core/random.ts";
import type { CallEnvelope } from "../model/call.ts";
import { type DeploymentTargets, WAS_DELETED } from "../protocol/control.ts";
import { readCall, REJECT_REASON, writeOngoing, writeReject } from "../protocol/messages.ts";
import { FRAME } from "../protocol/frame.ts";
import type { Connection } from "../transport/connection.ts";
import { MemoryTransport } from "../transport/memory-transport.ts";
import { CallClient } from "./call-client.ts";
import { envelopeOf } from "./testing/call-envelope.ts";

const TARGET = { application: "app", deployment: "Model" };

/** A caller, and a replica that only notes the frames it gets. */
async function caller(more: Partial<DeploymentTargets> = {}) {
  const clock = new ManualClock();
  const wanted: string[] = [];
  const transport = new MemoryTransport(clock);
  const address = { kind: "memory", name: "replica" } as const;
  const calls: { readonly callId: number; readonly requestId: string; readonly timeoutMs: number }[] = [];
  const other = {
    replica: { id: "r1", address, node: "local", suspect: false },
    types: [] as number[],
    keepsAlive: [] as boolean[],
    connection: undefined as Connection | undefined,
    reject(callId: number, reason: number) {
      const connection = this.connection as Connection;
      writeReject(connection.begin(FRAME.reject, callId), 0, reason);
      connection.end();
    },
    free() {
      const connection = this.connection as Connection;
      writeOngoing(connection.begin(FRAME.free, 0), 0);
      connection.end();
    },
  };
  await transport.listen(address, { role: "replica", id: "r1", epoch: 1 }, (connection) => {
    other.connection = connection;
    connection.attach(
      (type, callId, payload) => {
        other.types.push(type);
        const meta = type === FRAME.call ? readCall(payload, 0, payload.length)?.meta : undefined;
        if (meta !== undefined) calls.push({ callId, requestId: meta.requestId, timeoutMs: meta.timeoutMs });
      },
      () => undefined,
    );
  });
  const client = new CallClient({
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    handles: { refOf: () => undefined, revive: () => undefined },
    want: (key) => void wanted.push(key),
    unwant: (key) => void wanted.splice(wanted.indexOf(key), 1),
    dial: async (to) => {
      const connection = await transport.dial(to, { role: "driver", id: "d", epoch: 0 });
      connection.setKeepsAlive = (alive) => void other.keepsAlive.push(alive);
      return connection;
    },
  });
  const replicas = [other.replica];
  const targets: DeploymentTargets = {
    ...TARGET,
    unavailable: null,
    maxOngoingRequests: 1,
    maxQueuedRequests: -1,
    replicas,
    ...more,
  };
  client.applyTargets(targets);
  await clock.advance(0);
  const start = (envelope: Partial<CallEnvelope> = {}) => {
    const outcome: { code: string; details?: object } = { code: "" };
    const call = client.startCall(
      { ...envelopeOf(envelope), args: [] },
      {
        onValue: () => void (outcome.code = "OK"),
        onStream: () => void (outcome.code = "STREAM"),
        onError: ({ code, details }) => void Object.assign(outcome, { code, details }),
      },
    );
    return { call, outcome };
  };
  return { clock, client, targets, calls, other, start, wanted };
}

describe("a router", () => {
  it("ends a call that is rejected after its deployment was deleted, instead of queueing it for ever (RT5)", async () => {
    const { clock, client, targets, calls, other, start } = await caller();
    const { outcome } = start();
    await clock.advance(0);
    client.applyTargets({ ...targets, unavailable: "was deleted", replicas: [] });
    other.reject(calls[0]?.callId ?? 0, REJECT_REASON.draining);
    await clock.advance(0);
    expect(outcome.code).toBe("DEPLOYMENT_UNAVAILABLE");
    expect(clock.pending).toBe(0);
  });

  it.each([
    [undefined, { statusCode: 503, retryAfterS: 1 }],
    [{ statusCode: 429, retryAfterS: null } as const, { statusCode: 429, retryAfterS: 1 }],
    [{ statusCode: 429, retryAfterS: 2.5 } as const, { statusCode: 429, retryAfterS: 2.5 }],
  ])("with %j refuses a call that does not fit its queue as %j says (Q2)", async (backpressure, details) => {
    const { clock, start } = await caller({ maxQueuedRequests: 1, ...(backpressure && { backpressure }) });
    start(); // at the replica
    start(); // in the queue
    const { outcome } = start();
    await clock.advance(0);
    expect(outcome).toMatchObject({ code: "BACK_PRESSURE", details });
  });

  it("of a deleted deployment is let go by who will not call it, and asked for anew by who does", async () => {
    const { client, targets, wanted } = await caller();
    client.applyTargets({ ...targets, unavailable: WAS_DELETED, replicas: [] });
    client.forgetDeleted(new Set(["app#Model"]));
    expect(wanted).toEqual(["targets/app#Model"]);
    client.forgetDeleted(new Set());
    expect(wanted).toEqual([]);
    client.prepare(TARGET);
    expect(wanted).toEqual(["targets/app#Model"]);
    client.forgetDeleted(new Set());
    expect(wanted).toEqual(["targets/app#Model"]);
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

  it("sends rejected calls again by arrival, once its FREE has come, and not before (P1, Q1)", async () => {
    const { clock, calls, other, start } = await caller({ maxOngoingRequests: 3 });
    const names = ["first", "second", "third"];
    for (const requestId of names) start({ requestId });
    await clock.advance(0);
    for (const { callId } of [...calls].reverse()) other.reject(callId, REJECT_REASON.full);
    await clock.advance(0);
    start({ requestId: "fourth" });
    await clock.advance(0);
    expect(calls.map(({ requestId }) => requestId)).toEqual(names);
    other.free();
    await clock.advance(0);
    expect(calls.slice(3).map(({ requestId }) => requestId)).toEqual(names);
  });

  it("fails what a broken connection took along, dials again and sends what waited (P6, Q3)", async () => {
    const { clock, calls, other, start } = await caller();
    const sent = start({ requestId: "sent" });
    const waiting = start({ requestId: "waiting" });
    await clock.advance(0);
    other.connection?.destroy("killed");
    await clock.advance(0);
    expect([sent.outcome.code, waiting.outcome.code]).toEqual(["REPLICA_GONE", ""]);
    await clock.advance(20);
    expect(calls.map(({ requestId }) => requestId)).toEqual(["sent", "waiting"]);
  });

  it("dials a replica that is published again at once, where it is now", async () => {
    const { clock, other, client, targets } = await caller();
    other.connection?.destroy("killed");
    await clock.advance(0);
    expect(other.connection?.isOpen).toBe(false);
    client.applyTargets(targets);
    await clock.advance(0);
    expect([other.connection?.isOpen, clock.pending]).toEqual([true, 0]);
  });

  it("moves calls on from a replica that drains, answers DRAINED behind them, and sends it no more (D5, Q3)", async () => {
    const { clock, calls, other, start, client, targets } = await caller({ maxOngoingRequests: 2 });
    start({ requestId: "late" });
    await clock.advance(0);
    other.connection?.signal(FRAME.drain, 0);
    other.reject(calls[0]?.callId ?? 0, REJECT_REASON.draining);
    await clock.advance(0);
    start({ requestId: "later" });
    await clock.advance(0);
    expect(other.types).toEqual([FRAME.call, FRAME.drained]);
    client.applyTargets({ ...targets, replicas: targets.replicas.map((replica) => ({ ...replica, id: "r2" })) });
    await clock.advance(0);
    expect(calls.map(({ requestId }) => requestId)).toEqual(["late", "late", "later"]);
  });

  it("closes a connection that opens after its replica left, and takes the replica up again when it reappears", async () => {
    const { clock, client, targets, calls, other, start } = await caller({ replicas: [] });
    client.applyTargets({ ...targets, replicas: [other.replica] });
    client.applyTargets(targets);
    await clock.advance(0);
    expect(other.connection?.isOpen).toBe(false);
    start();
    client.applyTargets({ ...targets, replicas: [other.replica] });
    await clock.advance(0);
    expect([other.connection?.isOpen, calls.length]).toEqual([true, 1]);
  });

  it("leaves no timer and no queue behind when waiting calls are cancelled or run out of time (Q4, Q5)", async () => {
    const { clock, client, start } = await caller({ replicas: [] });
    const late = start({ deadlineMs: clock.now() + 100, timeoutS: 0.1 });
    const left = start();
    left.call.cancel("client left");
    await clock.advance(100);
    expect([late.outcome.code, left.outcome.code, clock.pending]).toEqual(["REQUEST_TIMEOUT", "REQUEST_CANCELLED", 0]);
    client.close();
  });
});
