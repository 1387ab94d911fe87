import { beforeEach, describe, expect, it } from "vitest";
import { FakeRuntime } from "../../tests/fixtures/api/fake-runtime.ts";
import { requestFacts } from "../../tests/fixtures/api/request-facts.ts";
import { batch } from "./batch.ts";
import { requestContext } from "./context.ts";
import { runInScope, runWithRuntime } from "./globals.ts";
import { type RequestFacts, RequestScope } from "./scope.ts";

let runtime: FakeRuntime;
beforeEach(() => void (runtime = new FakeRuntime()));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const inside = <R>(fn: () => R): R => runWithRuntime(runtime, fn);
const request = (given: Partial<RequestFacts> = {}): RequestScope =>
  new RequestScope(requestFacts({ route: "/", ...given }), runtime);

/** A batched doubling that records what it got, and waits where the test says. */
function doubling(options: Parameters<typeof batch>[1] = {}, gate: Promise<void> = Promise.resolve()) {
  const batches: number[][] = [];
  const double = batch(async (items: number[]) => {
    batches.push(items);
    await gate;
    return items.map((item) => item * 2);
  }, options as object);
  return { double, batches };
}

describe("a batch closes", () => {
  it("when it is full, and gives each caller its own result (B1, B5)", async () => {
    const { double, batches } = doubling({ maxBatchSize: 3, batchWaitTimeoutS: 100 });
    const results = await inside(() => Promise.all([1, 2, 3].map((item) => double(item))));
    expect(results).toEqual([2, 4, 6]);
    expect(batches).toEqual([[1, 2, 3]]);
    expect(double.stats().closed).toMatchObject({ full: 1, timer: 0 });
  });

  it("when the wait that its first item started is over (B1)", async () => {
    const { double, batches } = doubling({ batchWaitTimeoutS: 0.05 });
    const first = inside(() => double(1));
    await runtime.clock.advance(40);
    const second = inside(() => double(2));
    expect(batches).toEqual([]);
    await runtime.clock.advance(10);
    expect(await Promise.all([first, second])).toEqual([2, 4]);
    expect(double.stats().closed.timer).toBe(1);
  });

  it("at the end of the turn when there is no wait (B1)", async () => {
    const { double, batches } = doubling({ batchWaitTimeoutS: 0 });
    const both = inside(() => Promise.all([double(1), double(2)]));
    expect(await both).toEqual([2, 4]);
    expect(batches).toEqual([[1, 2]]);
  });

  it("before the item that would make it too large; that one opens the next (B2)", async () => {
    const seen: string[][] = [];
    const join = batch(async (texts: string[]) => (seen.push(texts), texts), {
      maxBatchSize: 5,
      batchWaitTimeoutS: 0.01,
      batchSizeFn: (texts) => texts.join("").length,
    });
    const all = inside(() => Promise.allSettled(["aaa", "bbbb", "c", "dddddd"].map((text) => join(text))));
    await runtime.clock.advance(10);
    const [one, two, three, four] = await all;
    expect([one, two, three].map((result) => result?.status)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
    expect(four).toMatchObject({ reason: { code: "BATCH_SHAPE", details: { size: 6 } } });
    expect(seen).toEqual([["aaa"], ["bbbb", "c"]]);
  });
});

describe("a size function", () => {
  it.each<[string, (texts: readonly string[]) => unknown, RegExp]>([
    ["throws", (texts) => (texts.includes("bad") ? JSON.parse("bad") : texts.length), /Unexpected token/],
    ["gives NaN", (texts) => (texts.includes("bad") ? NaN : texts.length), /received NaN/],
    ["gives nothing", (texts) => (texts.includes("bad") ? undefined : texts.length), /received undefined/],
  ])("that %s fails the item alone, as any failed call (B2)", async (_what, sizeOf, message) => {
    const upper = batch(async (texts: string[]) => texts.map((text) => text.toUpperCase()), {
      batchSizeFn: sizeOf as (texts: readonly string[]) => number,
    });
    const all = inside(() => Promise.allSettled(["a", "bad", "b"].map((text) => upper(text))));
    await runtime.clock.advance(10);
    const [one, two, three] = await all;
    expect([one, three]).toMatchObject([{ value: "A" }, { value: "B" }]);
    expect(two).toMatchObject({ status: "rejected", reason: { message: expect.stringMatching(message) } });
  });

  it("is not asked about items that the batch has changed: nothing is stuck", async () => {
    const take = batch(
      async (items: { text?: string }[]) =>
        items.map((item) => {
          const { text } = item;
          delete item.text;
          return text;
        }),
      { maxBatchSize: 3, batchSizeFn: (items) => items.reduce((sum, { text }) => sum + (text as string).length, 0) },
    );
    expect(await inside(() => take({ text: "abc" }))).toBe("abc");
    expect(await inside(() => take({ text: "def" }))).toBe("def");
  });
});

describe("batches", () => {
  it("run one at a time, and further ones form and fill meanwhile (B3)", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { double, batches } = doubling({ maxBatchSize: 2, batchWaitTimeoutS: 0.01 }, promise);
    const calls = inside(() => [1, 2, 3].map((item) => double(item)));
    await runtime.clock.advance(10); // the time of the second batch has come, and it still takes items
    calls.push(inside(() => double(4)));
    expect(batches).toEqual([[1, 2]]);
    resolve();
    expect(await Promise.all(calls)).toEqual([2, 4, 6, 8]);
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("run as many at a time as they may (B3)", async () => {
    const gate = Promise.withResolvers<void>();
    const { double, batches } = doubling({ maxBatchSize: 1, maxConcurrentBatches: 2 }, gate.promise);
    const calls = inside(() => [1, 2, 3].map((item) => double(item)));
    expect(batches).toEqual([[1], [2]]);
    gate.resolve();
    expect(await Promise.all(calls)).toEqual([2, 4, 6]);
  });

  it("never mix model ids (B3)", async () => {
    const { double, batches } = doubling({ maxBatchSize: 2 });
    const of = (id: string, item: number) => runInScope(request({ multiplexedModelId: id }), () => double(item));
    await Promise.all([of("a", 1), of("b", 2), of("a", 3), of("b", 4)]);
    expect(batches).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it("run in the order in which they could, whether they are full or their time has come (B1)", async () => {
    const gate = Promise.withResolvers<void>();
    const { double, batches } = doubling({ maxBatchSize: 2, batchWaitTimeoutS: 0.01 }, gate.promise);
    const of = (id: string, item: number) => runInScope(request({ multiplexedModelId: id }), () => double(item));
    const calls = [of("hot", 1), of("hot", 2), of("cold", 3)];
    await runtime.clock.advance(10); // the time of the cold one has come
    calls.push(...[4, 5, 6, 7].map((item) => of("hot", item)));
    gate.resolve();
    await Promise.all(calls);
    expect(batches).toEqual([[1, 2], [3], [4, 5], [6, 7]]);
  });

  it("keep the bounds that they were opened with when a setter changes them", async () => {
    const { double, batches } = doubling({ maxBatchSize: 2, batchWaitTimeoutS: 100 });
    const calls = inside(() => [double(1)]);
    double.setMaxBatchSize(3);
    calls.push(...inside(() => [2, 3, 4, 5].map((item) => double(item))));
    await Promise.all(calls);
    expect(batches).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
  });

  it("are gathered per object, with `this` kept", async () => {
    class Model {
      readonly factor: number;
      constructor(factor: number) {
        this.factor = factor;
      }
      arrow = batch(async (items: number[]) => items.map((item) => item * this.factor));
      field = batch(async function (this: Model, items: number[]) {
        return items.map((item) => item * this.factor);
      });
    }
    const [two, three] = [new Model(2), new Model(3)];
    const all = inside(() => Promise.all([two.arrow(1), three.arrow(1), two.field(1), three.field(1)]));
    await runtime.clock.advance(10);
    expect(await all).toEqual([2, 3, 2, 3]);
  });

  it("of a free function are gathered per replica, where several share a process", async () => {
    const { double, batches } = doubling({ maxBatchSize: 2 });
    const other = new FakeRuntime();
    const all = [inside(() => double(1)), runWithRuntime(other, () => double(2)), inside(() => double(3))];
    await other.clock.advance(10);
    expect(await Promise.all(all)).toEqual([2, 4, 6]);
    expect(batches).toEqual([[1, 3], [2]]);
  });

  it("that wait no longer in a replica that drains still wait in another", async () => {
    const { double, batches } = doubling({ maxBatchSize: 2 });
    const told: (() => void)[] = [];
    const draining = Object.assign(new FakeRuntime(), {
      onDrain: (fn: (graceMs: number) => void) => (told.push(() => fn(1000)), () => undefined),
    });
    const last = runWithRuntime(draining, () => double(1));
    for (const drain of told) drain();
    expect(await last).toBe(2);
    const first = inside(() => double(2));
    await turn();
    const second = inside(() => double(3));
    expect(await Promise.all([first, second])).toEqual([4, 6]);
    expect(batches).toEqual([[1], [2, 3]]);
  });
});

describe("a goal", () => {
  it("cuts what waits into batches when they start, not by what was known when the items came", async () => {
    const sizes: number[] = [];
    const { clock } = runtime;
    const predict = batch(
      async (items: number[]) => {
        sizes.push(items.length);
        await clock.sleep(5 + items.length / 2);
        return items;
      },
      { targetLatencyS: 0.05, maxBatchSize: 64 },
    );
    const calls = inside(() => Array.from({ length: 500 }, (_, item) => predict(item)));
    await clock.advance(1000);
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 500 }, (_, item) => item));
    expect(sizes.slice(0, 7)).toEqual([1, 2, 4, 8, 16, 32, 60]);
    expect(sizes.length).toBeLessThan(20);
  });

  it("serves every model's items in turn, however many of one wait", async () => {
    const order: string[] = [];
    const { clock } = runtime;
    const predict = batch(
      async (items: string[]) => {
        order.push(items[0] as string);
        await clock.sleep(10);
        return items;
      },
      { targetLatencyS: 1, maxBatchSize: 2 },
    );
    const ask = (model: string) => runInScope(request({ multiplexedModelId: model }), () => predict(model));
    const calls = ["a", "a", "a", "a", "a", "a", "b"].map(ask);
    await clock.advance(1000);
    await Promise.all(calls);
    expect(order.indexOf("b")).toBeLessThan(3);
  });
});

describe("a caller that leaves", () => {
  it("drops out of a forming batch; an empty one does not run (B4)", async () => {
    const { double, batches } = doubling({ maxBatchSize: 2 });
    const gone = request();
    const left = runInScope(gone, () => double(1));
    gone.cancel("client left");
    await expect(left).rejects.toMatchObject({ code: "REQUEST_CANCELLED" });
    await runtime.clock.advance(100);
    expect(batches).toEqual([]);
    expect(await inside(() => Promise.all([double(2), double(3)]))).toEqual([4, 6]);
    expect(batches).toEqual([[2, 3]]);
  });

  it("aborts a running batch only when it is the last one", async () => {
    const signals: AbortSignal[] = [];
    const wait = batch(
      async (items: number[]) => {
        const { signal } = requestContext();
        signals.push(signal);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return items;
      },
      { maxBatchSize: 2 },
    );
    const [one, two] = [request({ requestId: "one" }), request({ requestId: "two" })];
    const calls = [one, two].map((scope) => runInScope(scope, () => wait(1)));
    for (const call of calls) void call.catch(() => undefined);
    await turn();
    one.cancel("client left");
    expect(signals[0]?.aborted).toBe(false);
    two.cancel("client left");
    expect(signals[0]?.aborted).toBe(true);
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "REQUEST_CANCELLED" });
  });
});

describe("inside a batch", () => {
  it("the context is the first item's, with the latest deadline of all", async () => {
    const seen = batch(async (items: number[]) => items.map(() => requestContext()), { maxBatchSize: 2 });
    const [first, second] = [request({ requestId: "a", deadlineMs: 5 }), request({ requestId: "b", deadlineMs: 9 })];
    const [context] = await Promise.all([runInScope(first, () => seen(1)), runInScope(second, () => seen(2))]);
    expect(context).toMatchObject({ requestId: "a", deadlineMs: 9, route: "/" });
  });

  it("there is no deadline when one of the callers has none, as outside of a request", async () => {
    const seen = batch(async (items: number[]) => items.map(() => requestContext()), { maxBatchSize: 2 });
    const [context] = await Promise.all([
      runInScope(request({ deadlineMs: 5 }), () => seen(1)),
      runWithRuntime(runtime, () => seen(2)),
    ]);
    expect(context?.deadlineMs).toBeUndefined();
  });
});

describe("a result of the wrong shape", () => {
  it.each<[string, unknown, RegExp]>([
    ["too few", [1], /batch of 2 items gave 1 results/],
    ["no list", "ab", /gave string/],
    ["nothing", null, /gave null/],
    ["an object", new Set([1, 2]), /gave an object/],
    ["a generator", (async function* () {})(), /give batch\(\) the `async function\*` itself/],
  ])("%s fails every caller with both lengths (B5)", async (_what, result, message) => {
    const odd = batch(async (_items: number[]) => result as number[], { maxBatchSize: 2 });
    const results = await inside(() => Promise.allSettled([odd(1), odd(2)]));
    for (const one of results) expect(one).toMatchObject({ reason: { code: "BATCH_SHAPE" } });
    expect((results[0] as PromiseRejectedResult).reason.message).toMatch(message);
  });

  it("that is thrown reaches every caller; an Error in a slot only its own (B5)", async () => {
    const failing = batch(
      (items: number[]) => {
        if (items[0] === 0) throw new TypeError("none");
        return items.map((item) => (item === 1 ? new RangeError("one") : item));
      },
      { maxBatchSize: 2 },
    );
    const results = await inside(() => Promise.allSettled([failing(1), failing(2), failing(0), failing(2)]));
    expect(results.map((one) => (one.status === "fulfilled" ? one.value : String(one.reason)))).toEqual([
      "RangeError: one",
      2,
      "TypeError: none",
      "TypeError: none",
    ]);
  });

  it("a typed array is a list", async () => {
    const floats = batch(async (items: number[]) => Float32Array.from(items), { maxBatchSize: 2 });
    expect(await inside(() => Promise.all([floats(1), floats(2)]))).toEqual([1, 2]);
  });
});

describe("a generator", () => {
  const counting = () =>
    batch(
      async function* (items: number[]) {
        for (let step = 0; step < 3; step++) yield items.map((item) => (item <= step ? batch.done : item * 10 + step));
      },
      { maxBatchSize: 2 },
    );
  const collect = async (stream: AsyncIterable<number>): Promise<number[]> => {
    const items: number[] = [];
    for await (const item of stream) items.push(item);
    return items;
  };

  it("gives each caller its own stream, and `batch.done` ends one of them (B6)", async () => {
    const count = counting();
    const streams = inside(() => [count(1), count(5)]);
    expect(await Promise.all(streams.map(collect))).toEqual([[10], [50, 51, 52]]);
  });

  it("fails the callers that still read with what it throws (B6)", async () => {
    const broken = batch(
      async function* (items: number[]) {
        yield items;
        yield items.map((item) => (item === 1 ? batch.done : item));
        throw new Error("late");
      },
      { maxBatchSize: 2 },
    );
    const [one, two] = inside(() => [broken(1), broken(2)]);
    expect(await collect(one as AsyncIterable<number>)).toEqual([1]);
    await expect(collect(two as AsyncIterable<number>)).rejects.toThrow("late");
  });

  it("answers a caller that reads ahead in the order of its reads", async () => {
    const count = counting();
    const stream = inside(() => count(2));
    const reads = [1, 2, 3, 4].map(() => stream.next());
    await runtime.clock.advance(10);
    expect((await Promise.all(reads)).map(({ value }) => value as unknown)).toEqual([20, 21, undefined, undefined]);
  });

  it("that fails tells a caller that reads ahead once", async () => {
    const broken = batch(async function* (items: number[]) {
      yield items;
      throw new Error("late");
    });
    const stream = inside(() => broken(1));
    const reads = Promise.allSettled([1, 2, 3].map(() => stream.next()));
    await runtime.clock.advance(10);
    expect((await reads).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("leaves nothing at its caller's request, however its stream ends", async () => {
    const count = counting();
    const scope = request();
    const [read, left] = runInScope(scope, () => [count(5), count(5)]);
    expect(scope.openCalls).toBe(2);
    await collect(read as AsyncIterable<number>);
    await left?.return?.();
    expect(scope.openCalls).toBe(0);
  });

  it("waits for its slowest reader, and stops when nobody reads (Q7)", async () => {
    let made = 0;
    let ended = false;
    const endless = batch(
      async function* (items: number[]) {
        try {
          for (;;) {
            made++;
            yield items;
          }
        } finally {
          ended = true;
        }
      },
      { maxBatchSize: 1 },
    );
    const reader = inside(() => endless(1));
    await reader.next();
    for (let i = 0; i < 50; i++) await turn();
    expect(made).toBeLessThan(30);
    await reader.return?.();
    await turn();
    expect(ended).toBe(true);
  });
});

describe("a stream of a request", () => {
  const numbers = () =>
    batch(
      async function* (items: number[]) {
        for (;;) yield items;
      },
      { maxBatchSize: 2 },
    );

  it("that nobody reads is given up with the request: the others go on", async () => {
    const stream = numbers();
    const forgetful = request();
    runInScope(forgetful, () => void stream(1));
    const reader = runInScope(request(), () => stream(2));
    await reader.next();
    forgetful.end();
    for (let n = 0; n < 100; n++) expect(await reader.next()).toEqual({ done: false, value: 2 });
  });
});

describe("options", () => {
  it.each<[object, string]>([
    [{ maxBatchSize: 0 }, "maxBatchSize"],
    [{ maxBatchSize: 1.5 }, "maxBatchSize"],
    [{ batchWaitTimeoutS: -1 }, "batchWaitTimeoutS"],
    [{ maxConcurrentBatches: 0 }, "maxConcurrentBatches"],
    [{ targetLatencyS: 0 }, "targetLatencyS"],
    [{ batchSizeFn: 3 }, "batchSizeFn"],
    [{ maxBatch: 3 }, "maxBatch"],
  ])("%j are refused by name (B8)", (options, name) => {
    expect(() => batch(async (items: number[]) => items, options)).toThrow(name);
  });

  it("are checked by the setters, too", () => {
    const { double } = doubling();
    expect(() => double.setMaxBatchSize(0)).toThrow("setMaxBatchSize(size)");
    expect(() => double.setBatchWaitTimeoutS(-1)).toThrow("setBatchWaitTimeoutS(seconds)");
  });

  it("that no request limit lets fill are warned about (B8)", async () => {
    const limited = Object.assign(runtime, { maxOngoingRequests: 5 });
    const { double } = doubling({ maxBatchSize: 8 });
    const result = runWithRuntime(limited, () => double(1));
    await runtime.clock.advance(10);
    await result;
    expect(runtime.records.map(({ event }) => event)).toEqual(["batch.starved"]);
  });
});

it("works without Manta around it", async () => {
  const { double } = doubling({ batchWaitTimeoutS: 0 });
  expect(await Promise.all([double(1), double(2)])).toEqual([2, 4]);
  expect(double.stats()).toMatchObject({ batches: 1, items: 2, meanSize: 2 });
});
