import { afterEach, describe, expect, it } from "vitest";
import { deployment, replicaContext, requestContext, sse, type Handle } from "../index.ts";
import { ManualClock, runInMemory, type InMemoryInstance } from "./index.ts";

const open: InMemoryInstance<never>[] = [];
afterEach(async () => {
  for (const instance of open.splice(0)) await instance.close();
});
async function run<T>(...args: Parameters<typeof runInMemory<T>>): Promise<InMemoryInstance<T>> {
  const instance = await runInMemory<T>(...args);
  open.push(instance as never);
  return instance;
}

class Adder {
  readonly #by: number;
  constructor(by: number) {
    this.#by = by;
  }
  add(value: number) {
    return value + this.#by;
  }
}

class Ingress {
  readonly #a: Handle<Adder>;
  readonly #b: Handle<Adder>;
  constructor(a: Handle<Adder>, b: Handle<Adder>) {
    this.#a = a;
    this.#b = b;
  }
  async fetch(request: Request) {
    const { val } = (await request.json()) as { val: number };
    return { result: await this.#a.add(this.#b.add(val)), id: requestContext().requestId };
  }
  who() {
    return replicaContext().deployment;
  }
}

const AdderD = deployment(Adder, { numReplicas: 2 });
const app = deployment(Ingress).bind(AdderD.bind(1), AdderD.bind(10));

describe("runInMemory", () => {
  it("composes deployments, over the handle and over fetch", async () => {
    const { handle, fetch, status } = await run(app);
    const answer = await fetch(
      new Request("http://x/", { method: "POST", body: '{"val":5}', headers: { "x-request-id": "mine" } }),
    );
    expect(await answer.json()).toEqual({ result: 16, id: "mine" });
    expect(answer.headers.get("x-request-id")).toBe("mine");
    expect(await handle.who()).toBe("Ingress");
    const { applications } = await status();
    expect(applications["default"]?.status).toBe("RUNNING");
    expect(Object.keys(applications["default"]?.deployments ?? {})).toEqual(["Adder", "Adder_1", "Ingress"]);
    expect(applications["default"]?.deployments["Adder"]?.replicas).toHaveLength(2);
  });

  it("answers errors as the proxy would (RT8)", async () => {
    class Broken {
      fetch() {
        throw new Error("secret");
      }
    }
    const { fetch } = await run(deployment(Broken).bind(), { routePrefix: "/api" });
    const failed = await fetch("/api/x");
    expect([failed.status, await failed.text()]).toEqual([500, "Internal Server Error"]);
    expect((await fetch("/other")).status).toBe(404);
  });

  it("rejects with the user's error when a constructor throws, and leaves nothing behind", async () => {
    class Bad {
      constructor() {
        throw new TypeError("no weights");
      }
    }
    await expect(runInMemory(deployment(Bad).bind(), { routePrefix: null })).rejects.toMatchObject({
      code: "DEPLOY_FAILED",
      message: expect.stringContaining("TypeError: no weights"),
    });
  });

  it("streams, and tells the code when the reader leaves", async () => {
    let left = false;
    class Streamer {
      fetch() {
        requestContext().signal.addEventListener("abort", () => (left = true));
        return sse(
          (async function* () {
            for (let n = 0; ; n++) yield { n };
          })(),
        );
      }
    }
    const { fetch } = await run(deployment(Streamer).bind());
    const response = await fetch("/");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('data: {"n":0}');
    await reader.cancel();
    await expect.poll(() => left).toBe(true);
  });

  it("answers without a body where HTTP has none, and stops a stream that nobody gets", async () => {
    let closed = 0;
    class Bodiless {
      fetch(request: Request) {
        if (request.method !== "HEAD") return new Response(null, { status: 205 });
        const pull = (c: ReadableStreamDefaultController) => c.enqueue(new Uint8Array(1000));
        return new Response(new ReadableStream({ pull, cancel: () => void closed++ }));
      }
    }
    const { fetch } = await run(deployment(Bodiless).bind());
    const empty = await fetch("/");
    expect([empty.status, await empty.text()]).toEqual([205, ""]);
    const head = await fetch(new Request("http://x/", { method: "HEAD" }));
    expect([head.status, head.body]).toEqual([200, null]);
    await expect.poll(() => closed).toBe(1);
  });

  it("rejects a request whose signal aborts, as every fetch does, and cancels it (Q5)", async () => {
    const seen: string[] = [];
    class Slow {
      async fetch(request: Request) {
        seen.push("began");
        await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
        seen.push("aborted");
      }
    }
    const { fetch } = await run(deployment(Slow).bind());
    const controller = new AbortController();
    const answer = fetch(new Request("http://x/", { signal: controller.signal }));
    await expect.poll(() => seen).toEqual(["began"]);
    controller.abort(new Error("left"));
    await expect(answer).rejects.toThrow("left");
    await expect.poll(() => seen).toEqual(["began", "aborted"]);
    await expect(fetch(new Request("http://x/", { signal: controller.signal }))).rejects.toThrow("left");
  });

  it("fails calls after close instead of letting them wait for ever", async () => {
    class Echo {
      echo(value: number) {
        return value;
      }
    }
    const { handle, close } = await runInMemory(deployment(Echo).bind(), { routePrefix: null });
    expect(await handle.echo(1)).toBe(1);
    await close();
    await expect(handle.echo(2)).rejects.toMatchObject({ code: "DEPLOYMENT_UNAVAILABLE" });
  });

  it("moves only as its clock is moved", async () => {
    const clock = new ManualClock();
    class Slow {
      async work() {
        await new Promise((resolve) => requestContext().signal.addEventListener("abort", resolve));
      }
    }
    const { handle } = await run(deployment(Slow).bind(), { clock, routePrefix: null });
    let code = "";
    const call = handle
      .options({ timeoutS: 30 })
      .work()
      .catch((error: { code: string }) => void (code = error.code));
    await clock.advance(29_000);
    expect(code).toBe("");
    await clock.advance(2000);
    await call;
    expect(code).toBe("REQUEST_TIMEOUT");
  });

  it("closes though code goes on and time stands still", async () => {
    class Stubborn {
      work() {
        return new Promise(() => undefined);
      }
    }
    const instance = await runInMemory(deployment(Stubborn).bind(), { clock: new ManualClock(), routePrefix: null });
    const failed = instance.handle.work().then(
      () => "answered",
      (error: { code: string }) => error.code,
    );
    await instance.close();
    expect(await failed).toBe("REPLICA_GONE");
  });

  it("refuses what cannot cross, though nothing leaves the process (R1)", async () => {
    class Echo {
      echo(value: unknown) {
        return value;
      }
    }
    const { handle } = await run(deployment(Echo).bind(), { routePrefix: null });
    await expect(handle.echo({ deep: [new Adder(1)] })).rejects.toMatchObject({
      code: "SERIALIZATION",
      details: { path: "args[0].deep[0]" },
    });
  });
});
