// One caller as the replica sees it: admits its calls, hands frames to the call they belong to, owes it FREE.
//   Q1  A call above the limit is rejected with the count; the caller then gets one FREE, its slot held for 50 ms.
//   D5  After DRAIN the caller answers DRAINED behind its last CALL; until then late calls are rejected as draining.
import type { Cancel } from "../core/clock.ts";
import { ReplicaGoneError } from "../core/errors.ts";
import { readError } from "../protocol/error-wire.ts";
import { FRAME } from "../protocol/frame.ts";
import {
  CHUNK_HEADER_BYTES,
  HTTP_FLAG_KEEP_RUNNING,
  readCall,
  readCancel,
  readChunkHeader,
  readCredit,
  readEnd,
  readTrailers,
  REJECT_REASON,
  writeOngoing,
  writeReject,
} from "../protocol/messages.ts";
import { CallTable } from "../transport/call-table.ts";
import type { Connection } from "../transport/connection.ts";
import type { ReplicaHost } from "./replica-host.ts";
import { RunningCall, type Outcome } from "./running-call.ts";
import type { SlotTable } from "./slots.ts";

/** How long a slot is held for a caller that was told FREE, milliseconds (Q1). */
const HOLD_MS = 50;

/** What a caller link needs of its replica. */
export interface CallerHost extends ReplicaHost {
  readonly slots: SlotTable<CallerLink>;
  /** Draining, or not ready: new calls are rejected. */
  readonly refuses: boolean;
  /** Slots came free for these callers. */
  grant(callers: readonly CallerLink[]): void;
  callEnded(call: RunningCall, outcome: Outcome): void;
  /** The caller's connection ended, or it confirmed the drain. */
  callerIdle(): void;
}

export class CallerLink {
  readonly #connection: Connection;
  readonly #host: CallerHost;
  readonly #calls = new CallTable<RunningCall>();
  #cancelHold: Cancel | undefined;
  #drained = false;

  constructor(connection: Connection, host: CallerHost) {
    this.#connection = connection;
    this.#host = host;
    connection.attach(
      (type, callId, payload) => this.#receive(type, callId, payload),
      () => this.#disconnected(),
    );
  }

  /** True when no call can come from this caller any more. */
  get drained(): boolean {
    return this.#drained || !this.#connection.isOpen;
  }

  /** Calls of this caller that run now. */
  get calls(): Iterable<RunningCall> {
    return this.#calls.values();
  }

  /** Asks the caller to send no more calls. */
  drain(): void {
    this.#connection.signal(FRAME.drain, 0);
  }

  /** A slot is held for this caller; it must come within 50 ms. */
  free(): void {
    writeOngoing(this.#connection.begin(FRAME.free, 0), this.#host.ongoing);
    this.#connection.end();
    this.#cancelHold = this.#host.clock.after(
      HOLD_MS,
      () => this.#host.grant(this.#host.slots.holdExpired(this)),
      true,
    );
  }

  close(): void {
    this.#connection.close("CLOSED", "the replica ends");
  }

  #receive(type: number, callId: number, payload: Uint8Array): void {
    switch (type) {
      case FRAME.call:
        return this.#call(callId, payload);
      case FRAME.chunk: {
        const header = readChunkHeader(payload, 0, payload.length);
        if (header === undefined) return this.#malformed("CHUNK");
        return this.#calls.get(callId)?.chunk(header.stream, payload.subarray(CHUNK_HEADER_BYTES));
      }
      case FRAME.end: {
        const end = readEnd(payload, 0, payload.length);
        const trailers = readTrailers(payload, 0, payload.length);
        if (end === undefined || trailers === undefined) return this.#malformed("END");
        return this.#calls.get(callId)?.streamEnded(end.stream, trailers);
      }
      case FRAME.error:
        return this.#calls.get(callId)?.streamFailed(readError(payload, 2, payload.length));
      case FRAME.credit: {
        const credit = readCredit(payload, 0, payload.length);
        if (credit === undefined) return this.#malformed("CREDIT");
        return this.#calls.get(callId)?.credit(credit.stream, credit.bytes);
      }
      case FRAME.cancel: {
        const reason = readCancel(payload, 0, payload.length);
        if (reason === undefined) return this.#malformed("CANCEL");
        return this.#calls.get(callId)?.cancel(reason);
      }
      case FRAME.drained:
        this.#drained = true;
        return this.#host.callerIdle();
      default:
        return;
    }
  }

  #call(callId: number, payload: Uint8Array): void {
    const call = readCall(payload, 0, payload.length);
    if (call === undefined) return this.#malformed("CALL");
    if (this.#host.refuses) return this.#reject(callId, REJECT_REASON.draining);
    if (!this.#host.slots.offer(this)) return this.#reject(callId, REJECT_REASON.full);
    this.#cancelHold?.();
    const running = new RunningCall(this.#connection, callId, call.meta, this.#host, this.#ended);
    this.#calls.set(callId, running);
    running.start(payload, call.bodyAt);
  }

  readonly #ended = (call: RunningCall, outcome: Outcome): void => {
    this.#calls.delete(call.callId);
    const granted = this.#host.slots.ended();
    if (granted.length > 0) this.#host.grant(granted);
    this.#host.callEnded(call, outcome);
  };

  #reject(callId: number, reason: number): void {
    writeReject(this.#connection.begin(FRAME.reject, callId), this.#host.ongoing, reason);
    this.#connection.end();
  }

  #malformed(frame: string): void {
    this.#connection.close("PROTOCOL", `malformed ${frame}`);
  }

  #disconnected(): void {
    this.#cancelHold?.();
    const { application, deployment } = this.#host;
    // Nobody is there to read an answer: the code is told as when a client leaves (Q5).
    for (const call of this.#calls.values()) {
      call.streamFailed(new ReplicaGoneError({ application, deployment, replicaId: this.#connection.peer.id }));
      const keepsRunning = ((call.meta.http?.flags ?? 0) & HTTP_FLAG_KEEP_RUNNING) !== 0;
      if (keepsRunning) call.runOn();
      else call.cancel("client left");
    }
    this.#host.grant(this.#host.slots.left(this));
    this.#host.callerIdle();
  }
}
