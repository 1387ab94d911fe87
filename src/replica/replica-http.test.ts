import { describe, expect, it } from "vitest";
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
