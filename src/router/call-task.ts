// One call at its caller, from the queue to its last frame: the life that value calls and HTTP calls share.
//   waiting -> sent -> answering -> done, or back from sent to waiting on REJECT (Q3)
//   R1  The owner hears of the end exactly once, never from inside the call that started it.
//   R2  Whoever notices a deadline first, here or at the replica, it is told with this caller's own limit.
//   R3  A call that ended early (cancelled, deadline) stays at its replica until the replica's last frame: it holds its slot (Q5).
import type { Priority } from "../config/priorities.ts";
import { isPast, type Cancel, type Clock } from "../core/clock.ts";
import { RequestCancelledError, RequestTimeoutError, type ServeError } from "../core/errors.ts";
import type { CallEnvelope, CancelReason, OutgoingCall } from "../model/call.ts";
import type { Connection } from "../transport/connection.ts";

/** Where a call waits and whose deadline clock runs: its router. */
export interface TaskRouter {
  readonly clock: Clock;
  /** Takes the call out of the queue if it waits there. */
  forget(task: CallTask): void;
}

/** Where a call is while it is at a replica: the link to it. */
export interface TaskPlace {
  cancel(task: CallTask, reason: CancelReason): void;
}

export abstract class CallTask implements OutgoingCall {
  readonly envelope: CallEnvelope;
  /** Order among the calls of this caller. */
  arrival = 0;
  /** How often it was sent to a replica that then died (Q3). */
  deaths = 0;
  /** When it began to wait for a replica, monotonic milliseconds; 0: it never waited. */
  waitsSinceMs = 0;
  /** Set while it is at a replica. */
  link: TaskPlace | undefined;
  callId = 0;
  /** Streams of the answer that have not ended. */
  openStreams = 0;
  /** The answer began, or the call ended: it never moves any more. */
  answered = false;
  /** The owner has heard of the end. */
  ended = false;
  /** Its replica was told that nobody waits any more. */
  abandoned = false;
  #router: TaskRouter | undefined;
  #cancelTimer: Cancel | undefined;

  constructor(envelope: CallEnvelope) {
    this.envelope = envelope;
  }

  get priority(): Priority {
    return this.envelope.priority;
  }

  /** Takes the call into `router`; from here on its deadline runs. */
  enter(router: TaskRouter): void {
    this.#router = router;
    const { deadlineMs } = this.envelope;
    if (deadlineMs !== undefined) {
      this.#cancelTimer = router.clock.after(deadlineMs - router.clock.now(), () => this.#giveUp("deadline"));
    }
  }

  cancel(reason: CancelReason): void {
    this.#giveUp(reason);
  }

  /** Ends the call with an error; later ends are ignored. */
  fail(error: ServeError): void {
    if (this.ended) return;
    this.settle();
    const { requestId, timeoutS, deadlineMs } = this.envelope;
    const isOurs =
      error.code === "REQUEST_TIMEOUT" && this.#router !== undefined && isPast(this.#router.clock, deadlineMs);
    this.onFailure(isOurs ? new RequestTimeoutError({ requestId, timeoutS }) : error);
  }

  /** The owner has what it waits for, or gave up: stops the deadline. */
  settle(): void {
    this.answered = true;
    this.ended = true;
    this.#cancelTimer?.();
  }

  /** True when the call may be sent once more: it is idempotent, unanswered, and nothing of it has been used up. */
  get mayRepeat(): boolean {
    return this.envelope.idempotent && !this.answered && !this.ended && !this.abandoned;
  }

  /** Forgets the replica that died. */
  repeat(): void {
    this.link = undefined;
    this.openStreams = 0;
    this.waitsSinceMs = 0;
  }

  /** Milliseconds that are left, for the wire; 0 is no limit, so a spent deadline is 1. */
  remainingMs(): number {
    const { deadlineMs } = this.envelope;
    if (deadlineMs === undefined || this.#router === undefined) return 0;
    const leftMs = Math.ceil(deadlineMs - this.#router.clock.now());
    // Seconds that a client made up may be any number; on the wire they are a whole one.
    return Math.max(1, Math.min(leftMs, Number.MAX_SAFE_INTEGER));
  }

  /** Writes the CALL frame. */
  abstract write(connection: Connection, callId: number): void;
  /** The replica took it and waits for the rest of its body. */
  abstract onAccept(): void;
  /** RESULT. Sets `openStreams` when streams follow. */
  abstract onResult(payload: Uint8Array, bodyAt: number): void;
  /** HEAD. Sets `openStreams`. */
  abstract onHead(payload: Uint8Array, metaAt: number): void;
  abstract onChunk(stream: number, bytes: Uint8Array, flags: number): void;
  abstract onEnd(stream: number): void;
  abstract onCredit(stream: number, bytes: number): void;
  /** The call failed; called once, by `fail`. */
  protected abstract onFailure(error: ServeError): void;
  /** The replica's last frame came, or will not come: nothing that this side still sends is read. */
  onLeft(): void {}

  /** Gives up an answer that cannot be used: the replica must not go on sending it. */
  protected refuse(error: ServeError): void {
    this.link?.cancel(this, "caller cancelled");
    this.fail(error);
  }

  #giveUp(reason: CancelReason): void {
    if (this.ended) return;
    const { requestId, timeoutS } = this.envelope;
    const error =
      reason === "deadline"
        ? new RequestTimeoutError({ requestId, timeoutS })
        : new RequestCancelledError({ requestId, by: reason });
    this.link?.cancel(this, reason);
    this.#router?.forget(this);
    this.fail(error);
  }
}
