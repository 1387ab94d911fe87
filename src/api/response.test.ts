import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeRuntime, FakeStream } from "../../tests/fixtures/api/fake-runtime.ts";
import { requestFacts } from "../../tests/fixtures/api/request-facts.ts";
import { ReplicaGoneError, ServeError } from "../core/errors.ts";
import { runInScope } from "./globals.ts";
import { createHandle } from "./handle.ts";
import { RequestScope } from "./scope.ts";

interface Model {
  add(...values: number[]): number;
  tokens(count?: number): AsyncIterable<string>;
}

const gone = new ReplicaGoneError({ application: "default", deployment: "Model", replicaId: "abc" });
let runtime: FakeRuntime;
let unhandled: unknown[];
const onUnhandled = (reason: unknown) => void unhandled.push(reason);

beforeEach(() => {
  runtime = new FakeRuntime();
  unhandled = [];
  process.on("unhandledRejection", onUnhandled);
});
afterEach(() => {
  process.off("unhandledRejection", onUnhandled);
  expect(unhandled).toEqual([]);
});

const handleOf = () => createHandle<Model>({ application: "default", deployment: "Model" }, runtime);
const scopeOf = () => new RequestScope(requestFacts({ timeoutS: 3 }), runtime);

async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("a value", () => {
  it("is awaited, also after it came", async () => {
    const response = handleOf().add(1);
    runtime.last.observer.onValue(7);
    expect(await response).toBe(7);
  });

  it("goes through catch and finally", async () => {
    const response = handleOf().add(1);
    runtime.last.observer.onError(gone);
    let ended = false;
    expect(await response.catch((error: unknown) => (error as ServeError).code)).toBe("REPLICA_GONE");
    await expect(response.finally(() => (ended = true))).rejects.toBe(gone);
    expect(ended).toBe(true);
  });

  it("whose bodies still stream is cancelled with its request, and forgotten when they have ended (R5, Q5)", async () => {
    const scope = scopeOf();
    const ended = Promise.withResolvers<void>();
    const [first, second] = runInScope(scope, () => [handleOf().add(1), handleOf().add(2)]);
    runtime.calls[0]?.observer.onValue("page", ended.promise);
    runtime.calls[1]?.observer.onValue("page", new Promise(() => undefined));
    expect([await first, await second, scope.openCalls]).toEqual(["page", "page", 2]);
    ended.resolve();
    await ended.promise;
    expect(scope.openCalls).toBe(1);
    scope.cancel("client left");
    expect(runtime.calls.map(({ cancelled }) => cancelled)).toEqual([[], ["client left"]]);
  });

  it("that is iterated rejects and names the other form", async () => {
    const response = handleOf().add(1) as unknown as AsyncIterable<unknown>;
    runtime.last.observer.onValue([1, 2]);
    await expect(collect(response)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("use `await` instead of `for await`"),
    });
  });
});

describe("a stream", () => {
  it("is iterated", async () => {
    const response = handleOf().tokens();
    runtime.last.observer.onStream(new FakeStream(["a", "b"]));
    expect(await collect(response)).toEqual(["a", "b"]);
  });

  it("that is awaited becomes a plain iterable with cancel and requestId, without then", async () => {
    const response = handleOf().tokens();
    runtime.last.observer.onStream(new FakeStream(["a", "b"]));
    const stream = await (response as unknown as Promise<
      AsyncIterable<string> & { requestId: string; cancel(): void }
    >);
    expect(stream).not.toHaveProperty("then");
    expect(stream.requestId).toBe(response.requestId);
    expect(await collect(stream)).toEqual(["a", "b"]);
  });

  it("is single-use", async () => {
    const response = handleOf().tokens();
    runtime.last.observer.onStream(new FakeStream(["a"]));
    expect(await collect(response)).toEqual(["a"]);
    await expect(collect(response)).rejects.toMatchObject({ message: expect.stringContaining("can be read once") });
  });

  it("that is left early stops its producer", async () => {
    const source = new FakeStream(["a", "b"], undefined, true);
    const response = handleOf().tokens();
    runtime.last.observer.onStream(source);
    for await (const item of response) if (item === "b") break;
    expect(source.cancelled).toBe(1);
  });

  it("fails at its reader in the middle", async () => {
    const response = handleOf().tokens();
    runtime.last.observer.onStream(new FakeStream(["a"], gone));
    await expect(collect(response)).rejects.toBe(gone);
  });

  it("that is cancelled fails at a reader who waits, instead of looking complete (R3)", async () => {
    const response = handleOf().tokens();
    runtime.last.observer.onStream(new FakeStream(["a"], undefined, true));
    const reader = response[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ done: false, value: "a" });
    const next = reader.next();
    response.cancel();
    await expect(next).rejects.toMatchObject({ code: "REQUEST_CANCELLED" });
  });

  it("is cancelled when it is left before its first item", async () => {
    const response = handleOf().tokens();
    await response[Symbol.asyncIterator]().return?.();
    expect(runtime.last.cancelled).toEqual(["caller cancelled"]);
  });
});

describe("cancel", () => {
  it("settles the response and tells the runtime once", async () => {
    const response = handleOf().add(1);
    response.cancel();
    response.cancel();
    runtime.last.observer.onValue(1);
    await expect(response).rejects.toMatchObject({ code: "REQUEST_CANCELLED" });
    expect(runtime.last.cancelled).toEqual(["caller cancelled"]);
  });

  it("does nothing to a response that is answered", async () => {
    const response = handleOf().add(1);
    runtime.last.observer.onValue(1);
    response.cancel();
    expect(await response).toBe(1);
    expect(runtime.last.cancelled).toEqual([]);
  });
});

describe("a failure that nobody looks at", () => {
  it("is logged after a second when no request surrounds it", async () => {
    handleOf().add(1);
    runtime.last.observer.onError(gone);
    await runtime.clock.advance(999);
    expect(runtime.records).toEqual([]);
    await runtime.clock.advance(1);
    expect(runtime.records).toMatchObject([
      {
        level: "warn",
        event: "call.failed_unseen",
        fields: { deployment: "Model", method: "add", code: "REPLICA_GONE" },
      },
    ]);
  });

  it("is not logged when it is awaited in time", async () => {
    const response = handleOf().add(1);
    runtime.last.observer.onError(gone);
    await runtime.clock.advance(500);
    await expect(response).rejects.toBe(gone);
    await runtime.clock.advance(5000);
    expect(runtime.records).toEqual([]);
  });

  it("is logged at the end of its request", () => {
    const scope = scopeOf();
    runInScope(scope, () => handleOf().add(1));
    runtime.last.observer.onError(gone);
    expect(runtime.records).toEqual([]);
    scope.end();
    expect(runtime.records).toMatchObject([{ event: "call.failed_unseen", fields: { requestId: "r1" } }]);
  });

  it("is nothing when the caller cancelled", async () => {
    handleOf().add(1).cancel();
    await runtime.clock.advance(5000);
    expect(runtime.records).toEqual([]);
  });
});

describe("a response as an argument", () => {
  it("is resolved before the call starts", async () => {
    const handle = handleOf();
    const first = handle.add(1);
    const second = handle.add(2);
    const [one, two] = runtime.calls;
    const sum = handle.add(first as unknown as number, 5, second as unknown as number);
    expect(runtime.calls).toHaveLength(2);
    two?.observer.onValue(20);
    one?.observer.onValue(10);
    await expect.poll(() => runtime.calls.length).toBe(3);
    expect(runtime.last.call.args).toEqual([10, 5, 20]);
    runtime.last.observer.onValue(35);
    expect(await sum).toBe(35);
  });

  it("fails the call with its own failure", async () => {
    const handle = handleOf();
    const first = handle.add(1);
    const sum = handle.add(first as unknown as number);
    runtime.last.observer.onError(gone);
    await expect(sum).rejects.toBe(gone);
    expect(runtime.calls).toHaveLength(1);
    await runtime.clock.advance(5000);
    expect(runtime.records).toEqual([]);
  });

  it("never starts a call that was cancelled meanwhile (R4)", async () => {
    const handle = handleOf();
    const first = handle.add(1);
    const sum = handle.add(first as unknown as number);
    sum.cancel();
    runtime.last.observer.onValue(1);
    await expect(sum).rejects.toMatchObject({ code: "REQUEST_CANCELLED" });
    await first;
    expect(runtime.calls).toHaveLength(1);
  });

  it("is waited for no longer than the call's deadline", async () => {
    const handle = handleOf();
    const sum = handle.options({ timeoutS: 2 }).add(handle.add(1) as unknown as number);
    const failure = sum.catch((error: unknown) => error);
    await runtime.clock.advance(2000);
    expect(await failure).toMatchObject({ code: "REQUEST_TIMEOUT", details: { timeoutS: 2 } });
    expect(runtime.clock.pending).toBe(0);
  });

  it("that streams is refused with its path", async () => {
    const handle = handleOf();
    const source = new FakeStream(["a"]);
    const sum = handle.add(1, handle.tokens() as unknown as number);
    runtime.last.observer.onStream(source);
    await expect(sum).rejects.toMatchObject({ code: "SERIALIZATION", details: { path: "args[1]" } });
    expect(source.cancelled).toBe(1);
  });
});

describe("in a request", () => {
  it("cancelling it ends all open calls and streams with the same error", async () => {
    const scope = scopeOf();
    const [value, stream] = runInScope(scope, () => [handleOf().add(1), handleOf().tokens()] as const);
    const source = new FakeStream(["a"], undefined, true);
    runtime.last.observer.onStream(source);
    const reader = stream[Symbol.asyncIterator]();
    await reader.next();
    const next = reader.next();
    scope.cancel("client left");
    await expect(value).rejects.toMatchObject({ code: "REQUEST_CANCELLED", details: { by: "client left" } });
    await expect(next).rejects.toMatchObject({ code: "REQUEST_CANCELLED", details: { by: "client left" } });
    expect(runtime.calls[0]?.cancelled).toEqual(["client left"]);
    expect(source.cancelled).toBe(1);
  });

  it("a call that starts after the cancellation fails at once", async () => {
    const scope = scopeOf();
    scope.cancel("client left");
    const response = runInScope(scope, () => handleOf().add(1));
    await expect(response).rejects.toMatchObject({ code: "REQUEST_CANCELLED" });
    expect(runtime.calls).toHaveLength(0);
  });

  it("its end cancels streams that nobody iterated, and lets other calls finish", async () => {
    const scope = scopeOf();
    const read = new FakeStream(["a", "b"]);
    const unread = new FakeStream(["a"]);
    const late = new FakeStream(["a"]);
    const [stream, , , value] = runInScope(
      scope,
      () => [handleOf().tokens(), handleOf().tokens(), handleOf().tokens(), handleOf().add(1)] as const,
    );
    runtime.calls[0]?.observer.onStream(read);
    runtime.calls[1]?.observer.onStream(unread);
    const reader = stream[Symbol.asyncIterator]();
    await reader.next();
    scope.end();
    runtime.calls[2]?.observer.onStream(late);
    runtime.calls[3]?.observer.onValue(4);
    expect([read.cancelled, unread.cancelled, late.cancelled]).toEqual([0, 1, 1]);
    expect(await reader.next()).toEqual({ done: false, value: "b" });
    expect(await value).toBe(4);
    expect(runtime.calls[3]?.cancelled).toEqual([]);
  });

  it("keeps nothing of calls that are over", async () => {
    const scope = scopeOf();
    const handle = handleOf();
    await runInScope(scope, async () => {
      const value = handle.add(1);
      runtime.last.observer.onValue(1);
      await value;
      const failed = handle.add(1);
      runtime.last.observer.onError(gone);
      await failed.catch(() => undefined);
      const stream = handle.tokens();
      runtime.last.observer.onStream(new FakeStream(["a"]));
      await collect(stream);
    });
    expect(scope.openCalls).toBe(0);
  });
});
