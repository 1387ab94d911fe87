import { describe, expect, it } from "vitest";
import { FakeRuntime, FakeStream } from "../../tests/fixtures/api/fake-runtime.ts";
import { requestFacts } from "../../tests/fixtures/api/request-facts.ts";
import { RequestTimeoutError } from "../core/errors.ts";
import { requestContext } from "./context.ts";
import { runInScope, runWithRuntime } from "./globals.ts";
import { RequestScope } from "./scope.ts";
import { sse } from "./sse.ts";

describe("sse", () => {
  it("answers with the type of an event stream that nobody caches", () => {
    const { headers } = sse([]);
    expect(headers.get("content-type")).toBe("text/event-stream");
    expect(headers.get("cache-control")).toBe("no-cache");
  });

  it("sends strings as they are, line by line, and other values as JSON", async () => {
    const response = sse(["one", "two\nlines\r\nthree\rfour", { a: 1 }, null, 5, ""]);
    expect(await response.text()).toBe(
      'data: one\n\ndata: two\ndata: lines\ndata: three\ndata: four\n\ndata: {"a":1}\n\ndata: null\n\ndata: 5\n\ndata: \n\n',
    );
  });

  it("gives events a name, an id and a retry time", async () => {
    const events = [sse.event({ event: "done", id: "7", retry: 100, data: { n: 1 } }), sse.event({ id: "8" })];
    expect(await sse(events).text()).toBe('event: done\nid: 7\nretry: 100\ndata: {"n":1}\n\nid: 8\n\n');
  });

  it("refuses fields that would break the stream", () => {
    expect(() => sse.event({ event: "a\nb" })).toThrow(
      'sse.event(...).event: received "a\\nb", expected a string of one line',
    );
    expect(() => sse.event({ id: "a\r" })).toThrow("sse.event(...).id");
    expect(() => sse.event({ retry: 1.5 })).toThrow("sse.event(...).retry");
  });

  it("refuses what is no iterable and what are no fields, where it is called", () => {
    expect(() => sse(undefined as never)).toThrow("sse(...): received undefined, expected an iterable");
    expect(() => sse("text")).toThrow('sse(...): received "text" (string), expected an iterable');
    expect(() => sse.event(undefined as never)).toThrow("sse.event(...): received undefined, expected an object");
  });

  it("ends with an error event when the iterable throws, and logs it (R3)", async () => {
    const runtime = new FakeRuntime();
    const response = runWithRuntime(runtime, () =>
      sse(
        (async function* () {
          yield "one";
          throw new Error("boom");
        })(),
      ),
    );
    expect(await response.text()).toBe('data: one\n\nevent: error\ndata: {"message":"boom"}\n\n');
    expect(runtime.records).toMatchObject([{ level: "error", event: "sse.failed" }]);
  });

  it("says what cannot be sent", async () => {
    expect(await runWithRuntime(new FakeRuntime(), () => sse([undefined])).text()).toContain("event: error");
  });

  it("sends a comment every 15 s while the iterable is silent and somebody reads (R2)", async () => {
    const runtime = new FakeRuntime();
    const source = new FakeStream(["one"], undefined, true);
    const reader = runWithRuntime(runtime, () => sse(source)).body?.getReader();
    const read = async () => new TextDecoder().decode((await reader?.read())?.value);
    expect(await read()).toBe("data: one\n\n");
    const next = read();
    await runtime.clock.advance(15_000);
    expect(await next).toBe(": keep-alive\n\n");
    await runtime.clock.advance(60_000); // nobody reads
    const after = read();
    source.cancel();
    expect(await after).toBe("");
    expect(runtime.clock.pending).toBe(0);
  });

  it("keeps an event that comes between two reads", async () => {
    const runtime = new FakeRuntime();
    const { promise, resolve } = Promise.withResolvers<string>();
    const events = async function* () {
      yield await promise;
      yield "two";
    };
    const reader = runWithRuntime(runtime, () => sse(events())).body?.getReader();
    const read = async () => new TextDecoder().decode((await reader?.read())?.value);
    const comment = read();
    await runtime.clock.advance(15_000);
    expect(await comment).toBe(": keep-alive\n\n");
    resolve("one");
    await runtime.clock.advance(0);
    expect([await read(), await read(), await read()]).toEqual(["data: one\n\n", "data: two\n\n", ""]);
    expect(runtime.clock.pending).toBe(0);
  });

  it("stops the iterable when the reader leaves (R1)", async () => {
    const runtime = new FakeRuntime();
    const source = new FakeStream(["one"], undefined, true);
    const reader = runWithRuntime(runtime, () => sse(source)).body?.getReader();
    await reader?.read();
    const pending = reader?.read();
    await reader?.cancel();
    expect(source.cancelled).toBe(1);
    expect(await pending).toMatchObject({ done: true });
    expect(runtime.clock.pending).toBe(0);
  });

  it("asks for nothing before somebody reads (R1)", async () => {
    let asked = 0;
    const response = sse(
      (function* () {
        asked++;
        yield "one";
      })(),
    );
    await Promise.resolve();
    expect(asked).toBe(0);
    await response.text();
    expect(asked).toBe(1);
  });

  it("runs the iterable inside of its request, whoever pulls", async () => {
    const scope = new RequestScope(requestFacts(), new FakeRuntime());
    const response = runInScope(scope, () =>
      sse(
        (async function* () {
          yield requestContext().requestId;
        })(),
      ),
    );
    expect(await response.text()).toBe("data: r1\n\n");
  });

  it("breaks instead of ending when the request's own deadline passed, though a nested call said so first (Q4)", async () => {
    const runtime = new FakeRuntime();
    const deadlineMs = runtime.clock.now() + 1000;
    const timeout = new RequestTimeoutError({ requestId: "r1", timeoutS: 1 });
    const answered = (): Response =>
      sse(
        (async function* () {
          yield "one";
          throw timeout;
        })(),
      );
    const inTime = runInScope(new RequestScope(requestFacts({ deadlineMs }), runtime), answered);
    expect(await inTime.text()).toContain("event: error");
    await runtime.clock.advance(1000);
    const late = runInScope(new RequestScope(requestFacts({ deadlineMs }), runtime), answered);
    await expect(late.text()).rejects.toBe(timeout);
    expect(runtime.clock.pending).toBe(0);
  });
});
