// The proxy as a program, as its head sees it: in this process over a memory transport, and as a process of its own.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { resolveOptions } from "../../src/config/check-options.ts";
import { formatProgramOptions } from "../../src/config/head-options.ts";
import { instancePaths } from "../../src/config/paths.ts";
import { ensureToken } from "../../src/config/token.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { systemRandom } from "../../src/core/random.ts";
import {
  ROUTES_KEY,
  targetsKey,
  type Address,
  type FeedChange,
  type HttpListen,
  type ProxyMethods,
  type ProxyReport,
} from "../../src/protocol/control.ts";
import { Proxy } from "../../src/proxy/proxy.ts";
import { MetricRegistry } from "../../src/telemetry/metrics.ts";
import { ControlLink } from "../../src/transport/control-link.ts";
import { MemoryTransport } from "../../src/transport/memory-transport.ts";
import { socketTransport } from "../../src/transport/socket-transport.ts";
import type { Listener, Transport } from "../../src/transport/transport.ts";
import { waitUntil } from "./http-door.ts";

const LISTEN: HttpListen = resolveOptions("http", { port: 0 });
const ROUTES = { routes: [{ prefix: "/", application: "default", deployment: "D" }] };
const GONE = {
  application: "default",
  deployment: "D",
  unavailable: "failed to deploy",
  maxOngoingRequests: 5,
  maxQueuedRequests: -1,
  replicas: [],
};

/** As much of a head as a proxy meets. */
class FakeHead {
  readonly reports: ProxyReport[] = [];
  readonly wanted: string[] = [];
  readonly acknowledged: Record<string, number> = {};
  link: ControlLink | undefined;
  #listener: Listener | undefined;

  async open(transport: Transport, address: Address): Promise<this> {
    this.#listener = await transport.listen(address, { role: "head", id: "head", epoch: 0 }, (connection) => {
      const link = new ControlLink(connection, systemClock);
      this.link = link;
      link.onRequest((_method, body) => {
        this.wanted.push(...(body as { keys: string[] }).keys);
        return null;
      });
      link.onNotify((topic, body) => {
        if (topic === "proxy.report") this.reports.push(body as ProxyReport);
        else Object.assign(this.acknowledged, (body as { versions: Record<string, number> }).versions);
      });
    });
    return this;
  }

  async ask<K extends keyof ProxyMethods>(method: K, body: ProxyMethods[K]["in"]): Promise<ProxyMethods[K]["out"]> {
    await waitUntil(() => this.link !== undefined);
    return (this.link as ControlLink).request<ProxyMethods, K>(method, body);
  }

  async feed(key: string, value: FeedChange["value"], version = 1): Promise<void> {
    await waitUntil(() => this.wanted.includes(key));
    this.link?.notify("feed", { changes: [{ key, version, value }] });
    await waitUntil(() => this.acknowledged[key] === version);
  }

  async close(): Promise<void> {
    this.link?.close("the head ends");
    this.link = undefined;
    await this.#listener?.close();
  }
}

const HEAD: Address = { kind: "memory", name: "head" };
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function inProcess(): Promise<{ head: FakeHead; proxy: Proxy; transport: Transport; isEnded: () => boolean }> {
  const transport = new MemoryTransport(systemClock);
  const head = await new FakeHead().open(transport, HEAD);
  let ended = false;
  const proxy = new Proxy(
    {
      self: { role: "proxy", id: "proxy-1", epoch: 1 },
      pid: 1,
      node: { nodeId: "n", nodeIp: "127.0.0.1" },
      transport,
      head: HEAD,
      log: { logger: silentLogger, access: () => undefined, configure: () => undefined },
      metrics: new MetricRegistry(),
      development: false,
      onEnded: () => (ended = true),
    },
    systemClock,
    systemRandom,
  );
  proxy.start();
  closers.push(
    () => head.close(),
    async () => {
      proxy.drain(0);
      await waitUntil(() => ended);
    },
  );
  return { head, proxy, transport, isEnded: () => ended };
}

describe("a proxy and its head", () => {
  it("listens when told to, reports it, and listens once however often it is told", async () => {
    const { head } = await inProcess();
    const bound = await head.ask("listen", LISTEN);
    expect(await head.ask("listen", LISTEN)).toEqual(bound);
    await waitUntil(() => head.reports.length === 2);
    expect(head.reports).toMatchObject([
      { phase: "starting", port: 0 },
      { phase: "listening", ...bound },
    ]);
  });

  it("tells its head when the port is taken, and may be told another one", async () => {
    const { head } = await inProcess();
    const { head: second } = await inProcess();
    const { port } = await head.ask("listen", LISTEN);
    await expect(second.ask("listen", { ...LISTEN, port })).rejects.toMatchObject({ code: "ENGINE" });
    expect((await second.ask("listen", LISTEN)).port).not.toBe(port);
  });

  it("puts routes and targets into effect and acknowledges them", async () => {
    const { head } = await inProcess();
    const { port } = await head.ask("listen", LISTEN);
    const waiting = fetch(`http://127.0.0.1:${port}/x`);
    await head.feed(ROUTES_KEY, ROUTES);
    await head.feed(targetsKey("default", "D"), GONE);
    const response = await waiting;
    expect([response.status, await response.text()]).toEqual([
      503,
      "Deployment(name='D', app='default') is unavailable because it failed to deploy.",
    ]);
  });

  it("serves on while its head is away, and reports to the next one (K1)", async () => {
    const { head, transport } = await inProcess();
    const { port } = await head.ask("listen", LISTEN);
    await head.feed(ROUTES_KEY, ROUTES);
    await head.close();
    expect((await fetch(`http://127.0.0.1:${port}/-/healthz`)).status).toBe(200);
    const next = await new FakeHead().open(transport, HEAD);
    closers.unshift(() => next.close());
    await waitUntil(() => next.reports.length > 0);
    expect(next.reports[0]).toMatchObject({ phase: "listening", port });
    await waitUntil(() => next.wanted.includes(ROUTES_KEY) && next.wanted.includes(targetsKey("default", "D")));
  });

  it("drains, reports it, and ends", async () => {
    const { head, isEnded } = await inProcess();
    const { port } = await head.ask("listen", LISTEN);
    await head.ask("drain", { graceMs: 1000 });
    await waitUntil(isEnded);
    expect(head.reports.at(-1)).toMatchObject({ phase: "draining", port });
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow("fetch failed");
  });

  it("gives its metrics as data", async () => {
    const { head } = await inProcess();
    const { port } = await head.ask("listen", LISTEN);
    await fetch(`http://127.0.0.1:${port}/-/healthz`);
    const snapshot = (await head.ask("metrics", null)) as { definition: { name: string } }[];
    expect(snapshot.map(({ definition }) => definition.name)).toContain("serve_num_http_requests");
  });
});

describe("the proxy program", () => {
  const main = join(import.meta.dirname, "../../src/proxy/main.ts");
  const options = formatProgramOptions({ logging: resolveOptions("logging", {}) });

  async function start(): Promise<{ head: FakeHead; child: ChildProcess; logs: string }> {
    const home = await mkdtemp(join(tmpdir(), "manta-"));
    const paths = instancePaths(home, "default");
    await mkdir(paths.sockets, { recursive: true });
    const head = await new FakeHead().open(socketTransport(ensureToken(paths.token), systemClock), {
      kind: "unix",
      path: paths.headSocket,
    });
    const child = spawn(process.execPath, [main, "proxy-1", "1", options], {
      env: { ...process.env, MANTA_HOME: home },
      stdio: ["ignore", "inherit", "inherit"],
    });
    closers.push(
      () => rm(home, { recursive: true, force: true }),
      () => head.close(),
      async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill("SIGKILL");
        await once(child, "exit");
      },
    );
    return { head, child, logs: paths.logs };
  }

  it("serves, writes access lines, and exits 0 after SIGTERM (K6)", async () => {
    const { head, child, logs } = await start();
    const { port } = await head.ask("listen", LISTEN);
    await head.feed(ROUTES_KEY, { routes: [] });
    expect((await fetch(`http://127.0.0.1:${port}/nowhere`, { headers: { "x-request-id": "id-1" } })).status).toBe(404);
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
    const lines = await readFile(join(logs, "proxy_127.0.0.1.log"), "utf8");
    expect(lines).toMatch(/^INFO .* proxy 127\.0\.0\.1 id-1 -- GET {2}404 \d+\.\dms$/m);
  });

  it("ends at once at a second SIGTERM", async () => {
    const { head, child } = await start();
    const { port } = await head.ask("listen", LISTEN);
    const broken = fetch(`http://127.0.0.1:${port}/waits`, { headers: { "x-request-timeout-seconds": "0" } }).catch(
      (error: unknown) => error,
    );
    await head.feed(ROUTES_KEY, ROUTES);
    await waitUntil(() => head.wanted.includes(targetsKey("default", "D")));
    child.kill("SIGTERM");
    await waitUntil(() => head.reports.some(({ phase }) => phase === "draining"));
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(143);
    expect(await broken).toBeInstanceOf(TypeError);
  });
});
