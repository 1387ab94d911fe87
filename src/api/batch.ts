// `batch()`: turns a function of many items into one that is called with a single item, typed per item.
//   R1  Items are gathered per `this`, and per replica where several share a process: each has its own batches.
//   R2  Inside a batch `requestContext()` is the first item's, but its signal aborts only when every caller has left, and
//       its deadline is the latest of all: nobody's leaving ends the others' work.
//   R3  It works without Manta around it, as in a plain unit test.
import { BatchPlan, type BatchSettings, type BatchStats } from "../batching/batch-plan.ts";
import type { BatchStream } from "../batching/batch-stream.ts";
import { Batcher, type BatchSurroundings, type BatchTicket, DONE } from "../batching/batcher.ts";
import type { SizeOf } from "../batching/form-batches.ts";
import { checkOption, checkOptions, resolveOptions } from "../config/check-options.ts";
import { showValue } from "../config/check-rule.ts";
import type { BatchOptions as SetOptions } from "../config/options.generated.ts";
import { ConfigError, RequestCancelledError } from "../core/errors.ts";
import { batchMeter } from "./batching-meters.ts";
import { currentRuntime, currentScope, runInScope, runWithRuntime } from "./globals.ts";
import { nameOf } from "./name-of.ts";
import { PerReplica } from "./per-replica.ts";
import type { Runtime } from "./runtime.ts";
import { type RequestFacts, RequestScope } from "./scope.ts";

/** Options of `batch()`. */
export interface BatchOptions<T> extends SetOptions {
  /** Size of a list of items, a number >= 0; a batch's may not exceed `maxBatchSize`. Default: their number. */
  readonly batchSizeFn?: (items: readonly T[]) => number;
}

/** What every batched function has beside its call. */
export interface BatchControls {
  /** For batches that are opened from now on. @throws {ConfigError} not an integer of at least 1 */
  setMaxBatchSize(size: number): void;
  /** For batches that are opened from now on, seconds. @throws {ConfigError} negative */
  setBatchWaitTimeoutS(seconds: number): void;
  /** What it did so far, and what it does next and why. */
  stats(): BatchStats;
}

/** A function of one item whose calls run in batches. */
export interface BatchFunction<T, R> extends BatchControls {
  (item: T): Promise<R>;
}

/** The same for a generator function: each caller gets its own stream. */
export interface BatchStreamFunction<T, Y> extends BatchControls {
  (item: T): AsyncIterableIterator<Y>;
}

/** A typed array, as models give them. */
type Numbers = ArrayBufferView & ArrayLike<number>;

/** What a batch may give one caller. */
type Given<R> = Exclude<R, Error | typeof DONE>;

/**
 * Gathers single calls into batches. `fn` gets the items of a batch and returns one result for each, in their order; an
 * `Error` in a slot rejects that caller alone. A generator function yields such lists; `batch.done` in a slot ends that
 * caller's stream. Inside, `this` is the object that the function is called on.
 * @throws {ConfigError} a wrong option, or no function
 */
export function batch<T, Y, This = unknown>(
  fn: (this: This, items: T[]) => AsyncGenerator<readonly Y[], unknown, unknown>,
  options?: BatchOptions<T>,
): BatchStreamFunction<T, Given<Y>>;
export function batch<T, R, This = unknown>(
  fn: (this: This, items: T[]) => readonly R[] | Promise<readonly R[]>,
  options?: BatchOptions<T>,
): BatchFunction<T, Given<R>>;
export function batch<T, This = unknown>(
  fn: (this: This, items: T[]) => Numbers | Promise<Numbers>,
  options?: BatchOptions<T>,
): BatchFunction<T, number>;
export function batch<T>(
  fn: (items: T[]) => unknown,
  options: BatchOptions<T> = {},
): BatchFunction<T, unknown> | BatchStreamFunction<T, unknown> {
  if (typeof fn !== "function") {
    throw new ConfigError({ path: "batch(fn)", received: showValue(fn), expected: "a function of a list of items" });
  }
  const { batchSizeFn, ...set } = options;
  checkOptions("batch", set, "batch(fn, options)");
  if (batchSizeFn !== undefined && typeof batchSizeFn !== "function") {
    const path = "batch(fn, options).batchSizeFn";
    throw new ConfigError({ path, received: showValue(batchSizeFn), expected: "a function of a list of items" });
  }
  const { targetLatencyS, ...rest } = resolveOptions("batch", set);
  const settings: BatchSettings = { ...rest, targetLatencyS };
  const group = new BatchGroup(fn, settings, batchSizeFn);
  const batched = function (this: unknown, item: T): unknown {
    return group.call(this, item, batched);
  };
  const controls: BatchControls = {
    setMaxBatchSize(size) {
      checkOption("batch", "maxBatchSize", size, "setMaxBatchSize(size)");
      settings.maxBatchSize = size;
    },
    setBatchWaitTimeoutS(seconds) {
      checkOption("batch", "batchWaitTimeoutS", seconds, "setBatchWaitTimeoutS(seconds)");
      settings.batchWaitTimeoutS = seconds;
    },
    stats: () => group.plan.stats(),
  };
  return Object.assign(batched, controls) as BatchFunction<T, unknown> | BatchStreamFunction<T, unknown>;
}

/** In a slot of a yielded list: this caller's stream ends here. */
batch.done = DONE as typeof DONE;

/** Who called: what surrounds the call. */
interface Caller {
  readonly runtime: Runtime;
  readonly scope: RequestScope | undefined;
}

const GENERATOR = "[object AsyncGeneratorFunction]";

/** The batchers of one function (R1). */
class BatchGroup<T> {
  readonly plan: BatchPlan;
  readonly #fn: (items: T[]) => unknown;
  readonly #settings: BatchSettings;
  readonly #sizeOf: SizeOf<T> | undefined;
  readonly #streams: boolean;
  readonly #batchers = new PerReplica<Batcher<T, Caller>>();

  constructor(fn: (items: T[]) => unknown, settings: BatchSettings, sizeOf: SizeOf<T> | undefined) {
    this.#fn = fn;
    this.#settings = settings;
    this.#sizeOf = sizeOf && checkedSizes(sizeOf);
    this.#streams = Object.prototype.toString.call(fn) === GENERATOR;
    this.plan = new BatchPlan(settings);
  }

  /** @param self what it is called on @param batched the function that users call: its place on `self` is its name */
  call(self: unknown, item: T, batched: object): unknown {
    const caller: Caller = { runtime: currentRuntime(), scope: currentScope() };
    const key = typeof self === "object" && self !== null ? self : batched;
    const batcher = this.#batchers.get(caller.runtime, key) ?? this.#open(key, batched, caller.runtime);
    const modelId = caller.scope?.facts.multiplexedModelId ?? "";
    this.plan.arrived(caller.runtime.clock.monotonic());
    if (this.#streams) return this.#tie(batcher.stream(item, modelId, caller), caller);
    return this.#tie(batcher.call(item, modelId, caller), caller);
  }

  /** The caller's request ends the call when it is cancelled. */
  #tie<R extends Promise<unknown> | BatchStream>({ result, leave }: BatchTicket<R>, { scope }: Caller): R {
    if (scope === undefined) return result;
    const requestEnded = (): void => {
      // The batch waits for its slowest reader; one that never began to read will not come any more.
      if (result instanceof Promise || result.started) return;
      leave(new RequestCancelledError({ requestId: scope.facts.requestId, by: "request ended" }));
    };
    const nested = { abandon: (_reason: unknown, error: unknown) => leave(error), requestEnded };
    if (!scope.open && scope.failure !== undefined) leave(scope.failure);
    scope.add(nested);
    const untie = (): void => scope.remove(nested);
    if (result instanceof Promise) result.then(untie, untie);
    else result.onOver(untie);
    return result;
  }

  #open(key: object, batched: object, runtime: Runtime): Batcher<T, Caller> {
    const { plan } = this;
    const name = nameOf(key, batched, this.#fn.name);
    const { maxConcurrentBatches } = this.#settings;
    const meter = batchMeter(runtime, name);
    let draining = false;
    const batcher: Batcher<T, Caller> = new Batcher(
      (items) => this.#fn.call(key === batched ? undefined : key, items),
      {
        name,
        streams: this.#streams,
        maxConcurrent: maxConcurrentBatches,
        sizeOf: this.#sizeOf,
        bounds: (waiting) => ({ ...plan.bounds(waiting), ...(draining && { waitMs: 0 }) }), // nothing more comes
      },
      {
        clock: runtime.clock,
        open: openSurroundings,
        ran: (record) => {
          plan.ran(record);
          meter?.(record, batcher.queued);
        },
      },
    );
    this.#batchers.set(runtime, key, batcher);
    runtime.onDrain?.(() => {
      draining = true;
      batcher.flush();
    });
    warnIfStarved(name, this.#settings, runtime);
    return batcher;
  }
}

/** A size that is no number would let every batch grow without end. */
function checkedSizes<T>(sizeOf: SizeOf<T>): SizeOf<T> {
  return (items) => {
    const size: unknown = sizeOf(items);
    if (typeof size === "number" && size >= 0) return size;
    throw new ConfigError({ path: "batchSizeFn(items)", received: showValue(size), expected: "a number >= 0" });
  };
}

/** R2 */
function openSurroundings(callers: readonly Caller[]): BatchSurroundings {
  const [first] = callers;
  const scopes = callers.flatMap(({ scope }) => (scope === undefined ? [] : [scope]));
  const [firstScope] = scopes;
  const runtime = first?.runtime ?? currentRuntime();
  if (firstScope === undefined) {
    return { run: (fn) => runWithRuntime(runtime, fn), cancel: () => undefined, end: () => undefined };
  }
  const none = { deadlineMs: undefined, timeoutS: 0 };
  const { deadlineMs, timeoutS } =
    scopes.length < callers.length ? none : scopes.map(({ facts }) => facts).reduce(later);
  const scope = new RequestScope({ ...firstScope.facts, deadlineMs, timeoutS }, runtime);
  return {
    run: (fn) => runInScope(scope, fn),
    cancel: () => scope.cancel("caller cancelled"),
    end: () => scope.end(),
  };
}

function later(a: RequestFacts, b: RequestFacts): RequestFacts {
  return (a.deadlineMs ?? Infinity) >= (b.deadlineMs ?? Infinity) ? a : b;
}

/** B8 */
function warnIfStarved(name: string, { maxBatchSize, maxConcurrentBatches }: BatchSettings, runtime: Runtime): void {
  const limit = runtime.maxOngoingRequests;
  const wanted = maxBatchSize * maxConcurrentBatches;
  if (limit === undefined || limit >= wanted) return;
  runtime.logger.warn("batch.starved", {
    batch: name,
    reason: `maxOngoingRequests ${limit} lets fewer requests in than maxBatchSize * maxConcurrentBatches = ${wanted}: no batch gets full; raise maxOngoingRequests to at least ${wanted}`,
  });
}
