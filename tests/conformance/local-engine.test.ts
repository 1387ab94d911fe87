// What only real processes can show: a stopped process, and documents that survive SIGKILL.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EngineEvent, ProcessSpec } from "../../src/engine/engine.ts";
import { systemClock } from "../../src/core/clock.ts";
import { localResources } from "../../src/engines/local/local-resources.ts";
import { LocalEngine } from "../../src/engines/local/local-engine.ts";
import { SqliteStore } from "../../src/engines/local/sqlite-store.ts";
import { localHost } from "./hosts.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "manta-store-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const specOf = (id: string, changes: Partial<ProcessSpec> = {}): ProcessSpec => ({
  id,
  epoch: 1,
  program: "replica",
  runtime: "node",
  args: ["run"],
  env: {},
  cwd: tmpdir(),
  outputFile: `replica_${id}.out`,
  resources: { cpus: 0, gpus: 0, memoryBytes: 0, custom: {} },
  placement: { kind: "spread" },
  ...changes,
});

async function next(events: AsyncIterator<EngineEvent>): Promise<EngineEvent> {
  const { value } = (await events.next()) as { value: EngineEvent };
  return value;
}

describe("local engine", () => {
  it("reports a stopped process as suspect and kills it when it is asked to stop (R4)", async () => {
    const host = await localHost();
    const events = host.engine.events(new AbortController().signal)[Symbol.asyncIterator]();
    host.engine.start(specOf("a"));
    const started = await next(events);
    await host.ready("a");
    process.kill((started as { pid: number }).pid, "SIGSTOP");
    expect(await next(events)).toMatchObject({ type: "suspect", id: "a" });
    host.engine.stop("a", 60_000);
    expect(await next(events)).toMatchObject({ type: "exited", id: "a", reason: "killed" });
    await host.close();
  });

  it("says that the working directory is missing, and keeps pending what needs a gpu until it is stopped", async () => {
    const host = await localHost();
    const events = host.engine.events(new AbortController().signal)[Symbol.asyncIterator]();
    host.engine.start(specOf("a", { cwd: "/no/such/folder" }));
    expect(await next(events)).toMatchObject({
      reason: "start-failed",
      detail: expect.stringContaining("/no/such/folder"),
    });
    host.engine.start(specOf("b", { resources: { cpus: 1, gpus: 0.5, memoryBytes: 0, custom: {} } }));
    expect(await next(events)).toMatchObject({ type: "pending", id: "b", cause: "infeasible" });
    host.engine.stop("b", 0);
    expect(await next(events)).toMatchObject({ type: "exited", id: "b", reason: "stopped" });
    await host.close();
  });

  it("removes the socket of a process that was killed, before it reports the end (R5)", async () => {
    const resources = localResources(null, "");
    const places = { home: folder, namespace: "default", logsDir: folder, socketsDir: folder, resources };
    const commandOf = () => ({ file: process.execPath, args: ["--eval", "setInterval(() => {}, 1000)"] });
    const store = new SqliteStore(join(folder, "state.db"));
    const engine = new LocalEngine({ ...places, store, commandOf }, systemClock);
    const events = engine.events(new AbortController().signal)[Symbol.asyncIterator]();
    writeFileSync(join(folder, "a"), "");
    engine.start(specOf("a"));
    await next(events);
    engine.kill("a");
    expect(await next(events)).toMatchObject({ type: "exited", id: "a", reason: "killed" });
    expect(existsSync(join(folder, "a"))).toBe(false);
    await engine.close();
  });
});

const WRITER = `
import { SqliteStore } from ${JSON.stringify(join(import.meta.dirname, "../../src/engines/local/sqlite-store.ts"))};
const store = new SqliteStore(process.argv[2]);
for (let n = 1; ; n++) {
  store.write(new Map([["n", new TextEncoder().encode(String(n))], ["copy", new TextEncoder().encode(String(n))]]));
  process.stdout.write(n + "\\n");
}`;

describe("resources of the local engine", () => {
  const sleeper = () => ({ file: process.execPath, args: ["--eval", "setInterval(() => {}, 1000)"] });
  const open = (store: SqliteStore): LocalEngine => {
    const total = { cpus: 2, gpus: 1, memoryBytes: 1, custom: {} };
    const resources = { total, gpuIds: ["7"], countsCpus: true };
    const places = { home: folder, namespace: "default", logsDir: folder, socketsDir: folder, resources };
    return new LocalEngine({ ...places, store, commandOf: sleeper }, systemClock);
  };
  const claim = (gpus: number) => ({ cpus: 1, gpus, memoryBytes: 0, custom: {} });

  it("are given, waited for in turn, and free again when a process has ended (R6)", async () => {
    const engine = open(new SqliteStore(join(folder, "state.db")));
    const events = engine.events(new AbortController().signal)[Symbol.asyncIterator]();
    engine.start(specOf("a", { resources: claim(1) }));
    expect(await next(events)).toMatchObject({ type: "started", id: "a", gpuIds: ["7"] });
    engine.start(specOf("b", { resources: claim(1) }));
    engine.start(specOf("c", { resources: claim(2) }));
    const busy = { type: "pending", id: "b", cause: "busy", detail: "needs 1 gpus, 0 of 1 free" };
    expect(await next(events)).toEqual(busy);
    expect(await next(events)).toMatchObject({ id: "c", cause: "infeasible", detail: "needs 2 gpus, this node has 1" });
    engine.kill("a");
    expect(await next(events)).toMatchObject({ type: "exited", id: "a" });
    expect(await next(events)).toMatchObject({ type: "started", id: "b", gpuIds: ["7"] });
    for (const id of ["b", "c"]) engine.kill(id);
    const ended = [await next(events), await next(events)].map((event) => event.type);
    expect(ended).toEqual(["exited", "exited"]);
    await engine.close();
  });

  it("stay with processes that the next head adopts", async () => {
    const first = open(new SqliteStore(join(folder, "state.db")));
    const started = first.events(new AbortController().signal)[Symbol.asyncIterator]();
    const named = () => ({ file: process.execPath, args: ["--eval", "setInterval(() => {}, 1000)", "a", "1", "run"] });
    const total = { cpus: 2, gpus: 1, memoryBytes: 1, custom: {} };
    const resources = { total, gpuIds: ["7"], countsCpus: false };
    const places = { home: folder, namespace: "default", logsDir: folder, socketsDir: folder, resources };
    const owner = new LocalEngine(
      { ...places, store: new SqliteStore(join(folder, "b.db")), commandOf: named },
      systemClock,
    );
    const events = owner.events(new AbortController().signal)[Symbol.asyncIterator]();
    owner.start(specOf("a", { resources: claim(1) }));
    const { pid } = (await next(events)) as { pid: number };
    await owner.close();
    const known = {
      id: "a",
      epoch: 1,
      pid,
      program: "replica",
      claim: { resources: claim(1), gpuIds: ["7"] },
    } as const;
    await first.adopt([known]);
    expect(await next(started)).toMatchObject({ type: "started", id: "a", adopted: true, gpuIds: ["7"] });
    first.start(specOf("b", { resources: claim(0.5) }));
    expect(await next(started)).toMatchObject({ type: "pending", id: "b", cause: "busy" });
    first.kill("b");
    first.kill("a");
    expect(await next(started)).toMatchObject({ type: "exited", id: "b" });
    expect(await next(started)).toMatchObject({ type: "exited", id: "a" });
    await first.close();
  });
});

describe("SqliteStore", () => {
  it("keeps every acknowledged write when its process is killed by SIGKILL, and no half of one (K4)", async () => {
    const script = join(folder, "writer.mjs");
    const path = join(folder, "state.db");
    writeFileSync(script, WRITER);
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.length > 200) child.kill("SIGKILL");
    });
    await once(child, "close");
    const acknowledged = Number(output.trimEnd().split("\n").at(-1));
    const store = new SqliteStore(path);
    const read = (key: string): number => Number(new TextDecoder().decode(store.read(key)));
    expect(read("n")).toBeGreaterThanOrEqual(acknowledged);
    expect(read("copy")).toBe(read("n"));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    store.close();
  });

  it("refuses a damaged file with its path and leaves it as it is (K4)", () => {
    const path = join(folder, "state.db");
    writeFileSync(path, "this is no database, however long it may be read ".repeat(100));
    const before = readFileSync(path);
    expect(() => new SqliteStore(path)).toThrow(
      expect.objectContaining({ code: "ENGINE", message: expect.stringContaining(path) }),
    );
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("refuses a file with a damaged page (K4)", () => {
    const path = join(folder, "state.db");
    const store = new SqliteStore(path);
    store.write(new Map(Array.from({ length: 200 }, (_, i) => [`key-${i}`, new Uint8Array(100).fill(i)])));
    store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096, 3 * 4096);
    writeFileSync(path, bytes);
    expect(() => new SqliteStore(path)).toThrow(expect.objectContaining({ code: "ENGINE" }));
  });
});
