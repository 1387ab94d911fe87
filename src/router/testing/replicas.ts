// A caller and the replicas of one deployment in memory: the replicas do what a test tells them, and nothing else.
import { ManualClock } from "../../core/clock.ts";
import { ServeError } from "../../core/errors.ts";
import { createLogger, type LogRecord } from "../../core/logger.ts";
import { seededRandom } from "../../core/random.ts";
import type { CallEnvelope, OutgoingCall } from "../../model/call.ts";
import type { DeploymentTargets, ReplicaTarget } from "../../protocol/control.ts";
import { writeError } from "../../protocol/error-wire.ts";
import { FRAME } from "../../protocol/frame.ts";
import { readCall, REJECT_REASON, writeOngoing, writeReject, writeValueHead } from "../../protocol/messages.ts";
import type { Connection } from "../../transport/connection.ts";
import { MemoryTransport } from "../../transport/memory-transport.ts";
import { CallClient } from "../call-client.ts";
import type { RouterSurroundings } from "../deployment-router.ts";
import { envelopeOf } from "./call-envelope.ts";

const TARGET = { application: "app", deployment: "Model" };

/** A replica that holds what it gets until the test ends it. */
export class FakeReplica {
  readonly target: ReplicaTarget;
  /** Ids of the requests that it holds, in the order in which they came. */
  readonly held = new Map<string, number>();
  /** Ids of all requests that it ever got. */
  readonly got: string[] = [];
  /** The most that it held at a time. */
  most = 0;
  #connection: Connection | undefined;

  constructor(id: string, given: Partial<ReplicaTarget> = {}) {
    this.target = { id, address: { kind: "memory", name: id }, node: "here", suspect: false, ...given };
  }

  accept(connection: Connection): void {
    this.#connection = connection;
    this.held.clear();
    const receive = (type: number, callId: number, payload: Uint8Array): void => {
      const meta = type === FRAME.call ? readCall(payload, 0, payload.length)?.meta : undefined;
      if (meta === undefined) return;
      this.got.push(meta.requestId);
      this.held.set(meta.requestId, callId);
      this.most = Math.max(this.most, this.held.size);
    };
    connection.attach(receive, () => undefined);
  }

  /** Answers, with an error: its frame is the shortest. */
  end(requestId: string): void {
    const writer = this.#begin(FRAME.error, requestId);
    writeOngoing(writer, this.held.size);
    writeError(writer, new ServeError("USER_CODE", "ended"));
    this.#connection?.end();
  }

  /** Begins to stream an answer. */
  beginStream(requestId: string): void {
    const callId = this.held.get(requestId) as number;
    writeValueHead((this.#connection as Connection).begin(FRAME.head, callId), 0, undefined);
    this.#connection?.end();
  }

  reject(requestId: string): void {
    writeReject(this.#begin(FRAME.reject, requestId), 1, REJECT_REASON.full);
    this.#connection?.end();
  }

  /** FREE, for what it rejected. */
  free(): void {
    writeOngoing((this.#connection as Connection).begin(FRAME.free, 0), 0);
    this.#connection?.end();
  }

  die(): void {
    this.held.clear();
    this.#connection?.destroy("killed");
  }

  #begin(frame: number, requestId: string) {
    const callId = this.held.get(requestId) as number;
    this.held.delete(requestId);
    return (this.#connection as Connection).begin(frame, callId);
  }
}

/** A call of the test's. `code` is "" while nothing has come of it. */
export interface Started {
  readonly call: OutgoingCall;
  readonly id: string;
  readonly code: string;
}

/** What a test may change of the caller and the deployment. */
export interface CallerOptions {
  readonly targets?: Partial<DeploymentTargets>;
  readonly surroundings?: Partial<RouterSurroundings>;
}

/** A caller that is connected to the replicas. */
export async function openCaller(replicas: readonly FakeReplica[], given: CallerOptions = {}) {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const logs: LogRecord[] = [];
  for (const replica of replicas) {
    const { address, id } = replica.target;
    await transport.listen(address, { role: "replica", id, epoch: 1 }, (connection) => replica.accept(connection));
  }
  const client = new CallClient({
    clock,
    random: seededRandom(7),
    logger: createLogger((record) => logs.push(record)),
    handles: { refOf: () => undefined, revive: () => undefined },
    want: () => undefined,
    dial: (to) => transport.dial(to, { role: "driver", id: "d", epoch: 0 }),
    ...given.surroundings,
  });
  const targets: DeploymentTargets = {
    ...TARGET,
    unavailable: null,
    maxOngoingRequests: 1,
    maxQueuedRequests: -1,
    replicas: replicas.map(({ target }) => target),
    ...given.targets,
  };
  client.applyTargets(targets);
  await clock.advance(1);
  let calls = 0;
  const start = (envelope: Partial<CallEnvelope> = {}): Started => {
    const id = envelope.requestId ?? `c${++calls}`;
    const outcome = { code: "" };
    const call = client.startCall(
      { ...envelopeOf({ ...envelope, requestId: id }), args: [] },
      {
        onValue: () => void (outcome.code = "OK"),
        onStream: () => void (outcome.code = "STREAM"),
        onError: (error) => void (outcome.code = error.code),
      },
    );
    return Object.assign(outcome, { call, id });
  };
  return { clock, client, targets, start, logs, settle: () => clock.advance(0) };
}
