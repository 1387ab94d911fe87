// Clients that leave, dawdle, pour, stop reading or lie: one instance for all of them, which must never notice.
import { connect } from "node:net";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Harness, openFiles, residentBytes, type Served } from "./harness.ts";
import { RawClient } from "./raw-client.ts";

const MIB = 1024 * 1024;
/** How soon running code knows that its client left: some milliseconds, and ten times more where two tests share two cores. */
const NOTICE_MS = 1000;

interface Work {
  readonly running: number;
  readonly begun: number;
  readonly abortedAtMs: readonly number[];
  readonly produced: number;
}

let harness: Harness;
let served: Served;
let replicaPids: number[];
let proxyPid: number;

beforeAll(async () => {
  harness = new Harness();
  served = await harness.startServe(harness.copy("work.ts"));
  replicaPids = await harness.running();
  proxyPid = (await harness.status()).proxies["local"]?.pid ?? 0;
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

const url = (path: string): URL => new URL(path, served.url);
const work = async (): Promise<Work[]> => (await fetch(url("/work"))).json() as Promise<Work[]>;
const until: Harness["waitUntil"] = (check, what, limitMs) => harness.waitUntil(check, what, limitMs);

/** Resolves when each of the three deployments runs `count` pieces of work. */
const running = (count: number): Promise<Work[]> =>
  until(async () => {
    const seen = await work();
    return seen.every((one) => one.running === count) && seen;
  }, `${count} run in each deployment`);

/** The instance is as it was: the same processes, which answer, with nothing left to do. */
async function unharmed(): Promise<void> {
  expect((await fetch(url("/"))).status).toBe(200);
  await running(0);
  expect(await harness.running()).toEqual(replicaPids);
  expect((await harness.status()).proxies["local"]).toMatchObject({ pid: proxyPid, status: "HEALTHY" });
}

describe("a client that leaves", () => {
  it.each(["/hold", "/stream"])("aborts what runs for it at once, nested calls too (Q5): %s", async (path) => {
    const client = new RawClient(served.url).get(path);
    const before = await running(1);
    const leftMs = Date.now();
    client.leave();
    const after = await running(0);
    const delays = after.map((one, i) => {
      expect(one.abortedAtMs.length).toBe((before[i]?.abortedAtMs.length ?? 0) + 1);
      return (one.abortedAtMs.at(-1) ?? Infinity) - leftMs;
    });
    expect(Math.max(...delays)).toBeLessThan(NOTICE_MS);
    await unharmed();
  });

  it("leaves its request running when it asked for that (Q5)", async () => {
    const client = new RawClient(served.url).get("/hold?ms=700", "x-request-disconnect-disabled: ?1\r\n");
    const before = await running(1);
    client.leave();
    const after = await running(0);
    expect(after.map((one) => one.abortedAtMs.length)).toEqual(before.map((one) => one.abortedAtMs.length));
  });

  it("by a thousand at once, in the middle of a request or before one, harms nobody", async () => {
    const clients = Array.from({ length: 1000 }, () => new RawClient(served.url));
    for (const [i, client] of clients.entries()) {
      if (i % 4 === 0) client.get("/hold");
      if (i % 4 === 1) client.socket.write("GET / HTTP/1.1\r\nHo");
      if (i % 4 === 2) client.socket.write("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 99\r\n\r\nhalf");
    }
    await until(async () => ((await work())[0]?.running ?? 0) >= 250, "their requests run");
    for (const client of clients) harness.cutConnection(client.socket);
    await unharmed();
    await until(() => openFiles(proxyPid) < 100, "the proxy has closed their connections");
  });
});

describe("a slow client", () => {
  it("that sends its headers byte by byte keeps nobody waiting, and a hundred of them neither (slowloris)", async () => {
    const slow = Array.from({ length: 100 }, () => new RawClient(served.url));
    for (const { socket } of slow) socket.write("GET / HTTP/1.1\r\nHost: t");
    const startMs = Date.now();
    for (let i = 0; i < 20; i++) {
      for (const { socket } of slow) socket.write("x");
      expect((await fetch(url("/"))).status).toBe(200);
    }
    expect(Date.now() - startMs).toBeLessThan(10_000); // the slow ones may take 60 s
    for (const client of slow) client.leave();
    await unharmed();
  });

  it("that stops reading stops the producer, and nobody's memory grows (Q7)", async () => {
    const client = new RawClient(served.url).get("/produce");
    await until(async () => client.readBytes > 4 * MIB, "it reads");
    client.socket.pause();
    let before = -1;
    const produced = await until(async () => {
      const now = (await work())[0]?.produced ?? 0;
      if (now === before) return now;
      before = now;
      return false;
    }, "the producer stands still");
    // Sockets and credit windows on the way hold the rest.
    expect(produced - client.readBytes).toBeLessThan(16 * MIB);
    client.socket.resume();
    await until(async () => client.readBytes > produced + MIB, "it goes on when the client does");
    client.leave();
    await unharmed();
  });

  it("that uploads 1 GB is streamed through at flat memory (Q7)", { timeout: 60_000 }, async () => {
    const total = 1024 * MIB;
    const piece = Buffer.alloc(MIB, "u");
    const pids = [proxyPid, ...replicaPids];
    const before = pids.map(residentBytes);
    const peak = [...before];
    const client = new RawClient(served.url);
    client.socket.write(`POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: ${total}\r\n\r\n`);
    for (let sent = 0; sent < total; sent += piece.length) {
      await client.write(piece);
      if (sent % (32 * MIB) === 0) pids.forEach((pid, i) => (peak[i] = Math.max(peak[i] ?? 0, residentBytes(pid))));
    }
    await harness.waitUntil(() => client.text.includes("bytes"), "the answer", 20_000);
    expect(client.text).toContain(JSON.stringify({ bytes: total }));
    const grown = peak.map((bytes, i) => Math.round((bytes - (before[i] ?? 0)) / MIB));
    expect(Math.max(...grown)).toBeLessThan(100);
    client.leave();
    await unharmed();
  });
});

describe("half a frame followed by silence", () => {
  const HALF = Buffer.from([0xff, 0xff, 0x00, 0x00, 0x01, 0x02]);

  it("on the socket of the head or of a replica disturbs nobody, and the connection is ended", async () => {
    const sockets = readdirSync(harness.paths.sockets).map((name) => join(harness.paths.sockets, name));
    expect(sockets.length).toBeGreaterThanOrEqual(4);
    const liars = sockets.map((path) =>
      connect(path)
        .on("error", () => undefined)
        .on("data", () => undefined),
    );
    const gone = liars.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of liars) socket.write(HALF);
    await unharmed();
    await Promise.all(gone);
    await unharmed();
  });

  it("that announces more than the limit is refused at once", async () => {
    const socket = connect(harness.paths.headSocket)
      .on("error", () => undefined)
      .resume();
    const gone = new Promise((resolve) => socket.once("close", resolve));
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x01, 0, 0, 0, 0]));
    await gone;
    await unharmed();
  });
});

describe("a handler that throws", () => {
  it("is a 500 without its words for the client, its stack in the log, and the server unharmed (USER_CODE)", async () => {
    const answer = await fetch(url("/boom"), { headers: { "x-request-id": "boom-1" } });
    expect([answer.status, await answer.text()]).toEqual([500, "Internal Server Error"]);
    const log = await until(
      async () =>
        /boom-1.*[^]*?TypeError: boom at noon\n\s+at .*work\.ts:\d+/.exec(harness.logs("replica_default_Ingress")) ??
        false,
      "the stack in the log",
    );
    expect(log[0]).toContain("Request failed.");
    await unharmed();
  });

  it("with a value that cannot cross in a nested call is a 500 SERIALIZATION that names the path in the log", async () => {
    const answer = await fetch(url("/cannot-cross"), { headers: { accept: "application/json" } });
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ error: { code: "SERIALIZATION" } });
    await until(async () => harness.logs("replica_default_Ingress").includes("args[0].deep[0]"), "the path in the log");
  });
});
