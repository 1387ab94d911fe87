// One running request as its own code sees it: what `requestContext()` shows and what nested calls inherit.
//   R1  `cancel` aborts the signal and ends all open nested calls; those end theirs in their own replicas.
//   R2  `end` cancels streams that nobody iterated; other nested calls finish by themselves.
//   R3  The first of `cancel` and `end` decides; later ones do nothing.
//   R4  A call started after `cancel` fails at once with the same error.
import type { Priority } from "../config/priorities.ts";
import { isPast } from "../core/clock.ts";
import { isServeError, RequestCancelledError, RequestTimeoutError, type ServeError } from "../core/errors.ts";
import type { CancelReason } from "../model/call.ts";
import { parseClient } from "../protocol/client-address.ts";
import type { Runtime } from "./runtime.ts";
import type { RequestContext } from "./types.ts";

/** What a request brings along. */
export interface RequestFacts {
  readonly requestId: string;
  readonly application: string;
  readonly deployment: string;
  /** Route prefix; "" when the request did not come over HTTP. */
  readonly route: string;
  readonly multiplexedModelId: string;
  readonly sessionId: string;
  readonly priority: Priority;
  /** Unix milliseconds; undefined: no limit. */
  readonly deadlineMs: number | undefined;
  /** The limit that the deadline came from, seconds; only for messages, 0 when unknown. */
  readonly timeoutS: number;
  /** Of an HTTP request: who sent it, as `formatClient` says it. */
  readonly client?: string | undefined;
}

/** A call made by the request's code, as its scope sees it. */
export interface NestedCall {
  /** The request was cancelled: end the call with this error. */
  abandon(reason: CancelReason, error: ServeError): void;
  /** The request ended normally. */
  requestEnded(): void;
}

/** A request that is running. Whoever runs it makes one, runs the code by `runInScope`, and calls `end` or `cancel`. */
export class RequestScope {
  readonly runtime: Runtime;
  readonly facts: RequestFacts;
  #state: "open" | "ended" | "cancelled" = "open";
  #failure: ServeError | undefined;
  #controller: AbortController | undefined;
  #context: RequestContext | undefined;
  /** Made by the first one: most requests have none. */
  #calls: Set<NestedCall> | undefined;
  #atEnd: (() => void)[] | undefined;
  #over = false;

  constructor(facts: RequestFacts, runtime: Runtime) {
    this.facts = facts;
    this.runtime = runtime;
  }

  /** Itself: a scope is the surroundings of its code. */
  get scope(): this {
    return this;
  }

  /** True until `end` or `cancel`. */
  get open(): boolean {
    return this.#state === "open";
  }

  /** Why the request was cancelled; undefined when it was not. */
  get failure(): ServeError | undefined {
    return this.#failure;
  }

  /** Whether `reason` says that this request's own deadline passed: a nested call may hear of it before `cancel` comes. */
  isTimedOutBy(reason: unknown): boolean {
    const isTimeout = isServeError(reason) && reason.code === "REQUEST_TIMEOUT";
    return isTimeout && isPast(this.runtime.clock, this.facts.deadlineMs);
  }

  /** Aborts on `cancel`. Made when first asked for, because most requests never look at it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#failure !== undefined) this.#controller.abort(this.#failure);
    }
    return this.#controller.signal;
  }

  /** What `requestContext()` answers inside of this request. */
  get context(): RequestContext {
    return (this.#context ??= contextOf(this));
  }

  /** Client left, caller cancelled, or the deadline passed (R1). */
  cancel(reason: CancelReason): void {
    if (this.#state !== "open") return;
    this.#state = "cancelled";
    const failure = cancelError(reason, this.facts.requestId, this.facts.timeoutS);
    this.#failure = failure;
    this.#controller?.abort(failure);
    for (const call of this.#calls ?? []) call.abandon(reason, failure);
    this.#calls = undefined;
  }

  /** The answer is complete (R2), or the code of a cancelled request has returned. */
  end(): void {
    this.#over = true;
    const atEnd = this.#atEnd ?? [];
    this.#atEnd = undefined;
    for (const fn of atEnd) fn();
    if (this.#state !== "open") return;
    this.#state = "ended";
    for (const call of this.#calls ?? []) call.requestEnded();
    this.#calls = undefined;
  }

  /**
   * Calls `fn` when the request's code has ended, however it ended: what the code holds may be given back then. At once
   * where it has ended already: code that the request left behind is nobody's to wait for.
   */
  onEnd(fn: () => void): void {
    if (this.#over) fn();
    else (this.#atEnd ??= []).push(fn);
  }

  /** Nested calls that `cancel` would end; a test for leaks asks for 0. */
  get openCalls(): number {
    return this.#calls?.size ?? 0;
  }

  /** Ties a nested call to the request. Ignored once it has ended. */
  add(call: NestedCall): void {
    if (this.#state === "open") (this.#calls ??= new Set()).add(call);
  }

  /** Unties a nested call that is over. */
  remove(call: NestedCall): void {
    this.#calls?.delete(call);
  }
}

/** The error that a cancelled request, call or stream ends with. */
export function cancelError(reason: CancelReason, requestId: string, timeoutS: number): ServeError {
  if (reason === "deadline") return new RequestTimeoutError({ requestId, timeoutS });
  return new RequestCancelledError({ requestId, by: reason });
}

const SCOPE = Symbol("scope");
/** One getter for all contexts: objects with accessors of their own have no shape in common and take 0.5 KB more. */
const signalGetter = {
  enumerable: true,
  get(this: { readonly [SCOPE]: RequestScope }): AbortSignal {
    return this[SCOPE].signal;
  },
};

function contextOf(scope: RequestScope): RequestContext {
  const { requestId, application, deployment, route, multiplexedModelId, sessionId, deadlineMs } = scope.facts;
  const clientAddress = parseClient(scope.facts.client ?? "")?.host ?? "";
  const shown = { requestId, application, deployment, route, multiplexedModelId, sessionId, deadlineMs, clientAddress };
  Object.defineProperty(shown, SCOPE, { value: scope });
  return Object.freeze(Object.defineProperty(shown, "signal", signalGetter)) as RequestContext;
}
