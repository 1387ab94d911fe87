import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type AdminServer, type AdminServerOptions, startAdminServer } from "../../src/admin/server.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { MetricRegistry } from "../../src/telemetry/metrics.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start(changes: Partial<AdminServerOptions> = {}): Promise<AdminServer> {
  const registry = new MetricRegistry();
  const counter = registry.counter({ name: "serve_test", help: "h", labels: ["application"], kind: "counter" });
  counter.labels({ application: "a" }).inc(2);
  const metrics = (): Promise<{ snapshot: ReturnType<typeof registry.snapshot> }[]> =>
    Promise.resolve([{ snapshot: registry.snapshot() }]);
  const options = {
    host: "127.0.0.1",
    port: 0,
    portChosen: false,
    token: undefined,
    metricsPrefix: "ray_",
    metrics,
    ...changes,
  };
  const server = await startAdminServer(options, silentLogger);
  open.push(server);
  return server;
}

describe("admin server", () => {
  it("serves metrics and health, and 404 for the rest", async () => {
    const { endpoint } = await start();
    const page = await fetch(`${endpoint.url}/metrics`);
    expect(page.headers.get("content-type")).toContain("version=0.0.4");
    expect(await page.text()).toContain('ray_serve_test_total{application="a"} 2');
    expect(await (await fetch(`${endpoint.url}/-/healthz`)).text()).toBe("success");
    expect((await fetch(`${endpoint.url}/api`)).status).toBe(404);
    expect((await fetch(`${endpoint.url}/metrics`, { method: "POST" })).status).toBe(405);
  });

  it("asks for the token when it has one, and refuses an open host without", async () => {
    const { endpoint } = await start({ token: "secret" });
    expect((await fetch(`${endpoint.url}/metrics`)).status).toBe(401);
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
});
