// A Node listener behind proxy and replica: what HTTP says reaches it, and what it says reaches the client (RT7).
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Harness } from "./harness.ts";

const APP = `
import { createServer } from "node:http";
import { deployment, ingress, serve } from "manta-serve";

let left = 0;
const server = createServer((req, res) => {
  switch (new URL(req.url ?? "", "http://x").pathname) {
    case "/echo":
      return void req.pipe(res);
    case "/cookies":
      return void res.writeHead(200, [["set-cookie", "a=1"], ["set-cookie", "b=2"]]).end("hello");
    case "/not-modified":
      return void res.writeHead(304, { etag: '"1"' }).end();
    case "/refuse":
      return void res.writeHead(413, { connection: "close" }).end("too large");
    case "/break":
      return void res.writeHead(200).write("begun", () => setTimeout(() => res.destroy(), 20));
    case "/hang":
      res.on("close", () => left++);
      return void res.write("begun");
    case "/left":
      return void res.end(String(left));
    default:
      return void res.end(JSON.stringify([req.method, req.url, req.headers.host]));
  }
});

class Door {
  fetch = ingress(server);
}
await serve.run(deployment(Door, { maxOngoingRequests: 50 }).bind(), { http: { port: 0 }, admin: { port: 0 } });
console.log(JSON.stringify(await serve.status()));
`;

let harness: Harness;
let url: URL;

beforeAll(async () => {
  harness = new Harness();
  url = new URL((await harness.startServe(harness.write("door.ts", APP))).url);
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

/** The whole answer to what is sent as it stands. */
async function raw(sent: string): Promise<string> {
  const socket = connect(Number(url.port), url.hostname);
  socket.write(sent);
  return text(socket);
}

describe("a Node listener", () => {
  it("sees the target as it was sent, dot segments and quotes too (RT7)", async () => {
    const answer = await raw("GET /a/%2e%2e/b?q='x'&r=/../ HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n");
    expect(answer).toContain(`["GET","/a/%2e%2e/b?q='x'&r=/../","shop.test"]`);
  });

  it("gets and gives 32 MiB, both at once", async () => {
    const sent = Buffer.alloc(32 * 1024 * 1024, "0123456789abcdef");
    const outgoing = request(new URL("echo", url), { method: "POST" });
    outgoing.end(sent);
    const [response] = (await once(outgoing, "response")) as [NodeJS.ReadableStream];
    expect((await buffer(response)).equals(sent)).toBe(true);
  });

  it("sets cookies apart, and answers HEAD with the headers of GET", async () => {
    const got = await fetch(new URL("cookies", url));
    expect([got.headers.getSetCookie(), await got.text()]).toEqual([["a=1", "b=2"], "hello"]);
    const head = await fetch(new URL("echo", url), { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("answers 304 without a body, on a connection that goes on", async () => {
    const one = "GET /not-modified HTTP/1.1\r\nhost: h\r\n\r\n";
    const answer = await raw(`${one}GET /cookies HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 304 [^]*etag: "1"[^]*HTTP\/1\.1 200 [^]*hello/);
  });

  it("may answer an upload that it does not read", async () => {
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
    const response = await fetch(new URL("refuse", url), { method: "POST", body, duplex: "half" } as RequestInit);
    expect([response.status, await response.text()]).toEqual([413, "too large"]);
  });

  it("breaks its client's answer off when it breaks off its own", async () => {
    const response = await fetch(new URL("break", url));
    await expect(response.text()).rejects.toThrow("terminated");
  });

  it("sees its client leave (Q5)", async () => {
    const client = new AbortController();
    const response = await fetch(new URL("hang", url), { signal: client.signal });
    await response.body!.getReader().read();
    client.abort();
    await harness.waitUntil(async () => (await (await fetch(new URL("left", url))).text()) === "1", "it was told");
  });
});
