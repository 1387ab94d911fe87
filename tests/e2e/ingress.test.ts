// A Node listener behind proxy and replica: what HTTP says reaches it, and what it says reaches the client (RT7).
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Harness } from "./harness.ts";

const APP = `
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { deployment, ingress, requestContext, serve } from "manta-serve";

let left = 0;
const server = createServer((req, res) => {
  switch (new URL(req.url ?? "", "http://x").pathname) {
    case "/echo":
      return void req.pipe(res);
    case "/trailers":
      return void text(req).then((body) => res.end(JSON.stringify([body, req.rawTrailers, req.trailers])));
    case "/client": {
      const { remoteAddress, remotePort } = req.socket;
      const seen = [remoteAddress, remotePort, requestContext().clientAddress, req.headers["x-forwarded-for"]];
      return void res.end(JSON.stringify(seen));
    }
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

  it("sees trailers when the body has ended, but those that are said of one connection (RT7)", async () => {
    const head = "POST /trailers HTTP/1.1\r\nhost: h\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    const large = "10000\r\n".concat("x".repeat(65_536), "\r\n").repeat(6);
    for (const [chunks, body] of [
      ["2\r\nhi\r\n", "hi"],
      ["", ""],
      [large, "x".repeat(6 * 65_536)],
    ]) {
      const answer = await raw(`${head}${chunks}0\r\nX-Sum: 1\r\nx-sum: 2\r\nkeep-alive: 5\r\nhost: other\r\n\r\n`);
      expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4))).toEqual([
        body,
        ["X-Sum", "1", "x-sum", "2", "host", "other"],
        { "x-sum": "1, 2", host: "other" },
      ]);
    }
  });

  it("sees the client's address at the proxy, and the headers of proxies before it as they came", async () => {
    const outgoing = request(new URL("client", url), { headers: { "x-forwarded-for": "203.0.113.7" } });
    outgoing.end();
    const [response] = (await once(outgoing, "response")) as [NodeJS.ReadableStream];
    const port = outgoing.socket?.localPort;
    expect(JSON.parse(await text(response))).toEqual(["127.0.0.1", port, "127.0.0.1", "203.0.113.7"]);
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
