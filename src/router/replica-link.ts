// One replica as its caller sees it: the connection, the calls that are there, and what is known of its load.
//   R1  It gets at most `maxOngoingRequests` un-rejected calls of this caller (architecture section 3.2).
//   R2  After REJECT it is full for this caller until its FREE (Q1, P1).
//   R3  A connection that breaks fails every call that was sent and not rejected (P6, Q3).
//   R4  It keeps the process alive for calls that somebody waits for, not for cancelled ones that still hold their slot.
import { ReplicaGoneError } from "../core/errors.ts";
import type { CancelReason } from "../model/call.ts";
import type { RoutedReplica } from "../model/request-router.ts";
import type { ReplicaTarget } from "../protocol/control.ts";
import { readError } from "../protocol/error-wire.ts";
import { FRAME } from "../protocol/frame.ts";
import {
  CHUNK_HEADER_BYTES,
  readChunkHeader,
  readCredit,
  readEnd,
  readOngoing,
  readReject,
  readResultHeader,
  REJECT_REASON,
  writeCancel,
  CANCEL_REASON,
} from "../protocol/messages.ts";
import { CallTable } from "../transport/call-table.ts";
import type { Connection } from "../transport/connection.ts";
import type { CallTask, TaskPlace } from "./call-task.ts";

const NO_STATS = {};
/** Models that a replica was sent calls for and has not told of. Chosen: more than load within a report's time. */
const MAX_EXPECTED_MODELS = 256;

/** What a link tells its router. */
export interface LinkOwner {
  readonly application: string;
  readonly deployment: string;
  readonly maxOngoingRequests: number;
  /** `task` was rejected and looks for another place. */
  rejected(task: CallTask): void;
  /** The replica of `task` died; true: it runs again elsewhere, because it may (Q3). */
  retries(task: CallTask): boolean;
  /** A call is over at this replica: answered, failed, refused there, or lost with it. */
  completed(link: ReplicaLink, task: CallTask): void;
  /** `link` may have a slot: a call ended, FREE came, or it just connected. */
  slotFreed(link: ReplicaLink): void;
  /** The connection ended; the link will not be used again. */
  lost(link: ReplicaLink, reason: string): void;
}

export class ReplicaLink implements RoutedReplica, TaskPlace {
  readonly id: string;
  #target: ReplicaTarget;
  #models: Set<string>;
  readonly #owner: LinkOwner;
  #connection: Connection | undefined;
  readonly #calls = new CallTable<CallTask>();
  /** Calls there that somebody waits for; they keep the process alive (R4). */
  #awaited = 0;
  #lastCallId = 0;
  /** Ongoing calls of other callers, as the last answer told. */
  #others = 0;
  #owed = false;
  #draining = false;
  #retired = false;

  constructor(target: ReplicaTarget, owner: LinkOwner) {
    this.id = target.id;
    this.#target = target;
    this.#models = new Set(target.models);
    this.#owner = owner;
  }

  get target(): ReplicaTarget {
    return this.#target;
  }

  /** What is published of it now. */
  set target(target: ReplicaTarget) {
    this.#target = target;
    this.#models = new Set(target.models);
    // These targets may have been made before the replica told of what it was just sent.
    for (const { envelope } of this.#calls.values()) {
      if (envelope.multiplexedModelId !== "") this.#expect(envelope.multiplexedModelId);
    }
  }

  get node(): string {
    return this.#target.node;
  }

  get models(): ReadonlySet<string> {
    return this.#models;
  }

  get stats(): Readonly<Record<string, unknown>> {
    return this.#target.stats ?? NO_STATS;
  }

  get free(): boolean {
    return (
      this.#connection !== undefined &&
      !this.#owed &&
      !this.#draining &&
      !this.#retired &&
      this.#calls.size < this.#owner.maxOngoingRequests
    );
  }

  get load(): number {
    return this.#calls.size + this.#others;
  }

  get suspect(): boolean {
    return this.#target.suspect;
  }

  /** Calls of this caller that are there. */
  get ongoing(): number {
    return this.#calls.size;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** The dialled connection takes over. */
  connect(connection: Connection): void {
    this.#connection = connection;
    connection.attach(
      (type, callId, payload) => this.#receive(type, callId, payload),
      (reason) => this.#disconnected(reason),
    );
    connection.setKeepsAlive(false);
    if (connection.isOpen) this.#owner.slotFreed(this);
  }

  /** Sends the call; `free` was true. */
  send(task: CallTask): void {
    const connection = this.#connection as Connection;
    const callId = this.#nextCallId();
    if (this.#awaited++ === 0) connection.setKeepsAlive(true);
    this.#calls.set(callId, task);
    task.link = this;
    task.callId = callId;
    // It will load the model: until it says so itself, further calls for it must not go elsewhere (P3).
    const { multiplexedModelId } = task.envelope;
    if (multiplexedModelId !== "") this.#expect(multiplexedModelId);
    task.write(connection, callId);
  }

  /** Tells the replica that nobody waits for `task` any more. The call keeps its slot until its last frame. */
  cancel(task: CallTask, reason: CancelReason): void {
    const connection = this.#connection;
    if (connection === undefined || task.abandoned) return;
    task.abandoned = true;
    this.#unawait();
    writeCancel(connection.begin(FRAME.cancel, task.callId), CANCEL_REASON[reason]);
    connection.end();
  }

  /** It left the targets: no new calls; the connection ends with the last call. */
  retire(): void {
    this.#retired = true;
    this.#closeWhenIdle();
  }

  /** Ends the connection; calls that are there fail. */
  close(): void {
    this.#connection?.close("CLOSED", "the caller ends");
  }

  /** Clients choose the ids, and code need not load any: what is never told of must not add up. */
  #expect(modelId: string): void {
    const told = this.#target.models ?? [];
    if (this.#models.size >= told.length + MAX_EXPECTED_MODELS) this.#models = new Set(told);
    this.#models.add(modelId);
  }

  #receive(type: number, callId: number, payload: Uint8Array): void {
    if (type === FRAME.free) return this.#freed(payload);
    if (type === FRAME.drain) return this.#drain();
    const task = this.#calls.get(callId);
    // A call that is not here any more was answered; late frames of a cancelled one mean nothing.
    if (task === undefined) return;
    switch (type) {
      case FRAME.result: {
        const header = readResultHeader(payload, 0, payload.length);
        if (header === undefined) return this.#malformed("RESULT");
        this.#learn(header.ongoing);
        task.openStreams = header.streams;
        if (!task.ended) task.onResult(payload, header.metaAt);
        if (task.openStreams === 0) this.#finish(task);
        return;
      }
      case FRAME.head: {
        const ongoing = readOngoing(payload, 0, payload.length);
        if (ongoing === undefined) return this.#malformed("HEAD");
        this.#learn(ongoing);
        task.openStreams = 1;
        if (!task.ended) task.onHead(payload, 2);
        return;
      }
      case FRAME.chunk: {
        const header = readChunkHeader(payload, 0, payload.length);
        if (header === undefined) return this.#malformed("CHUNK");
        task.onChunk(header.stream, payload.subarray(CHUNK_HEADER_BYTES), header.flags);
        return;
      }
      case FRAME.end: {
        const end = readEnd(payload, 0, payload.length);
        if (end === undefined) return this.#malformed("END");
        this.#learn(end.ongoing);
        task.openStreams--;
        task.onEnd(end.stream);
        if (task.openStreams <= 0) this.#finish(task);
        return;
      }
      case FRAME.error: {
        const ongoing = readOngoing(payload, 0, payload.length);
        if (ongoing === undefined) return this.#malformed("ERROR");
        this.#learn(ongoing);
        const error = readError(payload, 2, payload.length);
        this.#finish(task);
        task.fail(error);
        return;
      }
      case FRAME.reject:
        return this.#rejected(task, payload);
      case FRAME.accept:
        return task.onAccept();
      case FRAME.credit: {
        const credit = readCredit(payload, 0, payload.length);
        if (credit === undefined) return this.#malformed("CREDIT");
        return task.onCredit(credit.stream, credit.bytes);
      }
      default:
        return;
    }
  }

  #rejected(task: CallTask, payload: Uint8Array): void {
    const reject = readReject(payload, 0, payload.length);
    if (reject === undefined) return this.#malformed("REJECT");
    this.#remove(task);
    if (reject.reason === REJECT_REASON.draining) this.#draining = true;
    else this.#owed = true;
    this.#learn(reject.ongoing);
    this.#owner.completed(this, task);
    if (!task.ended) this.#owner.rejected(task);
    this.#closeWhenIdle();
  }

  #freed(payload: Uint8Array): void {
    const ongoing = readOngoing(payload, 0, payload.length);
    if (ongoing === undefined) return this.#malformed("FREE");
    this.#owed = false;
    this.#learn(ongoing);
    this.#owner.slotFreed(this);
  }

  #drain(): void {
    this.#draining = true;
    // DRAINED follows our last CALL on the same connection, so the replica knows that no more will come.
    this.#connection?.signal(FRAME.drained, 0);
    this.#closeWhenIdle();
  }

  #finish(task: CallTask): void {
    this.#remove(task);
    this.#owner.completed(this, task);
    task.onLeft();
    this.#closeWhenIdle();
    this.#owner.slotFreed(this);
  }

  #remove(task: CallTask): void {
    this.#calls.delete(task.callId);
    task.link = undefined;
    if (!task.abandoned) this.#unawait();
  }

  #unawait(): void {
    if (--this.#awaited === 0) this.#connection?.setKeepsAlive(false);
  }

  #learn(ongoing: number): void {
    this.#others = Math.max(0, ongoing - this.#calls.size);
  }

  #closeWhenIdle(): void {
    if (this.#retired && this.#calls.size === 0) this.#connection?.close("CLOSED", "the replica left the targets");
  }

  #malformed(frame: string): void {
    this.#connection?.close("PROTOCOL", `malformed ${frame}`);
  }

  #disconnected(reason: string): void {
    this.#connection = undefined;
    const lost = this.#calls.values();
    this.#calls.clear();
    const { application, deployment } = this.#owner;
    this.#owner.lost(this, reason);
    for (const task of lost) {
      task.link = undefined;
      this.#owner.completed(this, task);
      if (!this.#owner.retries(task)) task.fail(new ReplicaGoneError({ application, deployment, replicaId: this.id }));
      task.onLeft();
    }
  }

  #nextCallId(): number {
    do this.#lastCallId = this.#lastCallId >= 0xffff_ffff ? 1 : this.#lastCallId + 1;
    while (this.#calls.get(this.#lastCallId) !== undefined);
    return this.#lastCallId;
  }
}
