// A web server of the user's own that calls deployments by handles (examples/10-own-server): who starts first, who
// restarts, who leaves.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Cli } from "./cli.ts";
import { Harness } from "./harness.ts";

const EXAMPLE = join(import.meta.dirname, "../../examples/10-own-server");

let harness: Harness;
let base: string;

beforeEach(() => {
  harness = new Harness();
  harness.showOnFailure();
});
afterEach(() => harness.close());

/** The server is told its port by the environment; 0 is a free one. */
async function startServer(): Promise<Cli> {
  process.env["PORT"] = "0";
  const server = harness.run(join(EXAMPLE, "server.ts"));
  base = (await server.ready()).url;
  return server;
}
async function startModels(): Promise<Cli> {
  const target = join(EXAMPLE, "models.ts");
  return (await harness.startByCommand(target, "--name", "models", "--route-prefix", "null")).process;
}
const summarize = async (): Promise<[number, unknown]> => {
  const body = JSON.stringify({ text: "one two three four" });
  const headers = { "content-type": "application/json" };
  const response = await fetch(new URL("summaries", base), { method: "POST", headers, body });
  return [response.status, await response.json()];
};
const SUMMARY = [200, { summary: "one two three" }];
const AWAY = [503, { error: "the models are not there yet" }];

describe("10-own-server", () => {
  it("answers 503 until the models are there, and goes on by itself when they are", async () => {
    await startServer();
    expect(await summarize()).toEqual(AWAY);
    await startModels();
    expect(await summarize()).toEqual(SUMMARY);
    const { http, applications } = await harness.status();
    expect(applications["models"]?.routePrefix).toBeNull();
    expect((await fetch(new URL("summaries", http?.url), { method: "POST" })).status).toBe(404);
  });

  it("streams, and stops the model when its client leaves", async () => {
    await startModels();
    await startServer();
    const running = async (): Promise<number> => {
      const answered = await harness.deploy<{ running: number }>(harness.write("running.ts", RUNNING));
      return answered.running;
    };
    const client = new AbortController();
    const words = encodeURIComponent("word ".repeat(1000));
    const response = await fetch(new URL(`tokens?text=${words}`, base), { signal: client.signal });
    const first = await response.body!.getReader().read();
    expect(new TextDecoder().decode(first.value)).toBe("word ");
    expect(await running()).toBe(1);
    client.abort();
    await harness.waitUntil(async () => (await running()) === 0, "the model has stopped", 10_000);
  });

  it("keeps its handle over a restart of the head, and of a replica", async () => {
    await startModels();
    await startServer();
    expect(await summarize()).toEqual(SUMMARY);
    await harness.killHead();
    expect(await summarize()).toEqual(SUMMARY);
    const [replica] = await harness.replicas("Summarizer", "models");
    process.kill(replica?.pid ?? 0, "SIGKILL");
    await harness.waitUntil(async () => (await summarize())[0] === 200, "another replica answers");
  });

  it.each([
    ["an orderly", "SIGINT"],
    ["a sudden", "SIGKILL"],
  ] as const)("keeps its handle over %s end of the instance, and answers 503 meanwhile", async (_, signal) => {
    const models = await startModels();
    await startServer();
    expect(await summarize()).toEqual(SUMMARY);
    await models.interrupt(signal);
    await harness.nothingLeft();
    expect((await summarize())[0]).toBe(503); // it was deleted in order, and that was told
    await startModels();
    await harness.waitUntil(async () => (await summarize())[0] === 200, "the server has found the instance", 10_000);
  });

  it("waits for an instance that has died as a whole, up to the deadline", async () => {
    const models = await startModels();
    await startServer();
    expect(await summarize()).toEqual(SUMMARY);
    const processes = harness.processes();
    models.child.kill("SIGKILL");
    for (const pid of processes) process.kill(pid, "SIGKILL");
    await models.closed;
    await harness.nothingLeft();
    // The connection may take one more call before it is known to be broken: REPLICA_GONE.
    expect([408, 500]).toContain((await summarize())[0]);
    expect((await summarize())[0]).toBe(408);
    await startModels();
    await harness.waitUntil(async () => (await summarize())[0] === 200, "the server has found the instance", 10_000);
  });
});

const RUNNING = `
import { serve } from "manta-serve";
const handle = await serve.getAppHandle("models");
console.log(JSON.stringify({ running: await handle.running() }));
`;
