import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { FakeRuntime } from "../../tests/fixtures/api/fake-runtime.ts";
import { requestFacts } from "../../tests/fixtures/api/request-facts.ts";
import { ConfigError } from "../core/errors.ts";
import { runInScope } from "./globals.ts";
import { createHandle, handleRefOf } from "./handle.ts";
import { RequestScope } from "./scope.ts";

class Adder {
  add(value: number) {
    return value;
  }
}

const ref = { application: "default", deployment: "Adder" };
const facts = requestFacts({ route: "/shop", multiplexedModelId: "m1", sessionId: "s1" });

function setUp() {
  const runtime = new FakeRuntime();
  return { runtime, handle: createHandle<Adder>(ref, runtime), nowMs: runtime.clock.now() };
}

describe("a handle", () => {
  it("starts a call at once, and once, with the method's name and arguments", async () => {
    const { runtime, handle } = setUp();
    const response = handle.add(3);
    expect(runtime.calls).toHaveLength(1);
    expect(runtime.last.call).toMatchObject({
      target: ref,
      method: "add",
      args: [3],
      timeoutS: 0,
      deadlineMs: undefined,
    });
    runtime.last.observer.onValue(4);
    expect(await response).toBe(4);
    expect(await response).toBe(4);
    expect(runtime.calls).toHaveLength(1);
  });

  it("is called directly for a function deployment", async () => {
    const { runtime } = setUp();
    const hello = createHandle<(name: string) => string>({ application: "default", deployment: "hello" }, runtime);
    const response = hello("x");
    expect(runtime.last.call).toMatchObject({ method: "__call__", args: ["x"] });
    runtime.last.observer.onValue("hello x");
    expect(await response).toBe("hello x");
  });

  it("carries methods whose names a function has as well", () => {
    const { runtime } = setUp();
    const handle = createHandle<{ call(): void; apply(): void; bind(): void; name(): void; length(): void }>(
      ref,
      runtime,
    );
    handle.call();
    handle.apply();
    handle.bind();
    handle.name();
    handle.length();
    expect(runtime.calls.map(({ call }) => call.method)).toEqual(["call", "apply", "bind", "name", "length"]);
  });

  it("answers symbols, toJSON, constructor and then by itself", async () => {
    const { runtime, handle } = setUp();
    expect(JSON.stringify({ handle })).toBe('{"handle":{"application":"default","deployment":"Adder"}}');
    expect(await (handle as unknown)).toBe(handle);
    expect(handle.constructor).toBe(Function);
    expect(Symbol.iterator in handle).toBe(false);
    expect(runtime.calls).toHaveLength(0);
  });

  it("shows whom it calls", () => {
    const { handle } = setUp();
    expect(inspect(handle)).toBe("Handle(default#Adder)");
    expect(`${handle as unknown as string}`).toBe("Handle(default#Adder)");
    expect(inspect({ nested: handle.options({ timeoutS: 2 }) })).toContain("Handle(default#Adder, { timeoutS: 2 })");
  });

  it("refuses to be written to", () => {
    const { handle } = setUp();
    expect(() => Object.assign(handle, { add: 1 })).toThrow(TypeError);
  });

  it("is recognised as a reference, and nothing else is", () => {
    const { handle } = setUp();
    expect(handleRefOf(handle)).toEqual(ref);
    expect(handleRefOf(handle.options({ timeoutS: 2 }))).toEqual({ ...ref, options: { timeoutS: 2 } });
    expect(handleRefOf({})).toBeUndefined();
  });
});

describe("options", () => {
  it("give each call a deadline of its own", () => {
    const { runtime, handle, nowMs } = setUp();
    handle.options({ timeoutS: 2 }).add(1);
    expect(runtime.last.call).toMatchObject({ deadlineMs: nowMs + 2000, timeoutS: 2 });
  });

  it("are kept where the next ones do not name them", () => {
    const { runtime, handle } = setUp();
    handle.options({ timeoutS: 2 }).options({ signal: new AbortController().signal }).add(1);
    expect(runtime.last.call.timeoutS).toBe(2);
  });

  it("are checked at once, naming path, received and expected", () => {
    const { handle } = setUp();
    const wrong = () => handle.options({ timeoutS: "2" as unknown as number });
    expect(wrong).toThrow(ConfigError);
    expect(wrong).toThrow('handle("default#Adder").options.timeoutS: received "2" (string), expected a number > 0');
  });

  it("cancel the call when the signal aborts", async () => {
    const { runtime, handle } = setUp();
    const caller = new AbortController();
    const response = handle.options({ signal: caller.signal }).add(1);
    caller.abort();
    await expect(response).rejects.toMatchObject({ code: "REQUEST_CANCELLED" });
    expect(runtime.last.cancelled).toEqual(["caller cancelled"]);
  });

  it("start nothing under a signal that aborted before", async () => {
    const { runtime, handle } = setUp();
    const response = handle.options({ signal: AbortSignal.abort() }).add(1);
    await expect(response).rejects.toMatchObject({ code: "REQUEST_CANCELLED" });
    expect(runtime.calls).toHaveLength(0);
  });
});

describe("inside of a request", () => {
  it("calls inherit id, route, session and deadline, and not the model", () => {
    const { runtime, handle, nowMs } = setUp();
    const scope = new RequestScope({ ...facts, deadlineMs: nowMs + 500, timeoutS: 0.5 }, runtime);
    runInScope(scope, () => handle.add(1));
    expect(runtime.last.call).toMatchObject({
      requestId: "r1",
      route: "/shop",
      sessionId: "s1",
      priority: "normal",
      multiplexedModelId: "",
      deadlineMs: nowMs + 500,
      timeoutS: 0.5,
    });
  });

  it("the earlier of both deadlines holds", () => {
    const { runtime, handle, nowMs } = setUp();
    const scope = new RequestScope({ ...facts, deadlineMs: nowMs + 1000, timeoutS: 1 }, runtime);
    runInScope(scope, () => handle.options({ timeoutS: 5 }).add(1));
    expect(runtime.last.call).toMatchObject({ deadlineMs: nowMs + 1000, timeoutS: 1 });
    runInScope(scope, () => handle.options({ timeoutS: 0.1 }).add(1));
    expect(runtime.last.call).toMatchObject({ deadlineMs: nowMs + 100, timeoutS: 0.1 });
  });

  it("outside of one each call has an id of its own", () => {
    const { handle } = setUp();
    const ids = new Set([handle.add(1).requestId, handle.add(2).requestId]);
    expect(ids.size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
