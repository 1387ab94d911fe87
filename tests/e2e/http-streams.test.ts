// Streamed answers, clients that leave, connections that break, and the drain (Q4, Q5, Q7, D5, K6).
import { afterEach, describe, expect, it } from "vitest";
import { RequestTimeoutError, ServeError } from "../../src/core/errors.ts";
import { openDoor, waitUntil, type Door, type DoorOptions, type FakeCall, type RawClient } from "./http-door.ts";

let opened: Door | undefined;
const open = async (options?: DoorOptions): Promise<Door> => (opened = await openDoor(options));
const GET = "GET / HTTP/1.1\r\nhost: h\r\n\r\n";
const tooLate = new RequestTimeoutError({ requestId: "r", timeoutS: 1 });

afterEach(async () => {
  await opened?.[Symbol.asyncDispose]();
  opened = undefined;
});

/** A request whose head was sent and whose body is open. */
async function streaming(
  headers?: readonly string[],
  request = GET,
): Promise<{ door: Door; client: RawClient; fake: FakeCall }> {
  const door = await open();
  const client = door.send(request);
  const fake = await door.call();
  fake.head(headers);
  await client.sees("\r\n\r\n");
  return { door, client, fake };
}

describe("streamed answers", () => {
  it("send the head before the first chunk, and the chunks of a turn together", async () => {
    const { client, fake } = await streaming();
    expect(client.text).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*Transfer-Encoding: chunked\r\n\r\n$/);
    for (const part of ["a", "b", "c"]) fake.observer.onChunk(Buffer.from(part));
    await client.sees("3\r\nabc\r\n");
    fake.observer.onChunk(Buffer.from("d"));
    fake.observer.onEnd();
    await client.sees("1\r\nd\r\n0\r\n\r\n");
    expect(fake.consumedBytes).toBe(3);
  });

  it("keep a declared length", async () => {
    const { client, fake } = await streaming(["content-length", "3"]);
    fake.observer.onChunk(Buffer.from("abc"));
    fake.observer.onEnd();
    await client.sees("abc");
    expect(client.text).toMatch(/content-length: 3\r\n[^]*\r\n\r\nabc$/);
    client.write(GET);
    await (opened as Door).call(1);
  });

  it.each([
    ["more", "abcd"],
    ["less", "ab"],
  ])("break the connection when %s comes than was declared", async (_name, body) => {
    const { client, fake } = await streaming(["content-length", "3"]);
    fake.observer.onChunk(Buffer.from(body));
    fake.observer.onEnd();
    await client.closed;
    expect(client.text).not.toContain("abcd");
    expect(fake.cancelled).toBe("caller cancelled");
  });

  it.each([
    ["HEAD / HTTP/1.1\r\nhost: h\r\n\r\n", 200],
    [GET, 304],
  ])("have no body where none may be: %j %d", async (request, status) => {
    const door = await open();
    const client = door.send(request);
    const fake = await door.call();
    fake.head(undefined, status);
    await client.sees("\r\n\r\n");
    expect(client.text).toMatch(/\r\n\r\n$/);
    expect(client.text).not.toContain("chunked");
    expect(fake.cancelled).toBe("caller cancelled");
  });

  it("a reader that stops reading stops the producer (Q7)", async () => {
    const { client, fake } = await streaming();
    client.socket.pause();
    const chunk = Buffer.alloc(65_536);
    let sent = 0;
    // As a replica does: no more than the window beyond what was consumed.
    const pump = (): void => {
      while (sent - fake.consumedBytes + chunk.length <= 262_144) {
        fake.observer.onChunk(chunk);
        sent += chunk.length;
      }
    };
    let still = 0;
    for (let before = -1; still < 50; before = sent) {
      pump();
      await new Promise((resolve) => setImmediate(resolve));
      still = sent === before ? still + 1 : 0;
    }
    expect(sent - fake.consumedBytes).toBeLessThanOrEqual(262_144);
    const stoppedAt = sent;
    client.socket.resume();
    await waitUntil(() => {
      pump();
      return sent > stoppedAt + 10 * 1024 * 1024;
    });
  });
});

describe("an error after the head breaks the connection (Q4)", () => {
  it("sends what came, and no end", async () => {
    const { door, client, fake } = await streaming();
    fake.observer.onChunk(Buffer.from("abc"));
    fake.observer.onError(tooLate);
    await client.closed;
    expect(client.text).toMatch(/3\r\nabc\r\n$/);
    expect(door.access).toMatchObject([{ status: 200 }]);
  });

  it("resets where an end of the connection would look like the end of the body", async () => {
    const { client, fake } = await streaming(undefined, "GET / HTTP/1.0\r\n\r\n");
    let code: string | undefined;
    client.socket.on("error", (error: NodeJS.ErrnoException) => (code = error.code));
    fake.observer.onError(new ServeError("INTERNAL", "x"));
    await client.closed;
    expect(code).toBe("ECONNRESET");
  });
});

describe("a client that leaves (Q5)", () => {
  it("cancels the call, logged as 499 when nothing was sent", async () => {
    const door = await open();
    const client = door.send(GET);
    const fake = await door.call();
    client.socket.destroy();
    await waitUntil(() => fake.cancelled !== undefined);
    expect(fake.cancelled).toBe("client left");
    fake.answer("too late");
    expect(door.access).toMatchObject([{ status: 499, route: "/" }]);
    expect(door.metric("serve_num_ongoing_http_requests", {})).toBe(0);
  });

  it("cancels a stream; the status that was sent is kept", async () => {
    const { door, client, fake } = await streaming();
    client.socket.destroy();
    await waitUntil(() => fake.cancelled === "client left");
    expect(door.access).toMatchObject([{ status: 200 }]);
  });

  it("fails the body of an upload that breaks off", async () => {
    const door = await open();
    const client = door.send("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
    const fake = await door.call();
    await waitUntil(() => fake.text === "abc");
    client.socket.destroy();
    await waitUntil(() => fake.cancelled === "client left");
    expect(fake.failure).toBe("the client left");
  });

  it("starts no call for a small body that never came whole", async () => {
    const door = await open();
    const client = door.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nabc");
    await waitUntil(() => door.server.ongoing === 1);
    client.socket.destroy();
    await waitUntil(() => door.server.ongoing === 0);
    expect(door.calls).toEqual([]);
  });

  it("is not waited for when it asked that the request runs on", async () => {
    const door = await open();
    const client = door.send("GET / HTTP/1.1\r\nhost: h\r\nx-request-disconnect-disabled: ?1\r\n\r\n");
    const fake = await door.call();
    client.socket.destroy();
    await waitUntil(() => door.access.length === 1);
    expect(fake.cancelled).toBeUndefined();
    fake.head();
    fake.observer.onChunk(Buffer.alloc(1000));
    expect(fake.consumedBytes).toBe(1000);
    fake.observer.onEnd();
  });

  it("gets the producer going again when it had stopped reading before", async () => {
    const { client, fake } = await streaming(
      undefined,
      "GET / HTTP/1.1\r\nhost: h\r\nx-request-disconnect-disabled: ?1\r\n\r\n",
    );
    client.socket.pause();
    let sent = 0;
    while (sent - fake.consumedBytes < 200_000) {
      fake.observer.onChunk(Buffer.alloc(65_536));
      sent += 65_536;
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.socket.destroy();
    await waitUntil(() => fake.consumedBytes === sent);
    expect(fake.cancelled).toBeUndefined();
  });

  it("takes all its pipelined requests with it", async () => {
    const door = await open();
    const client = door.send(GET + GET + GET);
    await door.call(2);
    client.socket.destroy();
    await waitUntil(() => door.calls.every(({ cancelled }) => cancelled === "client left"));
    expect(door.server.ongoing).toBe(0);
  });

  it("1,000 connections opened and dropped leave nothing behind", async () => {
    const door = await open({ handler: (fake) => fake.answer("ok") });
    const halves = [
      "",
      "GET / HT",
      GET,
      GET + GET,
      "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nabc",
      "\x00\xff",
    ];
    for (let i = 0; i < 1000; i++) {
      const client = door.send(halves[i % halves.length] as string);
      if (i % 2 === 0) client.socket.destroy();
      else client.socket.resetAndDestroy();
      if (i % 100 === 0) await client.closed;
    }
    await Promise.all(door.clients.map(({ closed }) => closed));
    await waitUntil(() => door.server.ongoing === 0);
    expect((await door.ask("GET /")).body).toBe("ok");
    await door.server.drain(1000);
  });
});

describe("drain (D5, K6)", () => {
  it("finishes what is open, answers 503 to health checks and new requests, then closes", async () => {
    const door = await open();
    const idle = door.send("");
    const client = door.send(GET);
    const fake = await door.call();
    const drained = door.server.drain(10_000);
    const health = await door.ask("GET /-/healthz");
    expect([health.statusLine, health.body]).toEqual([
      "HTTP/1.1 503 Service Unavailable",
      "This node is being drained.",
    ]);
    expect((await door.ask("GET /")).statusLine).toBe("HTTP/1.1 503 Service Unavailable");
    await idle.closed;
    fake.answer("done");
    await drained;
    await client.closed;
    expect(client.text).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*connection: close\r\n[^]*done$/i);
    const late = door.send(GET);
    await late.closed;
    expect(late.text).toBe("");
  });

  it("cuts off what is left after the grace", async () => {
    const door = await open();
    const client = door.send(GET);
    const fake = await door.call();
    await door.server.drain(50);
    await client.closed;
    expect(fake.cancelled).toBe("client left");
  });

  it("refuses what waits for the first route table", async () => {
    const door = await open({ routes: null });
    const client = door.send(GET);
    await waitUntil(() => door.server.ongoing === 1);
    await door.server.drain(10_000);
    await client.closed;
    expect(client.text).toMatch(/^HTTP\/1.1 503 /);
  });
});

it("a port that is taken is named with the way out", async () => {
  const door = await open();
  await expect(openDoor({ port: door.port })).rejects.toMatchObject({
    code: "ENGINE",
    message: `port ${door.port} on 127.0.0.1 is taken; choose another one with --http-port, http.port or http_options.port`,
  });
});
