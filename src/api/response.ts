// What a call returns: thenable and async-iterable at once; the first answer decides which of the two it is.
//   R1  Settles once: by an answer, by `cancel`, by the caller's signal, or because its request was cancelled.
//   R2  No promise exists until somebody awaits, so a failure cannot be an unhandled rejection; one that nobody looked at
//       is logged: when its request ends, or, outside of a request, after a second.
//   R3  A stream that nobody iterates is cancelled when its request ends.
//   R4  Top-level arguments that are responses are awaited before the call starts; cancelled meanwhile, it never starts.
//   R5  A value whose Request or Response bodies still stream can be cancelled like a stream, also with its request.
import { inspect } from "node:util";
import { SerializationError, ServeError, toServeError } from "../core/errors.ts";
import type { CancelReason, OutgoingCall, ValueCall, ValueObserver, ValueStream } from "../model/call.ts";
import { CROSSING_HINT } from "../protocol/values.ts";
import { RESPONSE } from "./brands.ts";
import { ReceivedStream, type StreamOwner } from "./response-stream.ts";
import type { Runtime } from "./runtime.ts";
import { cancelError, type NestedCall, type RequestScope } from "./scope.ts";

/** How long a failure outside of a request may go unseen before it is logged, milliseconds. */
const UNSEEN_AFTER_MS = 1000;

interface AwaitableArgument {
  [RESPONSE](path: string): Promise<unknown>;
}

/** True for what a handle call returned. */
export function isResponse(value: unknown): value is AwaitableArgument {
  return typeof value === "object" && value !== null && RESPONSE in value;
}

type Settled = "value" | "stream" | "failed";

/** The object behind `DeploymentResponse` and `DeploymentResponseStream`. */
export class PendingResponse
  implements ValueObserver, NestedCall, StreamOwner, AwaitableArgument, PromiseLike<unknown>, AsyncIterable<unknown>
{
  /** As error messages and debuggers show it. */
  static readonly name: string = "DeploymentResponse";

  readonly #call: ValueCall;
  readonly #runtime: Runtime;
  readonly #signal: AbortSignal | undefined;
  #scope: RequestScope | undefined;
  #outgoing: OutgoingCall | undefined;
  #state: "waiting" | Settled = "waiting";
  #result: unknown;
  // Bodies of the value have not ended (R5).
  #streams = false;
  #seen = false;
  #outlived = false;
  #promise: PromiseWithResolvers<unknown> | undefined;

  constructor(call: ValueCall, runtime: Runtime, scope: RequestScope | undefined, signal: AbortSignal | undefined) {
    this.#call = call;
    this.#runtime = runtime;
    this.#scope = scope;
    this.#signal = signal;
  }

  get [CROSSING_HINT](): string {
    return "await it first, or pass it as a top-level argument of the call";
  }

  get requestId(): string {
    return this.#call.requestId;
  }

  /** `Adder.add`, for messages. */
  get callName(): string {
    return `${this.#call.target.deployment}.${this.#call.method}`;
  }

  /** Starts the call; once, right after construction. */
  begin(): this {
    const failure = this.#scope?.failure ?? (this.#signal?.aborted === true ? this.cancelledByCaller() : undefined);
    if (failure !== undefined) {
      this.#seen = true; // whoever cancelled knows
      this.#settle("failed", failure);
      return this;
    }
    this.#scope?.add(this);
    this.#signal?.addEventListener("abort", this);
    const { args } = this.#call;
    if (args.some(isResponse)) this.#sendResolved(args);
    else this.#outgoing = this.#runtime.startCall(this.#call, this);
    return this;
  }

  then<A = unknown, B = never>(
    onValue?: ((value: unknown) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#outcome().then(onValue, onError);
  }

  catch<B>(onError?: ((reason: unknown) => B) | null): Promise<unknown> {
    return this.#outcome().catch(onError);
  }

  finally(onEnd?: (() => void) | null): Promise<unknown> {
    return this.#outcome().finally(onEnd);
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return new ResponseIterator(this, this.#outcome());
  }

  cancel(): void {
    this.abandon("caller cancelled", undefined);
  }

  /** As an argument of another call (R4): its value, or a refusal when it is a stream. */
  [RESPONSE](path: string): Promise<unknown> {
    return this.#outcome().then((value) => {
      if (!(value instanceof ReceivedStream)) return value;
      value.cancel();
      throw new SerializationError(
        { path, received: `the stream of ${this.callName}` },
        "collect its items and pass them",
      );
    });
  }

  onValue(value: unknown, bodies?: Promise<void>): void {
    if (this.#state !== "waiting") return;
    this.#streams = bodies !== undefined;
    this.#settle("value", value);
    void bodies?.then(() => this.#release());
  }

  onStream(stream: ValueStream): void {
    if (this.#state !== "waiting" || (this.#outlived && !this.#seen))
      stream.cancel(); // R3
    else this.#settle("stream", new ReceivedStream(stream, this));
  }

  onError(error: ServeError): void {
    if (this.#state === "waiting") this.#settle("failed", error);
  }

  streamEnded(): void {
    this.#release();
  }

  cancelledByCaller(): ServeError {
    return cancelError("caller cancelled", this.requestId, this.#call.timeoutS);
  }

  abandon(reason: CancelReason, error: ServeError | undefined): void {
    if (this.#state === "stream") (this.#result as ReceivedStream).stop(error);
    if (this.#state === "value" && this.#streams) this.#outgoing?.cancel(reason); // R5
    if (this.#state !== "waiting") return;
    this.#seen = true; // whoever cancels knows
    this.#outgoing?.cancel(reason);
    this.#settle("failed", error ?? this.cancelledByCaller());
  }

  requestEnded(): void {
    this.#scope = undefined;
    this.#outlived = true;
    if (this.#state === "stream" && !(this.#result as ReceivedStream).started) this.cancel(); // R3
    if (this.#state === "failed" && !this.#seen) this.#logUnseen();
  }

  /** The caller's signal aborted. */
  handleEvent(): void {
    this.cancel();
  }

  [inspect.custom](): string {
    return `DeploymentResponse(${this.callName}, ${this.#state})`;
  }

  #sendResolved(args: readonly unknown[]): void {
    const { deadlineMs, timeoutS } = this.#call;
    const { clock } = this.#runtime;
    const startMs = clock.monotonic();
    // No router knows of the call yet, so its deadline is kept here until the arguments are there.
    const stopTimer =
      deadlineMs === undefined
        ? undefined
        : clock.after(
            deadlineMs - clock.now(),
            () => this.onError(cancelError("deadline", this.requestId, timeoutS)),
            true,
          );
    const waits = args.map((arg, index) => (isResponse(arg) ? arg[RESPONSE](`args[${index}]`) : arg));
    Promise.all(waits)
      .finally(stopTimer)
      .then(
        (resolved) => {
          if (this.#state !== "waiting") return;
          const argsWaitMs = clock.monotonic() - startMs;
          this.#outgoing = this.#runtime.startCall({ ...this.#call, args: resolved, argsWaitMs }, this);
        },
        (reason: unknown) => this.onError(toServeError(reason)),
      );
  }

  #settle(state: Settled, result: unknown): void {
    this.#state = state;
    this.#result = result;
    const isOver = state === "failed" || (state === "value" && !this.#streams);
    if (isOver) this.#signal?.removeEventListener("abort", this);
    if (isOver && (state === "value" || this.#seen)) this.#scope?.remove(this);
    else if (state === "failed" && this.#scope?.open !== true) this.#logUnseenLater();
    if (this.#promise === undefined) return;
    if (state === "failed") this.#promise.reject(result);
    else this.#promise.resolve(result);
  }

  #release(): void {
    this.#signal?.removeEventListener("abort", this);
    this.#scope?.remove(this);
  }

  #outcome(): Promise<unknown> {
    if (!this.#seen) {
      this.#seen = true;
      if (this.#state === "failed") this.#release();
    }
    if (this.#promise === undefined) {
      this.#promise = Promise.withResolvers();
      if (this.#state === "failed") this.#promise.reject(this.#result);
      else if (this.#state !== "waiting") this.#promise.resolve(this.#result);
    }
    return this.#promise.promise;
  }

  #logUnseenLater(): void {
    this.#runtime.clock.after(UNSEEN_AFTER_MS, () => this.#seen || this.#logUnseen(), true);
  }

  #logUnseen(): void {
    const { target, method, requestId } = this.#call;
    const { code, message } = this.#result as ServeError;
    this.#runtime.logger.warn("call.failed_unseen", { ...target, method, requestId, code, message });
  }
}

/** Iterates a response: waits for the answer, then reads its stream. */
class ResponseIterator implements AsyncIterator<unknown> {
  readonly #response: PendingResponse;
  readonly #outcome: Promise<unknown>;
  #inner: AsyncIterator<unknown> | undefined;

  constructor(response: PendingResponse, outcome: Promise<unknown>) {
    this.#response = response;
    this.#outcome = outcome;
    outcome.catch(() => undefined); // it is `next` that tells
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.#inner === undefined ? this.#first() : this.#inner.next();
  }

  async #first(): Promise<IteratorResult<unknown>> {
    const answer = await this.#outcome;
    if (!(answer instanceof ReceivedStream)) {
      const name = this.#response.callName;
      const message = `${name} answered with a value, not with a stream; use \`await\` instead of \`for await\``;
      throw new ServeError("CONFIG_INVALID", message);
    }
    this.#inner ??= answer[Symbol.asyncIterator]();
    return this.#inner.next();
  }

  async return(): Promise<IteratorResult<unknown>> {
    if (this.#inner === undefined) this.#response.cancel();
    else await this.#inner.return?.();
    return { done: true, value: undefined };
  }
}
