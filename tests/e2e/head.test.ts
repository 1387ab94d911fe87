// The head as a process: who owns a namespace, what ends it, what brings it back.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveOptions } from "../../src/config/check-options.ts";
import { formatHeadOptions, HEAD_EXIT, type HeadOptions } from "../../src/config/head-options.ts";
import { type InstancePaths, instancePaths } from "../../src/config/paths.ts";
import { readToken } from "../../src/config/token.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { systemProcessTable } from "../../src/engines/local/process-table.ts";
import { type SpawnedProgram, spawnProgram } from "../../src/engines/local/spawn-program.ts";
import type { InstanceStatus } from "../../src/model/status.ts";
import type { HeadMethods, InstanceInfo } from "../../src/protocol/control.ts";
import { Supervision } from "../../src/supervisor/supervise.ts";
import { ControlLink } from "../../src/transport/control-link.ts";
import { socketTransport } from "../../src/transport/socket-transport.ts";

let home: string;
let paths: InstancePaths;
const started: SpawnedProgram[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "manta-head-"));
  paths = instancePaths(home, "default");
});
afterEach(async () => {
  for (const program of started.splice(0)) {
    program.kill("SIGTERM");
    program.kill("SIGTERM");
    await program.exited;
  }
  rmSync(home, { recursive: true, force: true });
});

function startHead(changes: Partial<HeadOptions> = {}): SpawnedProgram {
  return start("head", changes);
}

function start(program: "head" | "supervisor", changes: Partial<HeadOptions>): SpawnedProgram {
  const resolved = resolveOptions("instance", { http: { port: 0 }, admin: { port: 0 } });
  const { http, proxyLocation, numCpus, loggingConfig: logging } = resolved;
  const admin = { ...resolved.admin, portChosen: false };
  const options = { attached: true, fresh: true, http, proxyLocation, numCpus, admin, logging, ...changes };
  const spawned = spawnProgram({
    program,
    args: [formatHeadOptions(options)],
    env: { MANTA_HOME: home, MANTA_NAMESPACE: "default" },
    cwd: home,
    outputFile: join(home, `${program}.out`),
    attached: options.attached,
  });
  started.push(spawned);
  return spawned;
}

async function connect(): Promise<ControlLink> {
  for (;;) {
    try {
      const transport = socketTransport(readToken(paths.token) ?? "", systemClock);
      const connection = await transport.dial(
        { kind: "unix", path: paths.headSocket },
        { role: "driver", id: "driver-1", epoch: 0 },
      );
      return new ControlLink(connection, systemClock);
    } catch {
      await systemClock.sleep(10);
    }
  }
}

async function info(): Promise<InstanceInfo> {
  const link = await connect();
  const answer = await link.request<HeadMethods, "info">("info", null);
  link.close("seen");
  return answer;
}

/** Waits for the head after the one of `pid`. A head that dies while it answers counts as one that has not answered. */
async function infoOfOtherThan(pid: number): Promise<InstanceInfo> {
  for (;;) {
    const answer = await info().catch(() => undefined);
    if (answer !== undefined && answer.pid !== pid) return answer;
    await systemClock.sleep(10);
  }
}

function isAlive(pid: number | null | undefined): boolean {
  return typeof pid === "number" && systemProcessTable().look([pid]).has(pid);
}

describe("head", () => {
  it("answers over its socket, keeps its folder to its user, and ends when its driver does", async () => {
    const head = startHead();
    expect(await info()).toMatchObject({ namespace: "default", pid: head.pid, attached: true, logsDir: paths.logs });
    expect(statSync(paths.root).mode & 0o777).toBe(0o700);
    expect(statSync(paths.token).mode & 0o777).toBe(0o600);
    head.closeInput();
    expect((await head.exited).code).toBe(HEAD_EXIT.done);
  });

  it("leaves the namespace to the head that has it, and says who that is (K5)", async () => {
    const first = startHead();
    await info();
    const second = await startHead().exited;
    expect(second.code).toBe(HEAD_EXIT.locked);
    expect(second.message).toContain(`held by the head of process ${first.pid}`);
    expect((await info()).pid).toBe(first.pid);
  });

  it("gives the namespace back when it is killed, however hard (K5)", async () => {
    const first = startHead();
    await info();
    first.kill("SIGKILL");
    await first.exited;
    const second = startHead();
    expect((await info()).pid).toBe(second.pid);
  });

  it("refuses a damaged store with its path and leaves it as it is (K4)", async () => {
    const head = startHead();
    await info();
    head.closeInput();
    await head.exited;
    writeFileSync(paths.state, "no database ".repeat(1000));
    const before = readFileSync(paths.state);
    const { code, message } = await startHead({ fresh: false }).exited;
    expect(code).toBe(HEAD_EXIT.failed);
    expect(message).toContain(paths.state);
    expect(readFileSync(paths.state).equals(before)).toBe(true);
  });

  it("is started again by its supervisor at once, on the same admin port (K1)", async () => {
    const supervision = new Supervision((restarts) => startHead({ fresh: restarts === 0 }), silentLogger, systemClock);
    const link = await connect();
    const before = await link.request<HeadMethods, "status">("status", null);
    supervision.head.kill("SIGKILL");
    await link.closed;
    const sinceMs = systemClock.monotonic();
    const again = await connect();
    const after = await again.request<HeadMethods, "status">("status", null);
    expect(systemClock.monotonic() - sinceMs).toBeLessThan(6000);
    expect(after.admin).toEqual(before.admin);
    await again.request<HeadMethods, "shutdown">("shutdown", null);
    expect(await supervision.ended).toMatchObject({ orderly: true });
  });

  it("is kept alive by the supervisor program, which passes SIGTERM on and ends with it", async () => {
    const supervisor = start("supervisor", { attached: false });
    const { pid } = await info();
    process.kill(pid, "SIGKILL");
    await infoOfOtherThan(pid);
    supervisor.kill("SIGTERM");
    expect((await supervisor.exited).code).toBe(HEAD_EXIT.done);
  });

  it("is given a supervisor also when its own died before it had started (architecture 1)", async () => {
    const head = startHead({ attached: false, supervisorPid: 0 });
    const link = await connect();
    await expect(link.request<HeadMethods, "supervise">("supervise", null)).rejects.toThrow("closed");
    await head.exited;
    const second = await info();
    process.kill(second.pid, "SIGKILL");
    const third = await infoOfOtherThan(second.pid);
    expect(third.parentPid).toBe(second.parentPid);
    const again = await connect();
    await again.request<HeadMethods, "shutdown">("shutdown", null);
    while (isAlive(third.parentPid)) await systemClock.sleep(10);
  });

  it("kills what still drains at the second SIGTERM, and leaves nothing for a next head to start (K6)", async () => {
    const head = startHead({ attached: false });
    const link = await connect();
    const manta = import.meta.resolve("../../src/index.ts");
    const stubborn = `import { deployment } from "${manta}";
      class Stubborn {
        fetch() { return "up"; }
        [Symbol.asyncDispose]() { return new Promise(() => setInterval(() => {}, 1000)); }
      }
      export const app = deployment(Stubborn).bind();`;
    writeFileSync(join(home, "app.ts"), stubborn);
    const order = { importPath: "./app.ts", args: {}, workingDir: home, name: undefined, routePrefix: undefined };
    await link.request<HeadMethods, "run">("run", { ...order, wait: true });
    const status = (): Promise<InstanceStatus> => link.request<HeadMethods, "status">("status", null);
    const [replica] = (await status()).applications["default"]?.deployments["Stubborn"]?.replicas ?? [];
    head.kill("SIGTERM");
    while (Object.keys((await status()).proxies).length > 0) await systemClock.sleep(10);
    expect(isAlive(replica?.pid)).toBe(true);
    head.kill("SIGTERM");
    expect((await head.exited).code).toBe(HEAD_EXIT.cut);
    while (isAlive(replica?.pid)) await systemClock.sleep(10);
    startHead({ attached: false, fresh: false });
    const next = await connect();
    expect((await next.request<HeadMethods, "status">("status", null)).applications).toEqual({});
    next.close("seen");
  });

  it("answers a build that fails with the reason, whatever became of the builder", async () => {
    startHead();
    const link = await connect();
    const run = (source: string): Promise<unknown> => {
      writeFileSync(join(home, "app.ts"), source);
      const order = { importPath: "./app.ts", args: {}, workingDir: home, name: undefined, routePrefix: undefined };
      return link.request<HeadMethods, "run">("run", { ...order, wait: true });
    };
    await expect(run("enum Colour { red }")).rejects.toThrow(/app\.ts:1: enum cannot be erased/);
    await expect(run("export const nothing = 1;")).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await expect(run("process.exit(3);")).rejects.toThrow(/its process ended \(exit code 3\)/);
    link.close("seen");
  });

  it("serves metrics and health on its admin port", async () => {
    startHead();
    const link = await connect();
    const { admin } = await link.request<HeadMethods, "status">("status", null);
    expect((await fetch(`${admin?.url}/metrics`)).status).toBe(200);
    expect(await (await fetch(`${admin?.url}/-/healthz`)).text()).toBe("success");
    link.close("seen");
  });
});
