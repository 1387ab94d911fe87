// What the HTTP door answers in its own name: refusals, errors, limits (RT7, RT8), byte for byte.
import { afterEach, describe, expect, it } from "vitest";
import {
  BackPressureError,
  DeploymentUnavailableError,
  ReplicaGoneError,
  RequestTimeoutError,
  ServeError,
  UserCodeError,
} from "../../src/core/errors.ts";
import { openDoor, parseAnswer, waitUntil, type Door, type DoorOptions } from "./http-door.ts";

let opened: Door | undefined;
const open = async (options?: DoorOptions): Promise<Door> => (opened = await openDoor(options));
const failing = (error: ServeError): DoorOptions => ({ handler: (fake) => fake.observer.onError(error) });
const where = { application: "default", deployment: "Ingress" };

afterEach(async () => {
  await opened?.[Symbol.asyncDispose]();
  opened = undefined;
});

describe("requests that are refused (RT7)", () => {
  const h = "host: h\r\n";
  const large = "x".repeat(16_384);
  it.each([
    ["no host", "GET / HTTP/1.1\r\n\r\n", 400, "A request has exactly one Host header."],
    ["two hosts", `GET / HTTP/1.1\r\n${h}${h}\r\n`, 400, "A request has exactly one Host header."],
    ["a host that is none", "GET / HTTP/1.1\r\nhost: a b\r\n\r\n", 400, "The Host header is not valid."],
    ["userinfo", `GET http://u:p@h/ HTTP/1.1\r\n${h}\r\n`, 400, "The request target holds user information."],
    ["a fragment", `GET /#x HTTP/1.1\r\n${h}\r\n`, 400, "The request target has a fragment."],
    ["GET *", `GET * HTTP/1.1\r\n${h}\r\n`, 400, "Only OPTIONS may ask for `*`."],
    ["CONNECT", "CONNECT h:443 HTTP/1.1\r\nhost: h:443\r\n\r\n", 405, "Method CONNECT is not allowed."],
    ["TRACE", `TRACE / HTTP/1.1\r\n${h}\r\n`, 405, "Method TRACE is not allowed."],
    ["TRACK", `TRACK / HTTP/1.1\r\n${h}\r\n`, 405, "Method TRACK is not allowed."],
    ["an unknown verb", `FOO / HTTP/1.1\r\n${h}\r\n`, 400, "The request method is not known."],
    ["garbage", "\x16\x03\x01garbage\r\n\r\n", 400, "The request method is not known."],
    ["another protocol", `GET / FTP/1.1\r\n${h}\r\n`, 400, "The request is not valid HTTP."],
    ["a bad header", `GET / HTTP/1.1\r\n${h}bad header\r\n\r\n`, 400, "The request is not valid HTTP."],
    [
      "two lengths",
      `POST / HTTP/1.1\r\n${h}content-length: 1\r\ncontent-length: 2\r\n\r\nab`,
      400,
      "The request is not valid HTTP.",
    ],
    [
      "length and chunks",
      `POST / HTTP/1.1\r\n${h}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      "The request is not valid HTTP.",
    ],
    [
      "large headers",
      `GET / HTTP/1.1\r\n${h}x: ${large}\r\n\r\n`,
      431,
      "The request's URL and headers are larger than 16 KiB.",
    ],
    ["a large URL", `GET /${large} HTTP/1.1\r\n${h}\r\n`, 431, "The request's URL and headers are larger than 16 KiB."],
    [
      "an unknown expectation",
      `GET / HTTP/1.1\r\n${h}expect: magic\r\n\r\n`,
      417,
      "Only the expectation 100-continue can be met.",
    ],
  ])("%s", async (_name, raw, status, text) => {
    const door = await open({ handler: (fake) => fake.answer("taken") });
    const client = door.send(raw);
    await client.sees(text);
    if (status !== 405 || raw.startsWith("CONNECT") || raw.startsWith("TRACK")) await client.closed;
    const { statusLine, header, body } = parseAnswer(client.text);
    expect(statusLine).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(body).toBe(text);
    expect(Number(header("content-length"))).toBe(text.length);
    expect(header("content-type")).toBe("text/plain; charset=utf-8");
    expect(header("x-request-id")).toMatch(/^[\da-f-]{36}$/);
    if (status === 405) expect(header("allow")).toContain("GET");
    expect(door.calls).toEqual([]);
  });

  it("a malformed request is answered after those before it", async () => {
    const door = await open();
    const client = door.send("GET /1 HTTP/1.1\r\nhost: h\r\n\r\nnonsense\r\n\r\n");
    (await door.call()).answer("first");
    await client.closed;
    expect(client.text).toMatch(/first[^]*HTTP\/1.1 400 Bad Request\r\n[^]*The request method is not known\.$/);
  });

  it("a malformed chunk ends the call and is answered with 400", async () => {
    const door = await open();
    const client = door.send("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
    const fake = await door.call();
    client.write("zz\r\n");
    await client.closed;
    expect(client.text).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect([fake.failure, fake.cancelled]).toEqual(["The request is not valid HTTP.", "caller cancelled"]);
  });
});

describe("limits (RT7)", () => {
  it("a declared length above maxBodyBytes is 413 at once", async () => {
    const door = await open({ maxBodyBytes: 10 });
    const answer = await door.ask("POST /", ["content-length: 11"]);
    expect(answer.statusLine).toBe("HTTP/1.1 413 Payload Too Large");
    expect(answer.body).toBe("The request body is larger than 10 bytes.");
    expect(door.calls).toEqual([]);
  });

  it("asks for no body that would be too large", async () => {
    const door = await open({ maxBodyBytes: 10 });
    const answer = await door.ask("POST /", ["content-length: 11", "expect: 100-continue"]);
    expect(answer.statusLine).toBe("HTTP/1.1 413 Payload Too Large");
  });

  it("a chunked body is 413 when it exceeds maxBodyBytes", async () => {
    const door = await open({ maxBodyBytes: 10 });
    const client = door.send("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n8\r\nabcdefgh\r\n");
    const fake = await door.call();
    client.write("8\r\nabcdefgh\r\n");
    await client.closed;
    expect(client.text).toMatch(/^HTTP\/1.1 413 Payload Too Large\r\n/);
    expect(fake.cancelled).toBe("caller cancelled");
  });

  it("the answer to a large upload arrives although the client still sends", async () => {
    const door = await open({ maxBodyBytes: 1000 });
    const client = door.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 50000000\r\n\r\n");
    client.write(Buffer.alloc(5_000_000));
    await client.sees("The request body is larger than 1000 bytes.");
  });

  it("headers that do not come within the limit are 408", async () => {
    const door = await open({ limits: { headersTimeoutMs: 100 } });
    const client = door.send("GET / HTTP/1.1\r\nhost: h\r\nx-slow: ");
    await client.closed;
    expect(client.text).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n[^]*did not come within 0.1 s\.$/);
  });

  it.each([
    ["small", "content-length: 10"],
    ["chunked", "transfer-encoding: chunked"],
  ])("a %s body that stands still is 408 BAD_REQUEST, then the connection closes", async (_name, framing) => {
    const door = await open({ limits: { bodyIdleMs: 100 } });
    const answer = await door.ask("POST /", [framing, "accept: application/json"], "1\r\na\r\n");
    expect(answer.statusLine).toBe("HTTP/1.1 408 Request Timeout");
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: "BAD_REQUEST" } });
  });

  it("a body that the application does not read is not idle", async () => {
    const door = await open({ limits: { bodyIdleMs: 60 } });
    const client = door.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 100000\r\n\r\n");
    const fake = await door.call();
    fake.writable = false;
    client.write("x".repeat(1000));
    await waitUntil(() => fake.receivedBytes === 1000);
    const endMs = performance.now() + 200;
    await waitUntil(() => performance.now() > endMs);
    expect(fake.cancelled).toBeUndefined();
  });

  it("a deadline passes while a small body still comes: 408", async () => {
    const door = await open({ requestTimeoutS: 0.05 });
    const { statusLine, body } = await door.ask("POST /", ["content-length: 10"], "abc");
    expect(statusLine).toBe("HTTP/1.1 408 Request Timeout");
    expect(body).toMatch(/^Request .{36} timed out after 0.05s\.$/);
  });
});

describe("errors (RT8)", () => {
  const full = { ...where, queued: 2, limit: 2, statusCode: 503, retryAfterS: 0 };
  it.each([
    [
      new BackPressureError(full),
      503,
      "Request dropped due to backpressure (num_queued_requests=2, max_queued_requests=2).",
    ],
    [
      new DeploymentUnavailableError({ ...where, reason: "failed to deploy" }),
      503,
      "Deployment(name='Ingress', app='default') is unavailable because it failed to deploy.",
    ],
    [new RequestTimeoutError({ requestId: "r", timeoutS: 2 }), 408, "Request r timed out after 2s."],
    [new ReplicaGoneError({ ...where, replicaId: "x" }), 500, "Internal Server Error"],
    [
      new UserCodeError({ deployment: "Ingress", method: "fetch" }, new TypeError("boom")),
      500,
      "Internal Server Error",
    ],
    [new ServeError("BAD_REQUEST", "from a child"), 500, "Internal Server Error"],
  ])("%s", async (error, status, text) => {
    const door = await open(failing(error));
    const plain = await door.ask("GET /", ["x-request-id: r"]);
    expect(plain.statusLine).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(plain.body).toBe(text);
    expect(plain.header("retry-after")).toBe(error.code === "BACK_PRESSURE" ? "1" : undefined);
    const json = await door.ask("GET /", ["accept: text/html, application/json", "x-request-id: r7"]);
    const { error: shown } = JSON.parse(json.body);
    expect(shown).toMatchObject({ code: error.code, requestId: "r7" });
    expect(shown.message).toBe(status === 500 ? "Internal Server Error" : error.message);
    expect(Object.hasOwn(shown, "details")).toBe(status !== 500);
  });

  it("no route names the path and points to /-/routes (RT5)", async () => {
    const door = await open({ routes: { "/api": "a" } });
    const { statusLine, body } = await door.ask("GET /apix?q");
    expect(statusLine).toBe("HTTP/1.1 404 Not Found");
    expect(body).toBe("Path '/apix' not found. Ping http://.../-/routes for available routes.");
  });

  it("HEAD gets the head alone", async () => {
    const door = await open({ routes: {} });
    const { statusLine, header, body } = await door.ask("HEAD /x");
    expect([statusLine, body]).toEqual(["HTTP/1.1 404 Not Found", ""]);
    expect(Number(header("content-length"))).toBeGreaterThan(0);
  });

  it("an answer that HTTP does not allow is a 500, and the server goes on", async () => {
    const door = await open({ handler: (fake) => fake.answer("x", 200, ["bad name", "x"]) });
    expect((await door.ask("GET /")).statusLine).toBe("HTTP/1.1 500 Internal Server Error");
    const splitting = await open({
      handler: (fake) => fake.answer("x", 200, ["x", "a\r\nset-cookie: b"], "bad\r\ntext"),
    });
    expect((await splitting.ask("GET /")).statusLine).toBe("HTTP/1.1 500 Internal Server Error");
    await door[Symbol.asyncDispose]();
  });

  it("a failure that is not the user's is logged with the request's id", async () => {
    const door = await open(failing(new ReplicaGoneError({ ...where, replicaId: "x" })));
    await door.ask("GET /", ["x-request-id: r9"]);
    expect(door.logs).toMatchObject([{ level: "error", event: "request.failed", fields: { requestId: "r9" } }]);
  });
});
