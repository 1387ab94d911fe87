import { describe, expect, it } from "vitest";
import { envelopeOf } from "../router/testing/call-envelope.ts";
import { serveOne as serve } from "../../tests/fixtures/replica/serve-one.ts";

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
    const envelope = envelopeOf({ target: targets, route: "/" });
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
        upgrade: false,
        keepRunning: false,
        client: "",
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

  it("sends the head of an event stream before its first event, of other streams with their first piece", async () => {
    class Model {
      fetch(request: Request) {
        const body = new ReadableStream({
          pull: () => new Promise<void>((_, reject) => request.signal.addEventListener("abort", reject)),
        });
        return new Response(body, { headers: { "content-type": request.headers.get("accept") ?? "" } });
      }
    }
    const { client, clock, targets } = await serve(Model);
    const headsOf = async (accept: string): Promise<unknown[]> => {
      const heads: unknown[] = [];
      const ask = { verb: "GET", url: "http://t/", headers: ["accept", accept], body: new Uint8Array(), client: "" };
      const rest = { method: "fetch", bodyFollows: false, upgrade: false, keepRunning: false };
      const observer = {
        onResponse: (status: number, _: string, headers: readonly string[]) => heads.push(status, headers),
      };
      const ignore = { onChunk() {}, onEnd() {}, onError() {}, onWritable() {} };
      const call = client.startHttp(
        { ...envelopeOf({ target: targets }), ...ask, ...rest },
        { ...observer, ...ignore },
      );
      await clock.advance(1);
      call.cancel("client left");
      return heads;
    };
    expect(await headsOf("text/event-stream; charset=utf-8")).toEqual([
      200,
      ["content-type", "text/event-stream; charset=utf-8"],
    ]);
    expect(await headsOf("application/x-ndjson")).toEqual([]);
  });

  it("keeps the status of an event stream that fails in the turn in which it begins", async () => {
    class Model {
      fetch() {
        const body = new ReadableStream({ start: (controller) => controller.error(new Error("boom")) });
        return new Response(body, { headers: { "content-type": "text/event-stream" } });
      }
    }
    const { http } = await serve(Model);
    expect(await http().answer).toMatchObject({ status: 0, error: "USER_CODE" });
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

  it("answers a stream whose first item is neither text nor bytes with an error, not with half a response", async () => {
    class Model {
      async *fetch() {
        yield { a: 1 };
      }
    }
    const { http } = await serve(Model);
    expect(await http().answer).toMatchObject({ status: 0, error: "SERIALIZATION" });
  });

  it.each([
    [
      "was read",
      async () => {
        const response = new Response("x");
        await response.text();
        return response;
      },
    ],
    ["is Response.error()", () => Response.error()],
  ])("refuses a Response that %s", async (_what, fetch) => {
    class Model {
      fetch = fetch;
    }
    const { http } = await serve(Model);
    expect(await http().answer).toMatchObject({ status: 0, error: "SERIALIZATION" });
  });

  it("refuses a Map that toJSON made, and answers 204 when toJSON says undefined", async () => {
    class Model {
      fetch(request: Request) {
        return { toJSON: () => (request.method === "GET" ? new Map() : undefined) };
      }
    }
    const { http } = await serve(Model);
    expect(await http().answer).toMatchObject({ error: "SERIALIZATION" });
    expect(await http("x").answer).toMatchObject({ status: 204, body: "" });
  });

  it("tells a body that has nothing to say at the moment when its client leaves, and frees the slot (Q5)", async () => {
    const reasons: unknown[] = [];
    class Model {
      fetch() {
        return new Response(
          new ReadableStream({
            start: (c) => c.enqueue(new TextEncoder().encode("first")),
            cancel: (reason) => void reasons.push((reason as { code: string }).code),
          }),
        );
      }
    }
    const { http, replica, clock } = await serve(Model);
    const { outgoing } = http();
    await clock.advance(1);
    outgoing.cancel("client left");
    await clock.advance(1);
    expect(reasons).toEqual(["REQUEST_CANCELLED"]);
    expect(replica.ongoing).toBe(0);
  });

  it("keeps a request running whose connection breaks, and frees its slot at its end (Q5)", async () => {
    let yielded = 0;
    class Model {
      async *fetch() {
        for (; yielded < 100; yielded++) yield new Uint8Array(20_000);
      }
    }
    const { http, client, replica, clock, ended } = await serve(Model);
    const { answer } = http("", { keepRunning: true });
    client.close();
    await answer;
    for (let turn = 0; turn < 20; turn++) await clock.advance(1);
    expect([yielded, replica.ongoing, ended]).toEqual([100, 0, ["OK"]]);
  });

  it("fails a body that is still read when its request is over, instead of leaving the reader waiting", async () => {
    const outcome = Promise.withResolvers<string>();
    class Model {
      fetch(request: Request) {
        request.text().then(outcome.resolve, (error: { code: string }) => outcome.resolve(error.code));
        return "early";
      }
    }
    const { http } = await serve(Model);
    const { answer } = http("begin", { bodyFollows: true });
    expect((await answer).body).toBe("early");
    expect(await outcome.promise).toBe("REQUEST_CANCELLED");
  });
});
