// Deaths in the middle of something: in a queue, in a nested call, in a stream, in a deploy, while the head is dead.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Harness, kill } from "./harness.ts";
import { RawClient } from "./raw-client.ts";

/** Statuses are right and everything serves again (K1). */
const AGAIN_MS = 2000;

let harness: Harness;

beforeEach(() => {
  harness = new Harness();
  harness.showOnFailure();
});
afterEach(() => harness.close());

interface Work {
  readonly running: number;
}

const work = async (url: string): Promise<Work[]> => (await fetch(`${url}/work`)).json() as Promise<Work[]>;

describe("a replica that dies", () => {
  it("fails no more calls than it has slots; what waits in queues goes elsewhere (P6, Q3)", async () => {
    const { url } = await harness.startServe(harness.copy("limits.ts"));
    const load = harness.load(`${url}/limited?ms=20`, 16);
    await harness.waitUntil(() => load.answered > 30, "the load is under way");
    const [victim] = await harness.replicas("Limited", "limited");
    kill(victim?.pid);
    await harness.waitUntil(
      async () => (await harness.replicas("Limited", "limited"))[0]?.pid !== victim?.pid,
      "it is seen",
    );
    expect(await harness.running("Limited", "limited", AGAIN_MS)).toHaveLength(2);
    const answered = load.answered;
    await harness.waitUntil(() => load.answered > answered + 50, "the load goes on");
    const { failed, sent, answered: total } = await load.stop();
    expect(sent).toBe(total + failed.length);
    expect(failed.length).toBeLessThanOrEqual(2);
    expect(failed.every(({ status }) => status === 500)).toBe(true);
  });

  it("in a nested call fails what it held with REPLICA_GONE up to the client, and nothing else (K2, P6)", async () => {
    const { url } = await harness.startServe(harness.copy("work.ts"));
    const before = [...(await harness.running("Ingress")), ...(await harness.running("Middle"))];
    const held = Array.from({ length: 5 }, () => fetch(`${url}/hold`, { headers: { accept: "application/json" } }));
    await harness.waitUntil(async () => (await work(url))[2]?.running === 5, "they run in the innermost");
    await harness.killReplica("Inner");
    for (const answer of await Promise.all(held)) {
      expect(answer.status).toBe(500);
      expect(await answer.json()).toMatchObject({ error: { code: "REPLICA_GONE" } });
    }
    const facts = await harness.waitUntil(
      async () => (await fetch(`${url}/facts`)).json(),
      "it serves again",
      AGAIN_MS,
    );
    expect(facts).toHaveLength(3);
    const survivors = [...(await harness.replicas("Ingress")), ...(await harness.replicas("Middle"))];
    expect(survivors.map(({ pid }) => pid)).toEqual(before);
  });

  it("in a stream breaks the client's connection, so that half an answer never looks whole (Q4)", async () => {
    const { url } = await harness.startServe(harness.copy("work.ts"));
    const client = new RawClient(url).get("/stream");
    await harness.waitUntil(() => client.text.includes("data: 3"), "it streams");
    await harness.killReplica("Ingress");
    await client.closed;
    expect(client.text).not.toMatch(/\r\n0\r\n\r\n$/);
    await harness.waitUntil(
      async () => (await work(url)).slice(1).every(({ running }) => running === 0),
      "nested calls end",
      AGAIN_MS,
    );
  });
});

describe("a head that dies", () => {
  it("while a replica and the proxy die as well: the next one adopts the rest and replaces those (K1)", async () => {
    const { url } = await harness.startServe(harness.copy("many.ts"));
    const before = await harness.running();
    const proxy = (await harness.status()).proxies["local"]?.pid;
    await harness.killHead();
    kill(before[0]);
    kill(proxy);
    await harness.waitUntil(
      async () => (await harness.status()).proxies["local"]?.status === "HEALTHY",
      "a proxy",
      AGAIN_MS,
    );
    const after = await harness.waitUntil(
      async () => {
        const pids = await harness.running();
        return pids.length === 2 && !pids.includes(before[0] ?? 0) && pids;
      },
      "two replicas",
      AGAIN_MS,
    );
    expect(after).toContain(before[1]);
    expect((await harness.status()).http?.url).toBe(url);
    expect((await fetch(url)).status).toBe(200);
  });

  it("in the middle of a deploy: the deploy is finished by the next one, and `serve.run` resolves (K1)", async () => {
    const { url } = await harness.startServe(harness.copy("many.ts"));
    const before = await harness.running();
    const load = harness.load(url);
    const file = harness.copy("many.ts", (source) => source.replace('VERSION = "one"', 'VERSION = "two"'));
    const deploying = harness.deploy<{ deployedMs: number }>(file);
    await harness.waitUntil(
      async () => (await harness.replicas()).some(({ state }) => state === "STARTING"),
      "a new replica starts",
    );
    await harness.killHead();
    const { deployedMs } = await deploying;
    const answered = load.answered;
    await harness.waitUntil(() => load.answered > answered + 20, "the load goes on");
    const { failed, all } = await load.stop();
    expect(failed).toEqual([]);
    const later = all
      .filter(({ startMs }) => startMs > deployedMs)
      .map(({ body }) => (JSON.parse(body) as { version: string }).version);
    expect(new Set(later)).toEqual(new Set(["two"]));
    const after = await harness.waitUntil(async () => {
      const pids = await harness.running();
      return pids.length === 2 && pids;
    }, "two replicas");
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
  });

  it("again and again loses nothing and leaks nothing (K1)", async () => {
    const { url } = await harness.startServe(harness.copy("many.ts"));
    const before = await harness.running();
    const load = harness.load(url, 4);
    for (let death = 0; death < 4; death++) {
      const victim = await harness.killHead();
      await harness.waitUntil(async () => (await harness.ask("info", null)).pid !== victim, "the next head", AGAIN_MS);
      expect(await harness.running(undefined, "default", AGAIN_MS)).toEqual(before);
    }
    expect((await load.stop()).failed).toEqual([]);
    const programs = harness.processes().map((pid) => harness.programOf(pid) ?? "");
    expect(Map.groupBy(programs, (name) => name)).toEqual(
      new Map([
        ["head", ["head"]],
        ["proxy", ["proxy"]],
        ["replica", ["replica", "replica"]],
      ]),
    );
  });
});

describe("what is open when its application goes", () => {
  it("ends as it should: a delete lets accepted requests finish, a redeploy lets open streams end on the old code (D5)", async () => {
    const { url } = await harness.startServe(harness.copy("work.ts"));
    const held = fetch(`${url}/hold?ms=600`);
    const stream = new RawClient(url).get("/stream");
    await harness.waitUntil(async () => (await work(url))[2]?.running === 2, "both run");
    const before = await harness.running();
    await harness.deploy(harness.copy("work.ts", (source) => `${source}\n// changed\n`));
    const text = stream.text.length;
    await harness.waitUntil(() => stream.text.length > text + 200, "the stream goes on");
    expect((await held).status).toBe(200);
    stream.leave();
    await harness.waitUntil(
      async () => (await harness.running()).every((pid) => !before.includes(pid)),
      "the old ones end",
    );

    const last = fetch(`${url}/hold?ms=600`);
    await harness.waitUntil(async () => (await work(url))[2]?.running === 1, "it runs");
    await harness.ask("delete", { name: "default" });
    expect((await last).status).toBe(200);
    expect((await fetch(url)).status).toBe(404);
  });
});
