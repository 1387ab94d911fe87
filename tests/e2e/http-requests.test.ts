// What the HTTP door takes, and what an application sees of it (RT1-RT7).
import { afterEach, describe, expect, it } from "vitest";
import { openDoor, waitUntil, type Door, type DoorOptions, type FakeCall } from "./http-door.ts";

let opened: Door | undefined;
const open = async (options?: DoorOptions): Promise<Door> => (opened = await openDoor(options));
const echo = (fake: FakeCall): void => fake.answer(`${fake.call.verb} ${fake.call.url} ${fake.text}`);

afterEach(async () => {
  await opened?.[Symbol.asyncDispose]();
  opened = undefined;
});

describe("requests and whole answers", () => {
  it("answers with exactly these bytes", async () => {
    await open({
      handler: (fake) => fake.answer("hello", 200, ["content-type", "text/plain", "x-a", "1", "X-A", "2"]),
    });
    const { statusLine, headers, body } = await (opened as Door).ask("GET /", ["x-request-id: id-1"]);
    expect(statusLine).toBe("HTTP/1.1 200 OK");
    expect(headers.filter(([name]) => name !== "date")).toEqual([
      ["content-type", "text/plain"],
      ["x-a", "1"],
      ["x-a", "2"],
      ["content-length", "5"],
      ["x-request-id", "id-1"],
      ["connection", "close"],
    ]);
    expect(body).toBe("hello");
  });

  it("hands the whole request to the application that serves its path (RT1, RT3)", async () => {
    const door = await open({ routes: { "/": "root", "/api": "api" }, rootPath: "/cut", handler: echo });
    await door.ask("POST /cut/api/x?q=%20&q=2", ["content-length: 3", "x-session-id: s", "x-m: 1", "x-m: 2"], "abc");
    const fake = await door.call();
    expect(fake.call).toMatchObject({
      target: { application: "api", deployment: "Ingress" },
      method: "fetch",
      verb: "POST",
      url: "http://h/cut/api/x?q=%20&q=2",
      route: "/api",
      sessionId: "s",
      multiplexedModelId: "",
      deadlineMs: undefined,
      bodyFollows: false,
      upgrade: false,
      keepRunning: false,
    });
    expect(fake.text).toBe("abc");
    expect(fake.header("x-m")).toEqual(["1", "2"]);
    expect(fake.header("connection")).toEqual([]);
    expect(fake.header("x-request-id")).toEqual([fake.call.requestId]);
  });

  it("keeps set-cookie apart and status texts as given", async () => {
    await open({ handler: (fake) => fake.answer("", 201, ["set-cookie", "a=1", "set-cookie", "b=2"], "Made") });
    const { statusLine, headers } = await (opened as Door).ask("GET /");
    expect(statusLine).toBe("HTTP/1.1 201 Made");
    expect(headers.filter(([name]) => name === "set-cookie")).toEqual([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]);
  });

  it.each([
    ["GET /a/../b/%2e/c?x=/../", "http://h/b/c?x=/../"],
    ["GET http://other:81/p?q", "http://other:81/p?q"],
  ])("%s is seen as %s (RT7)", async (requestLine, url) => {
    const door = await open({ handler: echo });
    await door.ask(requestLine);
    const call = await door.call();
    expect(new URL(call.call.url).href).toBe(url);
    expect(call.header("host")).toEqual([new URL(url).host]);
  });

  it("answers pipelined requests in their order (RT7)", async () => {
    const door = await open();
    const get = (path: string, more = ""): string => `GET ${path} HTTP/1.1\r\nhost: h\r\n${more}\r\n`;
    const client = door.send(get("/1") + get("/2") + get("/3", "connection: close\r\n"));
    (await door.call(2)).answer("three");
    (await door.call(1)).answer("two");
    (await door.call(0)).answer("one");
    await client.closed;
    expect(client.text.match(/one|two|three/g)).toEqual(["one", "two", "three"]);
  });

  it("keeps a connection for the next request, and closes it at HTTP/1.0", async () => {
    const door = await open({ handler: echo });
    const client = door.send("GET /1 HTTP/1.1\r\nhost: h\r\n\r\n");
    await client.sees("http://h/1");
    client.write("GET /2 HTTP/1.0\r\n\r\n");
    await client.closed;
    expect(client.text).toContain("Keep-Alive: timeout=90");
    expect(client.text).toContain("GET http://localhost/2");
  });

  it.each(["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])("passes %s on", async (verb) => {
    const door = await open({ handler: echo });
    const { body, header } = await door.ask(`${verb} /x`);
    expect((await door.call()).call.verb).toBe(verb);
    expect(body).toBe(verb === "HEAD" ? "" : `${verb} http://h/x `);
    expect(Number(header("content-length"))).toBe(`${verb} http://h/x `.length);
  });

  it("answers OPTIONS * itself", async () => {
    const door = await open();
    const { statusLine, header } = await door.ask("OPTIONS *");
    expect([statusLine, header("content-length")]).toEqual(["HTTP/1.1 200 OK", "0"]);
    expect(header("allow")).toContain("GET");
  });

  it.each([
    [204, undefined],
    [304, undefined],
  ])("sends no body with %d", async (status, length) => {
    await open({ handler: (fake) => fake.answer("ignored", status) });
    const { body, header } = await (opened as Door).ask("GET /");
    expect([body, header("transfer-encoding"), status === 204 ? header("content-length") : length]).toEqual([
      "",
      undefined,
      undefined,
    ]);
  });
});

describe("request bodies", () => {
  it("gathers a small body that comes in pieces", async () => {
    const door = await open({ handler: echo });
    const client = door.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 6\r\n\r\nabc");
    expect(door.calls).toEqual([]);
    client.write("def");
    await client.sees("POST http://h/ abcdef");
  });

  it("passes a chunked body on as it comes, without its trailers (RT7)", async () => {
    const door = await open();
    const client = door.send("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
    const fake = await door.call();
    expect(fake.call.bodyFollows).toBe(true);
    await waitUntil(() => fake.text === "abc");
    client.write("3;ext=1\r\ndef\r\n0\r\nx-trailer: 1\r\n\r\n");
    await waitUntil(() => fake.ended);
    fake.answer("done");
    await client.sees("done");
    expect([fake.text, fake.header("transfer-encoding")]).toEqual(["abcdef", []]);
    client.write("GET /next HTTP/1.1\r\nhost: h\r\n\r\n");
    expect((await door.call(1)).call.url).toBe("http://h/next");
  });

  it("stops reading while the application does not (Q7)", async () => {
    const door = await open();
    const total = 64 * 1024 * 1024;
    const client = door.send(`POST / HTTP/1.1\r\nhost: h\r\ncontent-length: ${total}\r\n\r\n`);
    const fake = await door.call();
    fake.writable = false;
    const piece = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < 64; i++) client.write(piece);
    await waitUntil(() => fake.receivedBytes > 0);
    const before = fake.receivedBytes;
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(fake.receivedBytes).toBe(before);
    fake.writable = true;
    fake.observer.onWritable();
    await waitUntil(() => fake.ended);
    expect(fake.receivedBytes).toBe(total);
  });

  it.each(["GET", "HEAD"])("drops the body of %s", async (verb) => {
    const door = await open({ handler: echo });
    const client = door.send(`${verb} /1 HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nabc`);
    expect((await door.call()).receivedBytes).toBe(0);
    client.write("GET /2 HTTP/1.1\r\nhost: h\r\n\r\n");
    expect((await door.call(1)).call.url).toBe("http://h/2");
  });

  it("answers before the body has come, drops the rest, and takes the next request", async () => {
    const door = await open({ handler: echo });
    const client = door.send("POST /1 HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
    await client.sees("POST http://h/1");
    client.write("3\r\ndef\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nhost: h\r\n\r\n");
    expect((await door.call(1)).call.url).toBe("http://h/2");
  });

  it("asks for the body of Expect: 100-continue once the request is taken (RT7)", async () => {
    const door = await open({ handler: echo });
    const client = door.send("POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n");
    await client.sees("HTTP/1.1 100 Continue\r\n\r\n");
    client.write("abc");
    await client.sees("POST http://h/ abc");
    expect((await door.call()).header("expect")).toEqual([]);
  });
});

describe("request ids (RT6)", () => {
  it("keeps a given id, and makes one otherwise", async () => {
    const door = await open({ handler: echo });
    expect((await door.ask("GET /", ["X-Request-ID: mine"])).header("x-request-id")).toBe("mine");
    const made = (await door.ask("GET /", [`x-request-id: ${"x".repeat(257)}`])).header("x-request-id");
    expect(made).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect((await door.call(1)).call.requestId).toBe(made);
  });

  it.each(["GET /-/healthz", "GET /nowhere", "TRACE /", "GET nonsense"])(
    "%s is answered with one",
    async (requestLine) => {
      const door = await open({ routes: {} });
      expect((await door.ask(requestLine)).header("x-request-id")).toMatch(/^[\da-f-]{36}$/);
    },
  );
});

describe("deadlines (Q4)", () => {
  it.each([
    [null, [], 0],
    [5, [], 5],
    [5, ["x-request-timeout-seconds: 0.5"], 0.5],
    [5, ["x-request-timeout-seconds: 0"], 0],
    [5, ["x-request-timeout-seconds: soon"], 5],
  ])("%s s with %j -> %s s", async (requestTimeoutS, headers, timeoutS) => {
    const door = await open({ requestTimeoutS, handler: echo });
    const beforeMs = Date.now();
    await door.ask("GET /", headers);
    const { deadlineMs, timeoutS: seen } = (await door.call()).call;
    expect(seen).toBe(timeoutS);
    if (timeoutS === 0) expect(deadlineMs).toBeUndefined();
    else expect(deadlineMs).toBeGreaterThanOrEqual(beforeMs + timeoutS * 1000);
  });
});

describe("before the first route table (RT4, RT5)", () => {
  it("ordinary requests wait, health checks do not", async () => {
    const door = await open({ routes: null, handler: echo });
    const client = door.send("GET /x HTTP/1.1\r\nhost: h\r\n\r\n");
    await waitUntil(() => door.server.ongoing === 1);
    const health = await door.ask("GET /-/healthz");
    expect([health.statusLine, health.body]).toEqual([
      "HTTP/1.1 503 Service Unavailable",
      "Route table is not populated yet.",
    ]);
    door.setRoutes({ "/x": "late" });
    await client.sees("GET http://h/x");
    expect((await door.call()).call.target.application).toBe("late");
  });

  it("a deadline ends the wait with 408 (Q4)", async () => {
    const door = await open({ routes: null, requestTimeoutS: 0.05 });
    const { statusLine, body, header } = await door.ask("GET /x");
    expect(statusLine).toBe("HTTP/1.1 408 Request Timeout");
    expect(body).toBe(`Request ${header("x-request-id")} timed out after 0.05s.`);
  });
});

describe("system paths (RT4)", () => {
  it.each(["GET", "POST", "HEAD", "DELETE"])("answer %s", async (verb) => {
    const door = await open({ rootPath: "/root" });
    const { statusLine, header, body } = await door.ask(`${verb} /root/-/healthz`);
    expect([statusLine, header("content-length")]).toEqual(["HTTP/1.1 200 OK", "7"]);
    expect(body).toBe(verb === "HEAD" ? "" : "success");
  });

  it("list the routes", async () => {
    const door = await open({ routes: { "/": "root", "/api": "api" } });
    const { body, header } = await door.ask("GET /-/routes");
    expect(header("content-type")).toBe("application/json");
    expect(JSON.parse(body)).toEqual({ "/": "root", "/api": "api" });
  });

  it("are exact, counted, and not logged", async () => {
    const door = await open({ handler: echo });
    await door.ask("GET /-/healthz/");
    await door.ask("GET /-/healthz");
    expect(door.calls).toHaveLength(1);
    expect(door.access.map(({ route }) => route)).toEqual(["/"]);
    expect(door.metric("serve_num_http_requests", { route: "/-/healthz", method: "GET", status_code: "200" })).toBe(1);
  });
});

describe("access lines and metrics (reference 3.2, 7.2)", () => {
  it("name verb, route, status and id", async () => {
    const door = await open({ routes: { "/api": "a" }, handler: (fake) => fake.answer("x", 418) });
    await door.ask("PUT /api/x", ["x-request-id: one"]);
    await door.ask("GET /nowhere", ["x-request-id: two"]);
    expect(door.access).toMatchObject([
      { method: "PUT", route: "/api", status: 418, requestId: "one", application: "a" },
      { method: "GET", route: "", status: 404, requestId: "two", application: "" },
    ]);
    expect(door.metric("serve_num_http_requests", { route: "/api", method: "PUT", status_code: "418" })).toBe(1);
    expect(door.metric("serve_num_http_error_requests", { route: "", error_code: "404" })).toBe(1);
    expect(door.metric("serve_num_deployment_http_error_requests", { deployment: "Ingress", error_code: "418" })).toBe(
      1,
    );
    expect(door.metric("serve_num_ongoing_http_requests", {})).toBe(0);
  });
});
