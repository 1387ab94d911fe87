// HTTP/2 at a proxy that speaks HTTPS: the same requests, answers and limits as over HTTP/1.1, a stream at a time.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from "node:http2";
import { get } from "node:https";
import path from "node:path";
import { buffer, text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/root.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { ServeError } from "../../src/core/errors.ts";
import { openDoor, waitUntil, type Door, type DoorOptions, type FakeCall } from "./http-door.ts";

const fixture = (name: string): string => path.join(root, "tests/fixtures/tls", name);
const TLS = { sslCertfile: fixture("a.crt"), sslKeyfile: fixture("a.key") };
const echo = (fake: FakeCall): void => fake.answer(fake.call.url);
const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants;

let opened: Door | undefined;
const sessions: ClientHttp2Session[] = [];
const open = async (options: DoorOptions = {}): Promise<Door> => (opened = await openDoor({ ...TLS, ...options }));

function speak(door: Door, options: SecureClientSessionOptions = {}): ClientHttp2Session {
  const session = connect(`https://127.0.0.1:${door.port}`, { rejectUnauthorized: false, ...options });
  session.on("error", () => undefined);
  sessions.push(session);
  return session;
}

afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await opened?.[Symbol.asyncDispose]();
  opened = undefined;
});

type Headers = Readonly<Record<string, string | string[] | number | undefined>>;

async function headOf(stream: ClientHttp2Stream): Promise<Headers> {
  return ((await once(stream, "response")) as [Headers])[0];
}

/** Sends a request and waits for its answer. */
async function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string | Buffer) {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const head = await headOf(stream);
  return { status: head[":status"], head, body: await text(stream) };
}

/** Resolves with the code of RFC 9113 7 that a stream was closed with. */
async function closed(stream: ClientHttp2Stream): Promise<number | undefined> {
  stream.on("error", () => undefined);
  if (!stream.destroyed) await new Promise((resolve) => stream.once("close", resolve));
  return stream.rstCode;
}

describe("a request", () => {
  it("is the application's as over HTTP/1.1: an https URL, Host, cookies in one header, nothing of HTTP/2", async () => {
    const door = await open({ handler: echo });
    const session = speak(door);
    const { status, head, body } = await ask(session, {
      ":path": "/a?b='1'",
      cookie: ["a=1", "b=2"],
      "x-a": ["1", "2"],
      "x-request-id": "r-1",
      te: "trailers",
    });
    const authority = `127.0.0.1:${door.port}`;
    expect([status, body]).toEqual([200, `https://${authority}/a?b='1'`]);
    const { call } = await door.call();
    expect([call.verb, call.client]).toEqual(["GET", `127.0.0.1:${session.socket.localPort}`]);
    expect(call.headers).toEqual(
      ["host", authority, "x-a", "1", "x-a", "2", "cookie", "a=1; b=2", "x-request-id", "r-1"], // prettier-ignore
    );
    expect(Object.keys(head).sort()).toEqual([":status", "content-length", "content-type", "date", "x-request-id"]);
    expect(head["x-request-id"]).toBe("r-1");
  });

  it("is counted and logged like every other", async () => {
    const door = await open({ handler: echo });
    await ask(speak(door), { ":path": "/a", "x-request-id": "r-1" });
    expect(door.access).toMatchObject([{ method: "GET", route: "/", status: 200, requestId: "r-1" }]);
    expect(door.metric("serve_num_http_requests", { route: "/", status_code: "200" })).toBe(1);
    expect(door.server.ongoing).toBe(0);
  });

  it("may come over HTTP/1.1 to the same port, and so does a WebSocket", async () => {
    const door = await open({ handler: echo });
    const own = { host: "127.0.0.1", port: door.port, rejectUnauthorized: false, agent: false };
    const [response] = (await once(get({ ...own, path: "/a" }), "response")) as [NodeJS.ReadableStream];
    expect(await text(response)).toBe(`https://127.0.0.1:${door.port}/a`);
    const upgrade = { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
    get({ ...own, path: "/ws", headers: { ...upgrade, "sec-websocket-key": "A".repeat(22) + "==" } }).on(
      "error",
      () => undefined,
    );
    expect((await door.call(1)).call).toMatchObject({ upgrade: true, method: "websocket" });
  });

  it("may have a small body, a large one, one of unknown length and none, with trailers behind it", async () => {
    const door = await open();
    const session = speak(door);
    const large = Buffer.alloc(300_000, "x");
    for (const [i, body] of ["hi", large, ""].entries()) {
      for (const [j, known] of [true, false].entries()) {
        const length = known ? { "content-length": Buffer.byteLength(body) } : {};
        const answer = ask(session, { ":method": "POST", ":path": "/", ...length }, body);
        const fake = await door.call(2 * i + j);
        await waitUntil(() => fake.receivedBytes === Buffer.byteLength(body));
        expect([fake.text, fake.header("transfer-encoding")]).toEqual([String(body), []]);
        fake.answer("ok");
        expect((await answer).body).toBe("ok");
      }
    }
    const stream = session.request({ ":method": "POST", ":path": "/" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "1" }));
    stream.end("hi");
    const fake = await door.call(6);
    await waitUntil(() => fake.ended);
    expect([fake.text, fake.trailers]).toEqual(["hi", ["x-sum", "1"]]);
  });

  it("that waits for 100 gets it, and one with another expectation 417", async () => {
    const door = await open();
    const session = speak(door);
    const stream = session.request({ ":method": "POST", ":path": "/", expect: "100-continue", "content-length": 2 });
    await once(stream, "continue");
    stream.end("hi");
    (await door.call()).answer("ok");
    expect((await headOf(stream))[":status"]).toBe(200);
    expect((await ask(session, { ":method": "POST", ":path": "/", expect: "tea" }, "x")).status).toBe(417);
  });
});

describe("an answer", () => {
  it("has its cookies apart, no header of a connection, and no body where there is none", async () => {
    const door = await open();
    const session = speak(door);
    const stream = session.request({ ":method": "HEAD", ":path": "/" });
    const headers = [
      "set-cookie",
      "a=1",
      "Set-Cookie",
      "b=2",
      "connection",
      "x-secret",
      "x-secret",
      "1",
      "trailer",
      "x",
    ];
    (await door.call()).answer("hello", 200, headers, "Fine");
    const head = await headOf(stream);
    expect(head["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect(Object.keys(head).sort()).toEqual([":status", "content-length", "date", "set-cookie", "x-request-id"]);
    expect([head["content-length"], await text(stream)]).toEqual(["5", ""]);
    for (const [i, status] of [204, 304].entries()) {
      const answer = ask(session, { ":path": "/" });
      (await door.call(i + 1)).answer("", status);
      expect(await answer).toMatchObject({ status, body: "" });
    }
  });

  it("that HTTP/2 cannot say is 500, once", async () => {
    const door = await open();
    const session = speak(door);
    for (const [i, headers] of [
      ["a b", "1"],
      ["x-a", "\u0001"],
      [":status", "204"],
    ].entries()) {
      const answer = ask(session, { ":path": "/" });
      (await door.call(i)).answer("x", 200, headers);
      expect(await answer).toMatchObject({ status: 500, body: "Internal Server Error" });
    }
  });

  it("streams as it comes, and no faster than its client reads (Q7)", async () => {
    const door = await open();
    const session = speak(door, { settings: { initialWindowSize: 65_535 } });
    const stream = session.request({ ":path": "/" });
    const fake = await door.call();
    fake.head();
    fake.observer.onChunk(Buffer.from("data: 1\n\n"));
    await headOf(stream);
    expect(String(((await once(stream, "data")) as [Buffer])[0])).toBe("data: 1\n\n");
    stream.pause();
    const before = fake.consumedBytes;
    for (let i = 0; i < 16; i++) fake.observer.onChunk(Buffer.alloc(65_536, "x"));
    expect((await ask(session, { ":path": "/-/healthz" })).body).toBe("success"); // another stream is not held up
    expect(fake.consumedBytes - before).toBeLessThan(16 * 65_536);
    const rest = buffer(stream);
    await waitUntil(() => fake.consumedBytes - before === 16 * 65_536);
    fake.observer.onEnd();
    expect((await rest).length).toBe(16 * 65_536);
  });

  it("is held back with the body that the application does not take (Q7)", async () => {
    const door = await open();
    const session = speak(door);
    const stream = session.request({ ":method": "POST", ":path": "/" });
    const sent = Buffer.alloc(8 * 1024 * 1024, "x");
    stream.end(sent);
    const fake = await door.call();
    fake.writable = false;
    await waitUntil(() => fake.receivedBytes > 0);
    expect((await ask(session, { ":path": "/-/healthz" })).body).toBe("success");
    expect(fake.receivedBytes).toBeLessThan(1024 * 1024);
    fake.writable = true;
    fake.observer.onWritable();
    await waitUntil(() => fake.receivedBytes === sent.length);
    fake.answer("ok");
    expect((await headOf(stream))[":status"]).toBe(200);
  });
});

it("answers that are not read hold up no other request of their connection (Q7)", async () => {
  const door = await open();
  const session = speak(door, { settings: { initialWindowSize: 0 } });
  const streams = Array.from({ length: 100 }, () => session.request({ ":path": "/" }));
  const fakes = await Promise.all(streams.map((_, i) => door.call(i)));
  for (const fake of fakes) {
    fake.head();
    for (let i = 0; i < 4; i++) fake.observer.onChunk(Buffer.alloc(65_536));
  }
  await Promise.all(streams.map(headOf));
  expect((await headOf(session.request({ ":path": "/-/healthz" })))[":status"]).toBe(200);
  expect(fakes.every(({ cancelled }) => cancelled === undefined)).toBe(true);
});

describe("one stream's end", () => {
  it("is the end of that request alone, when the client resets it (Q5)", async () => {
    const door = await open();
    const session = speak(door);
    const stream = session.request({ ":method": "POST", ":path": "/" });
    const other = ask(session, { ":path": "/" });
    await door.call(1);
    const fake = await door.call();
    stream.write("half");
    await waitUntil(() => fake.receivedBytes === 4);
    stream.on("error", () => undefined).destroy(new Error("half is enough"));
    await waitUntil(() => fake.cancelled !== undefined);
    expect([fake.cancelled, fake.ended, fake.failure]).toEqual(["client left", false, "the client left"]);
    (await door.call(1)).answer("still here");
    expect((await other).body).toBe("still here");
    expect(door.access.map(({ status }) => status)).toEqual([499, 200]);
  });

  it("lets a request run on that asked for it", async () => {
    const door = await open();
    const stream = speak(door).request({ ":path": "/", "x-request-disconnect-disabled": "?1" });
    const fake = await door.call();
    stream.close(NGHTTP2_CANCEL);
    await waitUntil(() => door.access.length === 1);
    expect([fake.call.keepRunning, fake.cancelled]).toEqual([true, undefined]);
  });

  it("is a reset after what was sent, when the answer breaks off (Q4)", async () => {
    const door = await open();
    const session = speak(door);
    for (const [i, headers] of [[], ["content-length", "100"]].entries()) {
      const stream = session.request({ ":path": "/" });
      const fake = await door.call(i);
      fake.head(headers);
      fake.observer.onChunk(Buffer.from("begun"));
      fake.observer.onError(new ServeError("INTERNAL", "broken"));
      let got = "";
      stream.setEncoding("utf8").on("data", (piece: string) => (got += piece));
      expect([await closed(stream), got]).toEqual([NGHTTP2_INTERNAL_ERROR, "begun"]);
    }
    expect((await ask(session, { ":path": "/-/healthz" })).body).toBe("success");
  });

  it("comes for all of them when the connection breaks", async () => {
    const door = await open();
    const session = speak(door);
    for (let i = 0; i < 3; i++) session.request({ ":path": "/" }).on("error", () => undefined);
    await door.call(2);
    session.destroy();
    await waitUntil(() => door.calls.every(({ cancelled }) => cancelled === "client left"));
    expect(door.server.ongoing).toBe(0);
  });
});

describe("what is refused", () => {
  it.each([
    ["no route", { ":path": "/none" }, 404, "Path '/none' not found. Ping http://.../-/routes for available routes."],
    ["a verb that is answered nowhere", { ":method": "TRACE", ":path": "/a" }, 405, "Method TRACE is not allowed."],
    ["CONNECT", { ":method": "CONNECT", ":authority": "h" }, 405, "Method CONNECT is not allowed."],
    ["a verb that nobody knows", { ":method": "FETCH", ":path": "/a" }, 400, "The request method is not known."],
    ["a target that is none", { ":scheme": "ftp", ":path": "a" }, 400, "The request target is not a path."],
    ["two hosts", { ":path": "/a", ":authority": "h", host: "i" }, 400, "A request has exactly one Host header."],
    [
      "headers above 16 KiB",
      { ":path": "/a", "x-a": "x".repeat(17_000) },
      431,
      "The request's URL and headers are larger than 16 KiB.",
    ],
  ])("%s: the answer is that of HTTP/1.1 (RT7, RT8)", async (_what, headers, status, body) => {
    const door = await open({ routes: { "/a": "default" } });
    const session = speak(door);
    expect(await ask(session, headers)).toMatchObject({ status, body });
    expect((await ask(session, { ":path": "/-/routes" })).body).toBe('{"/a":"default"}');
    expect(door.calls).toEqual([]);
  });

  it("JSON where it was asked for, OPTIONS * as over HTTP/1.1", async () => {
    const session = speak(await open({ routes: {} }));
    const { body } = await ask(session, { ":path": "/x", accept: "application/json", "x-request-id": "r" });
    expect(JSON.parse(body)).toMatchObject({ error: { code: "ROUTE_NOT_FOUND", requestId: "r" } });
    expect((await ask(session, { ":method": "OPTIONS", ":path": "*" })).head["allow"]).toContain("GET");
  });

  it("a body above the limit: 413, and the client is told to send no more", async () => {
    const door = await open({ maxBodyBytes: 1000 });
    const session = speak(door);
    for (const length of [{ "content-length": 1_000_000 }, {}]) {
      const stream = session.request({ ":method": "POST", ":path": "/", ...length });
      stream.on("error", () => undefined);
      stream.write(Buffer.alloc(5000));
      expect((await headOf(stream))[":status"]).toBe(413);
      expect([await text(stream), await closed(stream)]).toEqual([
        "The request body is larger than 1000 bytes.",
        NGHTTP2_NO_ERROR,
      ]);
    }
    expect((await ask(session, { ":path": "/-/healthz" })).status).toBe(200);
  });

  it("a body that stands still: 408, and only that stream", async () => {
    const door = await open({ limits: { bodyIdleMs: 50 } });
    const session = speak(door);
    const stream = session.request({ ":method": "POST", ":path": "/", "content-length": 10 });
    stream.on("error", () => undefined);
    stream.write("half");
    expect((await headOf(stream))[":status"]).toBe(408);
    expect((await ask(session, { ":path": "/-/healthz" })).status).toBe(200);
  });

  it("headers beyond 64 KiB: that stream is reset", async () => {
    const door = await open();
    const session = speak(door, { settings: { maxHeaderListSize: 200_000 } });
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`x-${i}`, "x".repeat(4000)]));
    expect(await closed(session.request({ ":path": "/", ...many }))).not.toBe(NGHTTP2_NO_ERROR);
    expect(door.calls).toEqual([]);
  });
});

describe("a connection", () => {
  it("goes away at a drain when its open requests have ended, and takes no more (D5)", async () => {
    const door = await open();
    const session = speak(door);
    const idle = speak(door);
    await once(idle, "remoteSettings");
    const running = ask(session, { ":path": "/" });
    const fake = await door.call();
    const goneAway = once(session, "goaway");
    const drained = door.server.drain(10_000);
    await Promise.all([goneAway, once(idle, "close")]);
    fake.answer("done");
    expect(await running).toMatchObject({ status: 200, body: "done" });
    await drained;
    expect(door.server.ongoing).toBe(0);
  });

  it("that is new while the proxy drains hears so, and keeps it from nothing (RT4)", async () => {
    const door = await open();
    const running = ask(speak(door), { ":path": "/" });
    const fake = await door.call();
    const drained = door.server.drain(10_000);
    const draining = { status: 503, body: "This node is being drained." };
    const late = speak(door);
    expect(await ask(late, { ":path": "/-/healthz" })).toMatchObject(draining);
    expect(await ask(late, { ":path": "/" })).toMatchObject(draining);
    fake.answer("done");
    expect((await running).body).toBe("done");
    await drained;
  });

  it("is cut when the grace of a drain is over", async () => {
    const door = await open();
    const session = speak(door);
    const stream = session.request({ ":path": "/" });
    await door.call();
    const over = closed(stream);
    await door.server.drain(1);
    await over;
    expect((await door.call()).cancelled).toBe("client left");
  });

  it("that is idle goes away after the time that keeps others alive", async () => {
    const clock = new ManualClock();
    const door = await open({ clock, keepAliveTimeoutS: 5 });
    const session = speak(door);
    expect((await ask(session, { ":path": "/-/healthz" })).status).toBe(200);
    await clock.advance(4_900);
    expect(session.closed).toBe(false);
    await clock.advance(200);
    await waitUntil(() => session.closed);
  });

  it("needs a client certificate where authorities are named", async () => {
    const door = await open({ handler: echo, sslCaCerts: fixture("b.crt") });
    const stranger = speak(door).request({ ":path": "/" });
    await closed(stranger);
    expect(door.calls).toEqual([]);
    const known = { cert: readFileSync(fixture("b.crt")), key: readFileSync(fixture("b.key")) };
    expect((await ask(speak(door, known), { ":path": "/" })).status).toBe(200);
  });
});
