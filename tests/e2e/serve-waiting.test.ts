// Requests that wait: for a slot, for an application that is being deployed, for a body that comes slowly or is not read.
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { Harness, type Served } from "./harness.ts";
import { RawClient } from "./raw-client.ts";

const MIB = 1024 * 1024;

let harness: Harness;
let served: Served;

beforeAll(async () => {
  harness = new Harness();
  served = await harness.startServe(harness.copy("limits.ts"));
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

const ask = (path: string, init: RequestInit = {}) => fetch(new URL(path, served.url), init);

describe("a request that waits for a slot", () => {
  it("leaves the queue at once with its client or its deadline, and makes room (Q4, Q5)", async () => {
    const first = ask("/narrow?ms=900");
    const leaving = new RawClient(served.url);
    const late = ask("/narrow?ms=0", { headers: { "x-request-timeout-seconds": "0.4", "x-request-id": "late" } });
    leaving.get("/narrow?ms=0");
    const full = await harness.waitUntil(async () => {
      const answer = await ask("/narrow?ms=0", { headers: { "x-request-timeout-seconds": "0.02" } });
      return answer.status === 503 && answer;
    }, "the queue of two is full");
    expect(full.headers.get("retry-after")).toBe("1");
    leaving.leave();
    const refused = await late;
    expect([refused.status, await refused.text()]).toEqual([408, "Request late timed out after 0.4s."]);
    const room = await Promise.all([ask("/narrow?ms=0"), ask("/narrow?ms=0")]);
    expect(room.map(({ status }) => status)).toEqual([200, 200]);
    expect((await first).status).toBe(200);
  });
});

describe("a request to an application that is being deployed", () => {
  it("waits until it serves, or until its deadline (RT5)", async () => {
    const deploying = harness.deploy(harness.copy("slow-start.ts"), "1200");
    await harness.waitUntil(
      async () => (await ask("/-/routes").then((answer) => answer.text())).includes("/slow"),
      "the route",
    );
    const waiting = ask("/slow");
    const late = await ask("/slow", { headers: { "x-request-timeout-seconds": "0.1" } });
    expect(late.status).toBe(408);
    expect(await (await waiting).text()).toBe("at last");
    await deploying;
    await harness.ask("delete", { name: "slow" });
  });

  it("fails with DEPLOYMENT_UNAVAILABLE when the first deploy fails, and so do later ones (RT5, D4)", async () => {
    const deploying = harness.run(harness.copy("slow-start.ts"), "400", "the model is damaged").finished();
    await harness.waitUntil(
      async () => (await ask("/-/routes").then((answer) => answer.text())).includes("/slow"),
      "the route",
    );
    const waiting = await ask("/slow", { headers: { accept: "application/json" } });
    expect(waiting.status).toBe(503);
    expect(await waiting.json()).toMatchObject({ error: { code: "DEPLOYMENT_UNAVAILABLE" } });
    expect((await deploying).code).toBe(1);
    expect((await ask("/slow")).status).toBe(503);
    await harness.ask("delete", { name: "slow" });
    expect((await ask("/slow")).status).toBe(404);
  });
});

describe("a request body", () => {
  it("that nobody reads does not keep the answer, nor the connection, from working", async () => {
    const client = new RawClient(served.url);
    const body = Buffer.alloc(MIB, "x");
    client.socket.write(`POST /limited?ms=0 HTTP/1.1\r\nHost: test\r\nContent-Length: ${32 * MIB}\r\n\r\n`);
    for (let sent = 0; sent < 32; sent++) await client.write(body);
    await harness.waitUntil(() => client.text.includes("200 OK"), "the answer");
    client.text = "";
    client.get("/limited?ms=0");
    await harness.waitUntil(() => client.text.includes("200 OK"), "the next answer on the same connection");
    client.leave();
  });

  it("whose client leaves in the middle ends the handler, and its slot is free again (Q5)", async () => {
    const uploads = new Harness();
    onTestFinished(() => uploads.close());
    uploads.showOnFailure();
    const source = `
import { deployment, serve } from "manta-serve";
let ended = "";
class Upload {
  async fetch(request: Request) {
    if (request.method === "GET") return ended;
    try {
      for await (const _ of request.body ?? []);
      ended = "whole";
    } catch (error) {
      ended = \`broken: \${(error as Error).name}, aborted \${request.signal.aborted}\`;
      throw error;
    }
  }
}
await serve.run(deployment(Upload, { maxOngoingRequests: 1 }).bind(), { http: { port: 0 }, admin: { port: 0 } });
console.log(JSON.stringify(await serve.status()));
`;
    const { url } = await uploads.startServe(uploads.write("upload.ts", source));
    const client = new RawClient(url);
    client.socket.write("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\nbegin");
    const headers = { "x-request-timeout-seconds": "0.05" };
    await harness.waitUntil(async () => (await fetch(url, { headers })).status === 408, "the upload holds the slot");
    client.leave();
    const ended = await harness.waitUntil(
      async () => (await fetch(url)).text(),
      "the slot is free, and the end is told",
    );
    expect(ended).toMatch(/^broken: \w+, aborted true$/);
  });
});
