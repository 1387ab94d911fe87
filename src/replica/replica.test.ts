import { describe, expect, it } from "vitest";
import { createHandle, handleRefOf } from "../api/handle.ts";
import { deployment } from "../api/deployment.ts";
import { requestContext } from "../api/context.ts";
import { store } from "../api/globals.ts";
import { ManualClock } from "../core/clock.ts";
import { isServeError } from "../core/errors.ts";
import { silentLogger } from "../core/logger.ts";
import { seededRandom } from "../core/random.ts";
import { encodeToBytes, plainHooks } from "../protocol/values.ts";
import { resolveOptions } from "../config/check-options.ts";
import type { DeploymentOptions } from "../config/options.generated.ts";
import type { HttpCall } from "../model/call.ts";
import { CallClient } from "../router/call-client.ts";
import { MemoryTransport } from "../transport/memory-transport.ts";
import { Replica } from "./replica.ts";

/** Any method, as a response and as a stream. */
type Methods = Record<string, (...args: unknown[]) => Promise<unknown> & AsyncIterable<unknown>>;
type Code = abstract new (...args: never[]) => object;

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
  chunks: number;
  error?: string;
}

/** One replica and one caller in this process, joined by the in-memory transport. */
async function serve(Class: Code, options: DeploymentOptions = {}) {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const random = seededRandom(1);
  const door = { kind: "memory", name: "replica" } as const;
  const target = { application: "app", deployment: "Model" };
  const surroundings = { clock, random, logger: silentLogger };
  const handles = { refOf: handleRefOf, revive: () => undefined };
  const self = { role: "driver", id: "test", epoch: 0 } as const;
  const client = new CallClient({
    ...surroundings,
    handles,
    want: () => undefined,
    dial: (address) => transport.dial(address, self),
  });
  const ended: string[] = [];
  let drained = false;
  const replica = new Replica({
    replicaId: "r1",
    clock,
    runtime: { ...surroundings, startCall: (call, observer) => client.startCall(call, observer) },
    loadCode: async () => {
      deployment(Class, { name: "Model" });
      return {
        name: "Model",
        kind: "class",
        target: Class,
        place: store.registry.named("Model")[0]?.place ?? { file: "", line: 0 },
      };
    },
    recorder: () =>
      ({
        ended: (_call: unknown, outcome: { error: { code: string } | undefined }) =>
          void ended.push(outcome.error?.code ?? "OK"),
      }) as never,
    prepare: () => undefined,
    onChanged: () => undefined,
    onDrained: () => void (drained = true),
  });
  await transport.listen(door, { role: "replica", id: "r1", epoch: 1 }, (connection) => replica.accept(connection));
  const resolved = resolveOptions("deployment", options);
  await replica.load({
    application: "app",
    spec: {
      name: "Model",
      registeredName: "Model",
      kind: "class",
      entry: { file: "", exportName: null, args: null },
      initArgs: encodeToBytes([], plainHooks, "init"),
      input: options,
      options: resolved,
    },
    isIngress: false,
    exposed: false,
    codeVersion: "v1",
    rank: 0,
    worldSize: 1,
  });
  const replicas = [{ id: "r1", address: door, node: "local", suspect: false }];
  const targets = {
    ...target,
    unavailable: null,
    maxOngoingRequests: resolved.maxOngoingRequests,
    maxQueuedRequests: resolved.maxQueuedRequests,
    replicas,
  };
  client.applyTargets(targets);
  await clock.advance(0); // the caller connects
  const runtime = { ...surroundings, replica: undefined, startCall: client.startCall.bind(client) };
  const handle = createHandle<unknown>(target, runtime) as unknown as Methods;
  const http = (body = "", more: Partial<HttpCall> = {}) => {
    const answer: Answer = { status: 0, headers: {}, body: "", chunks: 0 };
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const text = (bytes: Uint8Array): void => {
      if (bytes.length > 0) answer.chunks++;
      answer.body += new TextDecoder().decode(bytes);
    };
    const call: HttpCall = {
      target,
      method: "fetch",
      requestId: "req-1",
      deadlineMs: undefined,
      timeoutS: 0,
      route: "/",
      multiplexedModelId: "",
      sessionId: "",
      verb: body === "" ? "GET" : "POST",
      url: "http://test/path?q=1",
      headers: ["x-test", "1"],
      body: new TextEncoder().encode(body),
      bodyFollows: false,
      keepRunning: false,
      ...more,
    };
    const outgoing = client.startHttp(call, {
      onResponse(status, _text, headers, bytes, last) {
        answer.status = status;
        for (let i = 0; i < headers.length; i += 2) answer.headers[headers[i] as string] = headers[i + 1] as string;
        text(bytes);
        if (last) resolve(answer);
      },
      onChunk(bytes) {
        text(bytes);
        outgoing.consumed(bytes.length);
      },
      onEnd: () => resolve(answer),
      onError: (error) => resolve({ ...answer, error: error.code }),
      onWritable: () => undefined,
    });
    return { answer: promise, outgoing };
  };
  return { clock, client, replica, handle, http, ended, targets, isDrained: () => drained };
}

async function codeOf(call: PromiseLike<unknown>): Promise<string> {
  try {
    await call;
    return "OK";
  } catch (error) {
    return isServeError(error) ? error.code : String(error);
  }
}

describe("values through a replica", () => {
  it("returns what the method returns, sync or async", async () => {
    class Model {
      add(a: number, b: number) {
        return a + b;
      }
      async later(text: string) {
        return `later ${text}`;
      }
      nothing() {
        return undefined;
      }
    }
    const { handle } = await serve(Model);
    expect(await handle["add"]?.(1, 2)).toBe(3);
    expect(await handle["later"]?.("x")).toBe("later x");
    expect(await handle["nothing"]?.()).toBeUndefined();
  });

  it("carries arguments and results larger than a frame's inline part", async () => {
    class Model {
      echo(value: unknown) {
        return value;
      }
    }
    const { handle } = await serve(Model);
    const big = "x".repeat(1_000_000);
    expect(await handle["echo"]?.(big)).toBe(big);
    const bytes = new Uint8Array(700_000).fill(7);
    expect(await handle["echo"]?.(bytes)).toEqual(bytes);
  });

  it("streams what a generator yields, larger than a chunk too", async () => {
    class Model {
      async *count(n: number) {
        for (let i = 0; i < n; i++) yield i;
      }
      *big() {
        yield "a".repeat(200_000);
        yield "end";
      }
    }
    const { handle } = await serve(Model);
    const items: unknown[] = [];
    for await (const item of handle["count"]?.(1000) ?? []) items.push(item);
    expect(items.length).toBe(1000);
    expect(items.at(-1)).toBe(999);
    const sizes: number[] = [];
    for await (const item of handle["big"]?.() ?? []) sizes.push(String(item).length);
    expect(sizes).toEqual([200_000, 3]);
  });

  it("stops the producer when the reader leaves, and holds at most a window for a slow one (Q5, Q7)", async () => {
    let yielded = 0;
    let closed = false;
    class Model {
      async *forever() {
        try {
          for (;;) {
            yielded++;
            yield "x".repeat(1000);
          }
        } finally {
          closed = true;
        }
      }
    }
    const { handle, ended, clock } = await serve(Model);
    for await (const _ of handle["forever"]?.() ?? []) break;
    await clock.advance(10);
    await clock.advance(10);
    expect(closed).toBe(true);
    expect(yielded).toBeLessThan(400);
    expect(ended).toEqual(["REQUEST_CANCELLED"]);
  });

  it("passes Request and Response values with streamed bodies", async () => {
    class Model {
      async upper(request: Request) {
        return new Response((await request.text()).toUpperCase(), { headers: { "x-url": request.url } });
      }
    }
    const { handle } = await serve(Model);
    const response = (await handle["upper"]?.(
      new Request("http://a/b", { method: "POST", body: "hello ".repeat(20_000) }),
    )) as Response;
    expect(response.headers.get("x-url")).toBe("http://a/b");
    expect((await response.text()).length).toBe(120_000);
  });

  it("stops a returned body at its source when its reader cancels it (Q5)", async () => {
    let closed = false;
    class Model {
      body() {
        return new Response(
          new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(10_000)), cancel: () => void (closed = true) }),
        );
      }
    }
    const { handle, replica, clock } = await serve(Model);
    const response = (await handle["body"]?.()) as Response;
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    expect(replica.ongoing).toBe(1);
    await reader.cancel();
    await clock.advance(1);
    expect(closed).toBe(true);
    expect(replica.ongoing).toBe(0);
  });

  it("keeps the bodies of a value that is itself larger than a frame", async () => {
    class Model {
      both() {
        return { big: "x".repeat(500_000), response: new Response("tail ".repeat(50_000)) };
      }
    }
    const { handle } = await serve(Model);
    const { big, response } = (await (handle["both"] as Methods[string])()) as { big: string; response: Response };
    expect(big.length).toBe(500_000);
    expect((await response.text()).length).toBe(250_000);
  });

  it("names callable methods when one does not exist, and hides lifecycle methods", async () => {
    class Model {
      setup() {}
      fetch() {
        return 1;
      }
    }
    const { handle } = await serve(Model);
    await expect(handle["nope"]?.()).rejects.toMatchObject({
      code: "METHOD_NOT_FOUND",
      details: { callable: ["fetch"] },
    });
    expect(await codeOf(handle["setup"]?.() as Promise<unknown>)).toBe("METHOD_NOT_FOUND");
    expect(await codeOf(handle["hasOwnProperty"]?.("x") as Promise<unknown>)).toBe("METHOD_NOT_FOUND");
  });

  it("wraps what user code throws once, with its fields", async () => {
    class Model {
      fail() {
        throw Object.assign(new RangeError("too far"), { limit: 3 });
      }
    }
    const { handle } = await serve(Model);
    await expect(handle["fail"]?.()).rejects.toMatchObject({
      code: "USER_CODE",
      message: "Model.fail: RangeError: too far",
      cause: { name: "RangeError", limit: 3 },
    });
  });
});

describe("limits", () => {
  it("runs at most maxOngoingRequests and serves the rest in order (Q1, P1)", async () => {
    const order: number[] = [];
    let running = 0;
    let most = 0;
    class Model {
      async work(i: number) {
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
        order.push(i);
      }
    }
    const { handle } = await serve(Model, { maxOngoingRequests: 2 });
    await Promise.all(Array.from({ length: 10 }, (_, i) => (handle["work"] as Methods[string])(i)));
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("refuses at once when the caller's queue is full (Q2)", async () => {
    const gate = Promise.withResolvers<void>();
    class Model {
      async work() {
        await gate.promise;
      }
    }
    const { handle } = await serve(Model, { maxOngoingRequests: 1, maxQueuedRequests: 1 });
    const first = handle["work"]?.();
    const second = handle["work"]?.();
    await expect(handle["work"]?.()).rejects.toMatchObject({ code: "BACK_PRESSURE", details: { queued: 1, limit: 1 } });
    gate.resolve();
    await Promise.all([first, second]);
  });

  it("ends a call at its deadline, queued or running, and aborts its signal (Q4, Q5)", async () => {
    const aborted: string[] = [];
    class Model {
      async work() {
        const { signal } = requestContext();
        await new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => {
            aborted.push(signal.reason.code);
            resolve();
          }),
        );
      }
    }
    const { handle, clock, ended } = await serve(Model, { maxOngoingRequests: 1 });
    const within = (timeoutS: number) =>
      (handle as unknown as { options(o: object): typeof handle }).options({ timeoutS });
    const running = codeOf(within(1)["work"]?.() as Promise<unknown>);
    const queued = codeOf(within(0.5)["work"]?.() as Promise<unknown>);
    await clock.advance(600);
    expect(await queued).toBe("REQUEST_TIMEOUT");
    expect(aborted).toEqual([]);
    await clock.advance(600);
    expect(await running).toBe("REQUEST_TIMEOUT");
    await clock.advance(1);
    expect(aborted).toEqual(["REQUEST_TIMEOUT"]);
    expect(ended).toEqual(["REQUEST_TIMEOUT"]);
  });
});

describe("HTTP through a replica", () => {
  class Ingress {
    async fetch(request: Request): Promise<unknown> {
      const { pathname } = new URL(request.url);
      const body = request.method === "POST" ? await request.text() : "";
      switch (body) {
        case "json":
          return { a: 1, d: new Date(0), u: undefined, n: NaN };
        case "null":
          return null;
        case "bytes":
          return new Uint8Array([104, 105]);
        case "none":
          return undefined;
        case "response":
          return new Response("made", { status: 201, headers: { "x-a": "b" } });
        case "map":
          return { users: [new Map()] };
        case "stream":
          return (async function* () {
            yield "a";
            yield "b";
          })();
        case "badstream":
          return (async function* () {
            yield "a";
            yield 5;
          })();
        case "throw":
          throw new Error("boom");
        default:
          return `${request.method} ${pathname} ${request.headers.get("x-test")}`;
      }
    }
  }

  it("converts what the ingress returns (api.md)", async () => {
    const { http } = await serve(Ingress);
    const ask = async (body: string) => http(body).answer;
    expect(await ask("")).toMatchObject({
      status: 200,
      body: "GET /path 1",
      headers: { "content-type": "text/plain; charset=utf-8" },
    });
    expect(await ask("json")).toMatchObject({
      body: '{"a":1,"d":"1970-01-01T00:00:00.000Z","n":null}',
      headers: { "content-type": "application/json" },
    });
    expect(await ask("null")).toMatchObject({ status: 200, body: "null" });
    expect(await ask("bytes")).toMatchObject({ body: "hi", headers: { "content-type": "application/octet-stream" } });
    expect(await ask("none")).toMatchObject({ status: 204, body: "" });
    expect(await ask("response")).toMatchObject({ status: 201, body: "made", headers: { "x-a": "b" } });
    expect(await ask("stream")).toMatchObject({
      status: 200,
      body: "ab",
      headers: { "content-type": "text/plain; charset=utf-8" },
    });
    expect(await ask("map")).toMatchObject({ error: "SERIALIZATION" });
    expect(await ask("badstream")).toMatchObject({ status: 200, error: "SERIALIZATION" });
    expect(await ask("throw")).toMatchObject({ error: "USER_CODE" });
  });

  it("frees the slot of a call whose caller leaves while its large answer waits for credit (Q5, Q7)", async () => {
    class Model {
      fetch() {
        return "x".repeat(2_000_000);
      }
      async *items() {
        for (let i = 0; i < 100; i++) yield "x".repeat(50_000);
      }
    }
    const { replica, clock, client, targets } = await serve(Model, { maxOngoingRequests: 10 });
    const envelope = {
      target: targets,
      requestId: "r",
      deadlineMs: undefined,
      timeoutS: 0,
      route: "/",
      multiplexedModelId: "",
      sessionId: "",
    };
    const ignore = {
      onResponse() {},
      onChunk() {},
      onEnd() {},
      onError() {},
      onWritable() {},
      onValue() {},
      onStream() {},
    };
    const http = client.startHttp(
      {
        ...envelope,
        method: "fetch",
        verb: "GET",
        url: "http://t/",
        headers: [],
        body: new Uint8Array(),
        bodyFollows: false,
        keepRunning: false,
      },
      ignore,
    );
    const calls = ["items"].map((method) => client.startCall({ ...envelope, method, args: [] }, ignore));
    await clock.advance(1);
    expect(replica.ongoing).toBe(2);
    for (const call of [http, ...calls]) call.cancel("client left");
    await clock.advance(1);
    await clock.advance(1);
    expect(replica.ongoing).toBe(0);
  });

  it("streams an upload of any size with back-pressure", async () => {
    class Counter {
      async fetch(request: Request) {
        let bytes = 0;
        for await (const piece of request.body ?? []) bytes += piece.length;
        return String(bytes);
      }
    }
    const { http } = await serve(Counter);
    const { answer, outgoing } = http("x".repeat(1000), { bodyFollows: true });
    for (let i = 0; i < 100; i++) outgoing.writeBody(new Uint8Array(50_000));
    outgoing.endBody();
    expect((await answer).body).toBe(String(1000 + 100 * 50_000));
  });
});

describe("drain (D5)", () => {
  it("finishes what was accepted, rejects the rest, then ends", async () => {
    const gate = Promise.withResolvers<string>();
    class Model {
      async work() {
        return gate.promise;
      }
    }
    const { handle, replica, isDrained, clock } = await serve(Model);
    const running = handle["work"]?.();
    await clock.advance(1);
    replica.drain();
    await clock.advance(1);
    expect(isDrained()).toBe(false);
    gate.resolve("done");
    expect(await running).toBe("done");
    await clock.advance(1);
    expect(isDrained()).toBe(true);
  });

  it("is done at once when idle", async () => {
    class Model {
      work() {
        return 1;
      }
    }
    const { replica, isDrained, clock, handle } = await serve(Model);
    await handle["work"]?.();
    replica.drain();
    await clock.advance(1);
    expect(isDrained()).toBe(true);
  });
});
