// A call as both sides of a caller see it: `api/` makes requests, `router/` carries them, neither imports the other.
import type { Priority } from "../config/priorities.ts";
import type { ServeError } from "../core/errors.ts";

/** Who is called. */
export interface CallTarget {
  readonly application: string;
  readonly deployment: string;
}

/** What every call carries, whatever its payload. */
export interface CallEnvelope {
  readonly target: CallTarget;
  readonly method: string;
  readonly requestId: string;
  /** Unix milliseconds; undefined: no limit. */
  readonly deadlineMs: number | undefined;
  /** The limit the deadline came from, seconds; only for messages. 0 when unknown. */
  readonly timeoutS: number;
  /** Route prefix of the HTTP request that this call belongs to; "" outside of one. */
  readonly route: string;
  readonly multiplexedModelId: string;
  readonly sessionId: string;
  readonly priority: Priority;
  /** It may run again elsewhere when its replica dies (Q3). */
  readonly idempotent: boolean;
  /** Replicas on the caller's node go first (P2). */
  readonly preferLocal: boolean;
}

/** A call with values as arguments. */
export interface ValueCall extends CallEnvelope {
  readonly args: readonly unknown[];
  /** How long it waited for arguments that are responses, milliseconds; absent: there were none. */
  readonly argsWaitMs?: number;
}

/** Items of a streamed answer. Single use. `return` of its iterator, or `cancel`, stops the producer. */
export interface ValueStream extends AsyncIterable<unknown> {
  cancel(): void;
}

/** Gets exactly one of the three, once. Called asynchronously, never from inside `startCall`. */
export interface ValueObserver {
  /** @param bodies given when Request or Response bodies of the value still stream: resolves when they have ended */
  onValue(value: unknown, bodies?: Promise<void>): void;
  onStream(stream: ValueStream): void;
  onError(error: ServeError): void;
}

/** Why a call is ended from the caller's side. */
export type CancelReason = "caller cancelled" | "client left" | "deadline";

/** A call under way. */
export interface OutgoingCall {
  /**
   * Takes the call out of whatever queue it is in, or stops the running code; bodies of its value that still stream
   * fail. Later calls do nothing.
   */
  cancel(reason: CancelReason): void;
}

/** An HTTP request as the proxy hands it to a router. Header names and values are flat: name, value, name, value. */
export interface HttpCall extends CallEnvelope {
  readonly verb: string;
  /** Absolute URL as the application sees it. */
  readonly url: string;
  /** Emptied, as `body` is, once the answer streams: that may take long, and nothing is sent again. */
  readonly headers: string[];
  /** First part of the body, at most 64 KiB. */
  body: Uint8Array;
  /** True when more body follows by `writeBody`, ended by `endBody`. */
  readonly bodyFollows: boolean;
  /** The client asks for a WebSocket; both bodies are socket messages (protocol/socket-messages.ts). */
  readonly upgrade: boolean;
  /** `x-request-disconnect-disabled`: the request runs on when the client leaves. */
  readonly keepRunning: boolean;
  /** Who sent it: `10.0.0.1:4711`, `[::1]:4711`, or "" when that is not known (protocol/client-address.ts). */
  readonly client: string;
}

/** The answer to an HTTP call. `onError` may follow `onResponse` when the body breaks off. */
export interface HttpObserver {
  /** Status line, headers (flat) and either the whole body (`last`) or its beginning (may be empty). */
  onResponse(status: number, statusText: string, headers: readonly string[], body: Uint8Array, last: boolean): void;
  /** More body; give its length back by `consumed` once it is written on, or the producer stops. */
  onChunk(bytes: Uint8Array): void;
  onEnd(): void;
  onError(error: ServeError): void;
  /** `writeBody` may be called again. */
  onWritable(): void;
}

/** An HTTP call under way. */
export interface OutgoingHttpCall extends OutgoingCall {
  /**
   * Sends more of the request's body. The bytes are always taken; false means: hold back until `onWritable`.
   * A call that has ended swallows them.
   */
  writeBody(bytes: Uint8Array): boolean;
  /** @param trailers what came behind the body, flat; none unless given */
  endBody(trailers?: readonly string[]): void;
  /** The client's upload broke off; the replica's body stream fails with it. */
  failBody(message: string): void;
  /** Returns credit for body bytes that were passed on. */
  consumed(bytes: number): void;
}
