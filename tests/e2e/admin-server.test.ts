import { spawn } from "node:child_process";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { type AdminServer, type AdminServerOptions, startAdminServer } from "../../src/admin/server.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { MetricRegistry } from "../../src/telemetry/metrics.ts";
import { adminParts, type GivenParts } from "../fixtures/admin.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const APPS = "/api/serve/applications/";
/** Set-up makes it (`npm test`). */
const PYTHON = join(import.meta.dirname, "../../.venv/bin/python");
const LIMITS = { bodyBytes: 1000, requestMs: 300 };

async function start(changes: Partial<AdminServerOptions> = {}, given: GivenParts = {}): Promise<AdminServer> {
  const registry = new MetricRegistry();
  const counter = registry.counter({ name: "serve_test", help: "h", labels: ["application"], kind: "counter" });
  counter.labels({ application: "a" }).inc(2);
  const metrics = (): Promise<{ snapshot: ReturnType<typeof registry.snapshot> }[]> =>
    Promise.resolve([{ snapshot: registry.snapshot() }]);
  const options = { host: "127.0.0.1", port: 0, portChosen: false, token: undefined, ...changes };
  const server = await startAdminServer(options, adminParts({ metrics, ...given }), silentLogger, systemClock);
  open.push(server);
  return server;
}

/** What the server answers to bytes, until it closes the connection. */
async function exchange({ endpoint }: AdminServer, ...chunks: readonly string[]): Promise<string> {
  const socket = connect(endpoint.port, "127.0.0.1");
  open.push({ close: () => socket.destroy() });
  socket.on("error", () => undefined);
  for (const chunk of chunks) socket.write(chunk);
  return text(socket);
}

describe("admin server", () => {
  it("serves metrics and health, and 404 for the rest", async () => {
    const { endpoint } = await start();
    const page = await fetch(`${endpoint.url}/metrics`);
    expect(page.headers.get("content-type")).toContain("version=0.0.4");
    expect(await page.text()).toContain('ray_serve_test_total{application="a"} 2');
    expect(await (await fetch(`${endpoint.url}/-/healthz`)).text()).toBe("success");
    expect((await fetch(`${endpoint.url}/api`)).status).toBe(404);
    expect((await fetch(`${endpoint.url}/metrics`, { method: "DELETE" })).status).toBe(405);
  });

  it("asks for the token when it has one, and refuses an open host without", async () => {
    const { endpoint } = await start({ token: "secret" });
    const missing = await fetch(`${endpoint.url}/metrics`);
    expect([missing.status, missing.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect((await fetch(`${endpoint.url}/metrics`, { headers: { authorization: "Bearer secret" } })).status).toBe(200);
    await expect(start({ host: "0.0.0.0" })).rejects.toThrow(/open to other machines: set admin.token/);
  });

  it("takes a free port when a port that nobody chose is taken, and fails when somebody did", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => void other.listen(0, "127.0.0.1", resolve));
    open.push(other);
    const { port } = other.address() as AddressInfo;
    expect((await start({ port })).endpoint.port).not.toBe(port);
    await expect(start({ port, portChosen: true })).rejects.toThrow(
      `admin port ${port} on 127.0.0.1 is taken; choose another by --admin-port`,
    );
  });

  it("answers HEAD with the headers of GET and OPTIONS with the methods, and keeps the connection", async () => {
    const server = await start();
    const host = "host: localhost\r\n";
    const answers = await exchange(
      server,
      `HEAD /-/healthz HTTP/1.1\r\n${host}\r\n`,
      `OPTIONS ${APPS} HTTP/1.1\r\n${host}\r\n`,
      `GET /-/healthz HTTP/1.1\r\n${host}connection: close\r\n\r\n`,
    );
    const [head = "", options = "", get = ""] = answers.split(/(?=HTTP\/1\.1)/);
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n.*content-length: 7\r\n.*\r\n\r\n$/s);
    expect(options).toMatch(/^HTTP\/1\.1 204 No Content\r\n.*allow: GET, PUT, DELETE, HEAD, OPTIONS\r\n/s);
    expect(options).not.toMatch(/content-length/i);
    expect(get).toMatch(/\r\n\r\nsuccess$/);
  });
});

describe("admin server's limits (R4)", () => {
  it("takes a body up to the limit, chunked or not, and answers 413 beyond it to a client that sends all of it first", async () => {
    const bodies: unknown[] = [];
    const deployConfig = (document: unknown): Promise<string[]> => Promise.resolve((bodies.push(document), []));
    const { endpoint } = await start({ limits: LIMITS }, { deployConfig });
    const put = async (body: string | ReadableStream): Promise<number> =>
      (await fetch(endpoint.url + APPS, { method: "PUT", body, duplex: "half" } as RequestInit)).status;
    expect(await put(`{"x":"${"a".repeat(900)}"}`)).toBe(200);
    expect(await put(new Blob(['{"y":', "1}"]).stream())).toBe(200);
    expect(bodies).toEqual([{ x: "a".repeat(900) }, { y: 1 }]);
    expect(await put("a".repeat(1001))).toBe(413);
    expect(await put("a".repeat(4000))).toBe(413);
  });

  it("ends the connection of a client that sends far beyond the limit", async () => {
    const server = await start({ limits: LIMITS });
    const headers = `PUT ${APPS} HTTP/1.1\r\nhost: localhost\r\n`;
    expect(await exchange(server, `${headers}content-length: 99999\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 413 .*connection: close/s,
    );
    const chunk = `1000\r\n${"a".repeat(4096)}\r\n`;
    expect(await exchange(server, `${headers}transfer-encoding: chunked\r\n\r\n`, chunk, chunk)).toMatch(
      /^HTTP\/1\.1 413 /,
    );
  });

  it("lets a client that asks first send what it may, and tells it before it sends what it may not", async () => {
    const { endpoint } = await start({ limits: LIMITS });
    const ask = (length: number): Promise<{ status: number; told: boolean }> =>
      new Promise((resolve, reject) => {
        let told = false;
        const headers = { expect: "100-continue", "content-length": length };
        const put = request(endpoint.url + APPS, { method: "PUT", headers, agent: false });
        put.on("continue", () => {
          told = true;
          put.end("1".repeat(length));
        });
        put.on("response", ({ statusCode = 0 }) => {
          resolve({ status: statusCode, told });
          put.destroy();
        });
        put.on("error", reject);
        put.flushHeaders();
      });
    expect(await ask(10)).toEqual({ status: 200, told: true });
    expect(await ask(1001)).toEqual({ status: 413, told: false });
  });

  it("refuses a body that nobody wants without reading it", async () => {
    const server = await start({ limits: LIMITS, token: "secret" });
    const headers = `PUT ${APPS} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\n`;
    expect(await exchange(server, headers)).toMatch(/^HTTP\/1\.1 401 .*connection: close/s);
  });

  it("ends requests that come too slowly, and those that are none", async () => {
    const server = await start({ limits: LIMITS });
    const slowBody = `PUT ${APPS} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n{`;
    expect(await exchange(server, slowBody)).toMatch(/^HTTP\/1\.1 408 /);
    expect(await exchange(server, `GET ${APPS} HTTP/1.1\r\nhos`)).toMatch(/^HTTP\/1\.1 408 /);
    expect(await exchange(server)).toMatch(/^HTTP\/1\.1 408 /);
    expect(await exchange(server, "nonsense\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await exchange(server, `GET / HTTP/1.1\r\nx: ${"a".repeat(17_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it("lets a request that runs end at the close, for a moment", async () => {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    const asked = Promise.withResolvers<void>();
    const deployConfig = (): Promise<readonly string[]> => {
      asked.resolve();
      return promise;
    };
    const server = await start({}, { deployConfig });
    const answer = fetch(server.endpoint.url + APPS, { method: "PUT", body: "{}" });
    await asked.promise;
    const closed = server.close();
    resolve([]);
    expect((await answer).status).toBe(200);
    await closed;
    await expect(fetch(`${server.endpoint.url}/-/healthz`)).rejects.toThrow("fetch failed");
  });
});

describe("clients of other makes", () => {
  it("answers Python's http.client over one connection", async () => {
    const { endpoint } = await start();
    const script = `
import http.client
c = http.client.HTTPConnection("127.0.0.1", ${endpoint.port})
for method, path, body in [("GET", "/api/ray/version", None), ("PUT", "${APPS}", "{}"), ("HEAD", "/metrics", None), ("DELETE", "${APPS}", None), ("GET", "/api/gcs_healthz", None)]:
    c.request(method, path, body)
    sock = c.sock
    r = c.getresponse()
    print(r.status, r.version, len(r.read()), c.sock is sock)
`;
    const answers = (await run(PYTHON, ["-c", script])).trim().split("\n");
    expect(answers).toEqual([
      expect.stringMatching(/^200 11 \d+ True$/),
      "200 11 0 True",
      "200 11 0 True",
      "200 11 0 True",
      "200 11 7 True",
    ]);
  });
});

async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  return text(child.stdout);
}
