import { describe, expect, it } from "vitest";
import { requestContext } from "../api/context.ts";
import { codeOf, serveOne as serve, type Methods } from "../../tests/fixtures/replica/serve-one.ts";

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

  it("cancels an argument's body that the code left unread, at its source", async () => {
    class Model {
      ignore() {
        return "done";
      }
    }
    const { handle, clock } = await serve(Model);
    let reason: unknown;
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(50_000)),
      cancel: (given) => void (reason = given),
    });
    expect(await handle["ignore"]?.(new Request("http://a/", { method: "POST", body, duplex: "half" }))).toBe("done");
    await clock.advance(1);
    expect(reason).toMatchObject({ code: "REQUEST_CANCELLED" });
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
      get model(): () => void {
        throw new Error("not loaded");
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

  it("names a body that yields no bytes, instead of sending something else, and closes its source", async () => {
    let closed = false;
    class Model {
      text() {
        return {
          page: new Response(
            new ReadableStream({ start: (c) => c.enqueue("123" as never), cancel: () => void (closed = true) }),
          ),
        };
      }
    }
    const { handle, ended, clock } = await serve(Model);
    const { page } = (await (handle["text"] as Methods[string])()) as { page: Response };
    await expect(page.text()).rejects.toMatchObject({ code: "SERIALIZATION", details: { path: "result.page" } });
    await clock.advance(1);
    expect([closed, ended]).toEqual([true, ["SERIALIZATION"]]);
  });

  it("ends the call when the last body that is wanted has ended, though another was cancelled before (Q5)", async () => {
    let closed = false;
    class Model {
      both() {
        const endless = new ReadableStream({
          pull: (c) => c.enqueue(new Uint8Array(1000)),
          cancel: () => void (closed = true),
        });
        return { endless: new Response(endless), page: new Response("x".repeat(300_000)) };
      }
    }
    const { handle, replica, clock } = await serve(Model);
    const { endless, page } = (await (handle["both"] as Methods[string])()) as { endless: Response; page: Response };
    await endless.body?.cancel();
    expect((await page.text()).length).toBe(300_000);
    await clock.advance(1);
    await clock.advance(1);
    expect([closed, replica.ongoing]).toEqual([true, 0]);
  });

  it("runs the code of bodies, of the signal's listeners and of clean-up in the request", async () => {
    const seen: Record<string, string> = {};
    const note = (place: string) => void (seen[place] = requestContext().requestId);
    class Model {
      body() {
        requestContext().signal.addEventListener("abort", () => note("listener"));
        const pull = (c: ReadableStreamDefaultController) => {
          note("pull");
          c.enqueue(new Uint8Array(100_000));
        };
        return [
          "x".repeat(400_000),
          new Response(new ReadableStream({ pull, cancel: () => note("cancel") }, { highWaterMark: 0 })),
        ];
      }
      async *items() {
        try {
          for (;;) yield "x".repeat(10_000);
        } finally {
          note("finally");
        }
      }
    }
    const { handle, clock } = await serve(Model);
    const response = (handle["body"] as Methods[string])();
    const [, page] = (await response) as [string, Response];
    const reader = (page.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await reader.cancel();
    const items = (handle["items"] as Methods[string])();
    for await (const _ of items) break;
    await clock.advance(1);
    await clock.advance(1);
    const id = response.requestId;
    expect(seen).toEqual({ pull: id, listener: id, cancel: id, finally: items.requestId });
  });

  it("ends a body that still streams at the call's deadline (Q4)", async () => {
    let closed = false;
    class Model {
      page() {
        const pull = (c: ReadableStreamDefaultController) => c.enqueue(new Uint8Array(200_000));
        return new Response(new ReadableStream({ pull, cancel: () => void (closed = true) }));
      }
    }
    const { handle, replica, clock } = await serve(Model);
    const within = (handle as unknown as { options(o: object): typeof handle }).options({ timeoutS: 1 });
    const page = (await within["page"]?.()) as Response;
    const reader = (page.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await clock.advance(1000);
    const rest = async () => {
      for (;;) await reader.read();
    };
    expect(await codeOf(rest())).toBe("REQUEST_TIMEOUT");
    await clock.advance(1);
    expect([closed, replica.ongoing, clock.pending]).toEqual([true, 0, 0]);
  });

  it("answers whatever is thrown, and lives on", async () => {
    const evil = new Proxy(new Error("x"), {
      get: () => {
        throw new Error("no");
      },
    });
    const thrown = [null, Symbol("s"), evil, Object.assign(new Error("x"), { name: Symbol("n") }), Object.freeze({})];
    class Model {
      fail(index: number) {
        AbortSignal.abort(thrown[index]).throwIfAborted(); // the one way to throw it that lint lets pass
      }
      async failLater(index: number) {
        AbortSignal.abort(thrown[index]).throwIfAborted();
      }
    }
    const { handle, replica } = await serve(Model);
    for (const index of thrown.keys()) {
      expect(await codeOf(handle["fail"]?.(index) as Promise<unknown>)).toMatch(/USER_CODE|INTERNAL/);
      expect(await codeOf(handle["failLater"]?.(index) as Promise<unknown>)).toMatch(/USER_CODE|INTERNAL/);
    }
    expect(replica.ongoing).toBe(0);
  });
});
