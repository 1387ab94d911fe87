// What a death costs: head, replica and proxy killed one by one under a running application (K1, K2, K3).
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveOptions } from "../../src/config/check-options.ts";
import { formatHeadOptions } from "../../src/config/head-options.ts";
import { type InstancePaths, instancePaths } from "../../src/config/paths.ts";
import { ensureToken } from "../../src/config/token.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { systemProcessTable } from "../../src/engines/local/process-table.ts";
import { type SpawnedProgram, spawnProgram } from "../../src/engines/local/spawn-program.ts";
import type { InstanceStatus } from "../../src/model/status.ts";
import type { HeadMethods } from "../../src/protocol/control.ts";
import { Supervision } from "../../src/supervisor/supervise.ts";
import { ControlLink } from "../../src/transport/control-link.ts";
import { socketTransport } from "../../src/transport/socket-transport.ts";

const EXAMPLE = join(import.meta.dirname, "../../examples/01-hello");

let home: string;
let paths: InstancePaths;
let supervision: Supervision<SpawnedProgram>;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "manta-recovery-"));
  paths = instancePaths(home, "default");
  supervision = new Supervision((restarts) => startHead(restarts === 0), silentLogger, systemClock);
  const order = { importPath: "./app.ts:app", args: {}, workingDir: EXAMPLE, name: undefined, routePrefix: undefined };
  await ask("run", { ...order, wait: true });
});

afterEach(async () => {
  await ask("shutdown", null);
  await supervision.ended;
  rmSync(home, { recursive: true, force: true });
});

function startHead(fresh: boolean): SpawnedProgram {
  const resolved = resolveOptions("instance", { http: { port: 0 }, admin: { port: 0 } });
  const { http, proxyLocation, numCpus, loggingConfig: logging } = resolved;
  const admin = { ...resolved.admin, portChosen: false };
  return spawnProgram({
    program: "head",
    args: [formatHeadOptions({ attached: true, fresh, http, proxyLocation, numCpus, admin, logging })],
    env: { MANTA_HOME: home, MANTA_NAMESPACE: "default" },
    cwd: home,
    outputFile: join(home, "head.out"),
    attached: true,
  });
}

/** Asks the head that answers first. */
async function ask<K extends keyof HeadMethods>(method: K, body: HeadMethods[K]["in"]): Promise<HeadMethods[K]["out"]> {
  const transport = socketTransport(ensureToken(paths.token), systemClock);
  for (;;) {
    const connection = await transport
      .dial({ kind: "unix", path: paths.headSocket }, { role: "cli", id: "cli-1", epoch: 0 })
      .catch(() => undefined);
    if (connection === undefined) {
      await systemClock.sleep(5);
      continue;
    }
    const link = new ControlLink(connection, systemClock);
    return await link.request<HeadMethods, K>(method, body).finally(() => link.close("answered"));
  }
}

interface Seen {
  readonly replicas: readonly { readonly pid: number; readonly state: string }[];
  readonly proxy: number;
  readonly application: string;
  readonly url: string;
}

function seen({ applications, proxies, http }: InstanceStatus): Seen | undefined {
  const application = applications["default"];
  const proxy = proxies["local"];
  if (application === undefined || proxy?.pid == null || http === null) return undefined;
  const replicas = Object.values(application.deployments).flatMap((deployment) =>
    deployment.replicas.map(({ pid, state }) => ({ pid: pid ?? 0, state })),
  );
  return { replicas, proxy: proxy.pid, application: application.status, url: http.url };
}

/** Looks until `done`, at most `limitMs`. */
async function until(done: (now: Seen) => boolean, limitMs: number): Promise<Seen> {
  const startMs = systemClock.monotonic();
  for (;;) {
    const now = seen(await ask("status", null));
    if (now !== undefined && done(now)) return now;
    if (systemClock.monotonic() - startMs > limitMs)
      throw new Error(`not within ${limitMs} ms: ${JSON.stringify(now)}`);
    await systemClock.sleep(20);
  }
}

function isAlive(pid: number): boolean {
  return systemProcessTable().look([pid]).has(pid);
}

const healthy = (now: Seen): boolean =>
  now.application === "RUNNING" && now.replicas.every(({ state }) => state === "RUNNING");

describe("recovery", () => {
  it("goes on serving while the head is dead, and the next head adopts replica and proxy (K1)", async () => {
    const before = await until(healthy, 5000);
    const counts = { ok: 0, failed: 0 };
    const stop = new AbortController();
    const load = (async () => {
      while (!stop.signal.aborted) {
        const ok = await fetch(before.url).then(
          (answer) => answer.ok,
          () => false,
        );
        counts[ok ? "ok" : "failed"]++;
      }
    })();
    supervision.head.kill("SIGKILL");
    await supervision.head.exited;
    const after = await until(healthy, 2000);
    stop.abort();
    await load;
    expect(after).toEqual(before);
    expect(counts.failed).toBe(0);
    expect(counts.ok).toBeGreaterThan(0);
  });

  it("replaces a replica that was killed (K2)", async () => {
    const before = await until(healthy, 5000);
    const [victim] = before.replicas;
    process.kill(victim?.pid ?? 0, "SIGKILL");
    const after = await until((now) => healthy(now) && now.replicas[0]?.pid !== victim?.pid, 5000);
    expect(await (await fetch(after.url)).text()).toContain("Hello");
  });

  it("replaces a proxy that was killed, on the same port (K3)", async () => {
    const before = await until(healthy, 5000);
    process.kill(before.proxy, "SIGKILL");
    const after = await until((now) => now.proxy !== before.proxy, 5000);
    expect(after.url).toBe(before.url);
    expect((await fetch(after.url)).status).toBe(200);
  });

  it("replaces a replica that is stopped and will not wake (state T)", async () => {
    const before = await until(healthy, 5000);
    const pid = before.replicas[0]?.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    await until((now) => healthy(now) && now.replicas[0]?.pid !== pid, 10_000);
  });

  it("ends what was left by an instance whose driver and head were killed together", async () => {
    const before = await until(healthy, 5000);
    supervision.release();
    supervision.head.kill("SIGKILL");
    await supervision.ended;
    supervision = new Supervision((restarts) => startHead(restarts === 0), silentLogger, systemClock);
    expect((await ask("status", null)).applications).toEqual({});
    for (const pid of [before.proxy, ...before.replicas.map((replica) => replica.pid)]) {
      while (isAlive(pid)) await systemClock.sleep(10);
    }
  });

  it("keeps the replica of unchanged code and replaces that of changed code (D3)", async () => {
    const file = join(home, "edited.ts");
    mkdirSync(join(home, "node_modules"));
    symlinkSync(join(import.meta.dirname, "../.."), join(home, "node_modules", "manta-serve"));
    const source = (text: string): string =>
      `import { deployment } from "manta-serve";\nexport const app = deployment(function edited() { return "${text}"; }).bind();\n`;
    writeFileSync(file, source("one"));
    const order = {
      importPath: file,
      args: {},
      workingDir: EXAMPLE,
      name: undefined,
      routePrefix: undefined,
      wait: true,
    };
    await ask("run", order);
    const first = await until(healthy, 5000);
    await ask("run", order);
    expect((await until(healthy, 5000)).replicas).toEqual(first.replicas);
    writeFileSync(file, source("two"));
    await ask("run", order);
    const second = await until(healthy, 5000);
    expect(second.replicas).not.toEqual(first.replicas);
    expect(await (await fetch(second.url)).text()).toBe("two");
  });
});
