import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { FakeRuntime } from "../../tests/fixtures/api/fake-runtime.ts";
import { requestFacts } from "../../tests/fixtures/api/request-facts.ts";
import { ConfigError } from "../core/errors.ts";
import { runInScope } from "./globals.ts";
import { ingress, type NodeApp } from "./ingress.ts";
import { RECEIVED, type Received } from "./received.ts";
import { RequestScope } from "./scope.ts";

const URL_ = "http://shop.test/orders?q=1";
const CHUNK = new Uint8Array(64 * 1024).fill(7);
const post = (body: unknown, init: RequestInit = {}): Request =>
  new Request(URL_, { method: "POST", body, duplex: "half", ...init } as RequestInit);
const ask = (app: NodeApp, request = new Request(URL_)): Promise<Response> => ingress(app)(request);
const read = (req: IncomingMessage): Promise<Buffer> => buffer(req);

/** What a replica says of a request besides the request. */
const received = (said: Partial<Received>) => ({
  [RECEIVED]: { target: undefined, trailers: [], ...said },
});

async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !isTrue(); i++) await turn();
  expect(isTrue()).toBe(true);
}

/** A stream without end, and how much of it was taken. */
function endless(): { stream: ReadableStream<Uint8Array>; taken: () => number; cancelled: () => boolean } {
  let taken = 0;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        taken += CHUNK.length;
        controller.enqueue(CHUNK);
      },
      cancel: () => void (cancelled = true),
    },
    { highWaterMark: 0 },
  );
  return { stream, taken: () => taken, cancelled: () => cancelled };
}

describe("what the application sees (R1)", () => {
  const show: RequestListener = (req, res) => {
    void read(req).then((body) => {
      const { method, url, headers } = req;
      res
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ method, url, headers, body: body.toString() }));
    });
  };
  const seen = async (request: Request) =>
    (await (await ask(show, request)).json()) as Record<"method" | "url" | "body", string> & { headers: object };

  it("is the method, the whole target, the headers and the body", async () => {
    const { method, url, headers, body } = await seen(post("abc", { headers: { "x-a": "1", host: "shop.test:80" } }));
    expect([method, url, body]).toEqual(["POST", "/orders?q=1", "abc"]);
    expect(headers).toMatchObject({ "x-a": "1", host: "shop.test:80" });
  });

  it("waits for no body that a GET was sent with, because a Request has none (Fetch standard)", async () => {
    const announced = new Request(URL_, { headers: { "content-length": "4", "x-a": "1" } });
    expect(await seen(announced)).toMatchObject({ method: "GET", body: "", headers: { "x-a": "1" } });
  });

  it.each(["2", "9"])(
    "is the whole body of a request made anew with the old one's length, %s bytes",
    async (length) => {
      expect(await seen(post("abc", { headers: { "content-length": length } }))).toMatchObject({ body: "abc" });
    },
  );

  it("is the length that a body was received with", async () => {
    const request = Object.assign(post("abc", { headers: { "content-length": "3" } }), received({}));
    expect(await seen(request)).toMatchObject({ body: "abc", headers: { "content-length": "3" } });
  });

  it("is the target as it was sent, where that is known (RT7)", async () => {
    const request = Object.assign(new Request("http://shop.test/a?q='"), received({ target: "/a?q='" }));
    expect(await seen(request)).toMatchObject({ url: "/a?q='", headers: { host: "shop.test" } });
  });

  it("is the client's address at the proxy, also for a request that was made of the received one, and none without a proxy", async () => {
    const socket: RequestListener = ({ socket: { remoteAddress, remotePort, remoteFamily } }, res) => {
      res.end([remoteAddress, remotePort, remoteFamily].join());
    };
    const from = async (client: string) => {
      const scope = new RequestScope(requestFacts({ client }), new FakeRuntime());
      // Made anew, as by code that adds a header.
      const request = new Request(new Request(URL_), { headers: { "x-user": "ann" } });
      return runInScope(scope, async () => (await ask(socket, request)).text());
    };
    expect(await from("10.0.0.9:4711")).toBe("10.0.0.9,4711,IPv4");
    expect(await from("[::1]:80")).toBe("::1,80,IPv6");
    expect(await from("")).toBe(",,");
    expect(await (await ask(socket)).text()).toBe(",,");
  });

  it("is the trailers behind the body, in order and with their duplicates (RT7)", async () => {
    const trailers = ["X-Sum", "1", "x-sum", "2"];
    const listener: RequestListener = (req, res) => {
      void read(req).then(() => res.end(JSON.stringify([req.rawTrailers, req.trailers])));
    };
    const answer = await ask(listener, Object.assign(post("abc"), received({ trailers })));
    expect(await answer.json()).toEqual([trailers, { "x-sum": "1, 2" }]);
  });

  it("is no trailer that Node cannot send: that request fails, and nothing else", async () => {
    const broken = Object.assign(post("abc"), received({ trailers: ["x-a", "\u0001"] }));
    await expect(
      ask(
        (req, res) =>
          void read(req).then(
            () => res.end(),
            () => undefined,
          ),
        broken,
      ),
    ).rejects.toThrow(/character/);
  });

  it("has a length where the body is empty, and the body of a method that seldom has one", async () => {
    expect(await seen(new Request(URL_, { method: "POST" }))).toMatchObject({ headers: { "content-length": "0" } });
    expect((await seen(new Request(URL_))).headers).not.toHaveProperty("transfer-encoding");
    for (const method of ["DELETE", "PATCH", "QUERY"]) expect((await seen(post("abc", { method }))).body).toBe("abc");
  });

  it("is a multipart upload, byte by byte", async () => {
    const form = new FormData();
    form.set("name", "lämp");
    form.set("file", new Blob([CHUNK, "\r\n--"]), "a.bin");
    const request = post(form);
    const sent = Buffer.from(await request.clone().arrayBuffer());
    let got: Uint8Array = new Uint8Array();
    await ask((req, res) => void read(req).then((body) => res.end(String((got = body).length))), request);
    await until(() => got.length > 0);
    expect(sent.equals(got)).toBe(true);
  });

  it("is an expectation, which it may refuse", async () => {
    const server = createServer().on("checkContinue", (_req, res: ServerResponse) => res.writeHead(417).end("no"));
    const refused = await ask(server, post("abc", { headers: { expect: "100-continue" } }));
    expect([refused.status, await refused.text()]).toEqual([417, "no"]);
  });
});

describe("what the client gets", () => {
  it("is the status, its text, headers that stand twice, and the body", async () => {
    const response = await ask((_req, res) => {
      res.writeHead(201, "Made", [
        ["set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"],
        ["set-cookie", "b=2"],
        ["x-a", "1"],
        ["x-a", "2"],
      ]);
      res.end("made");
    });
    expect([response.status, response.statusText, response.headers.get("x-a")]).toEqual([201, "Made", "1, 2"]);
    expect(response.headers.getSetCookie()).toEqual(["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"]);
    expect(await response.text()).toBe("made");
  });

  it("has nothing of the connection in memory", async () => {
    const response = await ask((_req, res) => void res.write("a", () => res.end()));
    expect([...response.headers.keys()]).toEqual(["date"]);
  });

  it.each([204, 205, 304])("is %i without a body", async (status) => {
    const response = await ask((_req, res) => res.writeHead(status, { etag: "1" }).end());
    expect([response.status, response.body, response.headers.get("etag")]).toEqual([status, null, "1"]);
  });

  it("is for HEAD the headers of GET", async () => {
    const response = await ask(
      (_req, res) => res.writeHead(200, { "content-length": 5 }).end("hello"),
      new Request(URL_, { method: "HEAD" }),
    );
    expect([response.headers.get("content-length"), response.body]).toEqual(["5", null]);
  });

  it("passes over what is informational", async () => {
    const response = await ask((_req, res) => {
      res.writeEarlyHints({ link: "</a.css>; rel=preload" });
      res.end("final");
    });
    expect([response.status, await response.text()]).toEqual([200, "final"]);
  });
});

describe("streams", () => {
  it("flow both ways at once", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const response = await ask((req, res) => {
      res.flushHeaders();
      req.pipe(res);
    }, post(readable));
    const reader = response.body!.getReader();
    for (const text of ["one", "two"]) {
      void writer.write(new TextEncoder().encode(text));
      expect(new TextDecoder().decode((await reader.read()).value)).toBe(text);
    }
    await writer.close();
    expect((await reader.read()).done).toBe(true);
  });

  it("carry 64 MiB up and down", async () => {
    const count = 1024;
    const upload = ReadableStream.from(Array.from({ length: count }, () => CHUNK));
    const response = await ask((req, res) => void req.pipe(res), post(upload));
    let bytes = 0;
    for await (const chunk of response.body!) bytes += chunk.length;
    expect(bytes).toBe(count * CHUNK.length);
  });

  it("stop an application whose client does not read (Q7)", async () => {
    let written = 0;
    let stopped = false;
    const response = await ask((_req, res) => {
      const more = (): void => {
        while (res.write(CHUNK)) written += CHUNK.length;
        stopped = true;
        res.once("drain", more);
      };
      more();
    });
    await until(() => stopped);
    for (let i = 0; i < 50; i++) await turn();
    expect(written).toBeLessThan(10 * CHUNK.length);
    await response.body!.cancel();
  });

  it("stop a client whose application does not read (Q7)", async () => {
    const { stream, taken } = endless();
    let answer: (() => void) | undefined;
    const asked = ask((_req, res) => (answer = () => res.end("enough")), post(stream));
    await until(() => taken() > 0);
    for (let i = 0; i < 50; i++) await turn();
    expect(taken()).toBeLessThan(10 * CHUNK.length);
    answer?.();
    await (await asked).text();
  });

  it("end an upload that the application answers without reading it", async () => {
    const { stream, cancelled } = endless();
    const response = await ask((_req, res) => void res.writeHead(413).end("too large"), post(stream));
    expect([response.status, await response.text()]).toEqual([413, "too large"]);
    await until(cancelled);
  });
});

describe("who leaves (R2)", () => {
  it("is seen by the application: a cancelled request", async () => {
    const client = new AbortController();
    let closed = false;
    const asked = ask(
      (_req, res) => {
        res.on("close", () => (closed = true));
        client.abort();
      },
      new Request(URL_, { signal: client.signal }),
    );
    await expect(asked).rejects.toThrow("aborted");
    await until(() => closed);
  });

  it("is seen by the application: a reader that cancels, also in an answer that has begun", async () => {
    for (const leave of ["cancel", "abort"] as const) {
      const client = new AbortController();
      let closed = false;
      const response = await ask(
        (_req, res) => {
          res.write("begun");
          res.on("close", () => (closed = true));
        },
        new Request(URL_, { signal: client.signal }),
      );
      const reader = response.body!.getReader();
      expect(new TextDecoder().decode((await reader.read()).value)).toBe("begun");
      if (leave === "cancel") await reader.cancel();
      else client.abort();
      if (leave === "abort") await expect(reader.read()).rejects.toThrow("aborted");
      await until(() => closed);
    }
  });

  it("is seen by the application: an upload that breaks", async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("cut off")) });
    let aborted = false;
    const asked = ask((req) => void req.on("error", () => (aborted = true)), post(broken));
    await expect(asked).rejects.toThrow("cut off");
    await until(() => aborted);
  });

  it("fails the request, once, when it is the application", async () => {
    await expect(ask((req) => void req.socket.destroy())).rejects.toThrow("socket hang up");
    await expect(ask((req) => void req.socket.end("no HTTP\r\n\r\n"))).rejects.toThrow("Parse Error");
    const response = await ask((_req, res) => void res.write("begun", () => res.destroy()));
    await expect(response.text()).rejects.toThrow("aborted");
  });

  it("fails a request whose status is none for a client", async () => {
    await expect(ask((_req, res) => void res.writeHead(999).end("x"))).rejects.toThrow(RangeError);
  });
});

describe("one server an application (R3)", () => {
  it("serves many requests side by side, each over a connection that ends with it", async () => {
    const open = new Set<unknown>();
    const server = createServer((req, res) => void setImmediate(() => res.end(req.url)));
    server.on("connection", (socket) => {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    });
    const fetch = ingress(server);
    const requests = Array.from({ length: 200 }, (_, i) => new Request(`http://shop.test/${i}`));
    const answers = requests.map(async (request) => (await fetch(request)).text());
    expect(await Promise.all(answers)).toEqual(answers.map((_, i) => `/${i}`));
    await until(() => open.size === 0);
    expect(requests.flatMap(({ signal }) => getEventListeners(signal, "abort"))).toEqual([]);
    expect(server.listenerCount("connection")).toBe(2); // Node's own, and this test's
  });

  it("makes Fastify's kind of application ready at the first request, and once", async () => {
    let ready = 0;
    const server = createServer((_req, res) => res.end("fastify"));
    const app = { server, ready: async () => void ready++ };
    const [one, two] = [ingress(app), ingress(app)];
    expect(ready).toBe(0);
    expect(await Promise.all([one, two].map(async (fetch) => (await fetch(new Request(URL_))).text()))).toEqual([
      "fastify",
      "fastify",
    ]);
    expect(ready).toBe(1);
  });

  it("fails each request of an application that does not get ready", async () => {
    const app = { server: createServer(), ready: () => Promise.reject(new Error("a plugin failed")) };
    const fetch = ingress(app);
    for (let i = 0; i < 2; i++) await expect(fetch(new Request(URL_))).rejects.toThrow("a plugin failed");
  });

  it("refuses what is no application", () => {
    for (const app of [undefined, "app", {}, { callback: () => undefined, on: () => undefined }]) {
      expect(() => ingress(app as never)).toThrow(ConfigError);
      expect(() => ingress.upgrade(app as never)).toThrow(ConfigError);
    }
    expect(() => ingress.upgrade(((_req, _res) => undefined) as RequestListener as never)).toThrow(
      "expected an http.Server, or Fastify's app",
    );
  });
});

describe("where its code runs (R4)", () => {
  it("is the context of its own request, in every turn of it", async () => {
    const context = new AsyncLocalStorage<number>();
    const fetch = ingress((req, res) => {
      const begun = context.getStore();
      req.on("data", () => {
        const reading = context.getStore();
        void turn().then(() => res.end([begun, reading, context.getStore()].join()));
      });
    });
    const ids = Array.from({ length: 50 }, (_, i) => i);
    const answers = ids.map((id) => context.run(id, async () => (await fetch(post("abc"))).text()));
    expect(await Promise.all(answers)).toEqual(ids.map((id) => [id, id, id].join()));
  });
});
