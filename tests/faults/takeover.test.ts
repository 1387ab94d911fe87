// What follows when those who watch are hurt: supervisors and heads that are killed or stopped, a store that is damaged
// under a running instance, a token that is emptied.
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FREE_PORTS } from "../e2e/cli.ts";
import { Harness, kill } from "../e2e/harness.ts";

/** Statuses are right again (K1). */
const AGAIN_MS = 2000;
/** A stopped head is seen at the second look of its supervisor, one a second. */
const SEEN_MS = 3000;

let harness: Harness;

beforeEach(() => {
  harness = new Harness();
  harness.showOnFailure();
});
afterEach(() => harness.close());

/** An instance left by `manta start`, with two replicas under load. */
async function detached(): Promise<{ url: string; replicas: number[]; load: ReturnType<Harness["load"]> }> {
  const { stdout } = await harness.manta("start", ...FREE_PORTS, "--json");
  const { url } = JSON.parse(stdout) as { url: string };
  await harness.deploy(harness.copy("many.ts"));
  const replicas = await harness.running();
  const load = harness.load(url, 4);
  await harness.waitUntil(() => load.answered > 20, "the load is under way");
  return { url, replicas, load };
}

const pidOf = (program: string): number => harness.processes().find((pid) => harness.programOf(pid) === program) ?? 0;

async function shutDown(): Promise<void> {
  expect((await harness.manta("shutdown", "-y")).code).toBe(0);
  await harness.nothingLeft();
}

describe("supervisor and head", () => {
  it("killed together: a new `manta start` adopts what runs, and no request fails (K1)", async () => {
    const { url, replicas, load } = await detached();
    kill(pidOf("supervisor"));
    await harness.killHead();
    const { code, stdout } = await harness.manta("start", "--json");
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ url, started: true })]);
    expect(await harness.running(undefined, "default", AGAIN_MS)).toEqual(replicas);
    expect((await load.stop()).failed).toEqual([]);
    // The new head was started with the default port; the instance keeps its own.
    const proxy = await harness.killProxy();
    await harness.waitUntil(async () => {
      const seen = (await harness.status()).proxies["local"];
      return seen?.status === "HEALTHY" && seen.pid !== proxy;
    }, "another proxy");
    expect((await harness.status()).http?.url).toBe(url);
    await shutDown();
  });

  it("of which the supervisor is stopped: `manta start` ends it and starts another (architecture 1)", async () => {
    const { replicas, load } = await detached();
    const supervisor = kill(pidOf("supervisor"), "SIGSTOP");
    expect((await harness.manta("start")).code).toBe(0);
    await harness.waitUntil(() => !harness.processes().includes(supervisor), "the stopped one is gone");
    await harness.killHead();
    expect(await harness.running(undefined, "default", AGAIN_MS)).toEqual(replicas);
    expect((await load.stop()).failed).toEqual([]);
    await shutDown();
  });
});

describe("a head that is stopped", () => {
  it("is ended by `manta start` where its supervisor is stopped as well (K1)", async () => {
    const { replicas, load } = await detached();
    const supervisor = kill(pidOf("supervisor"), "SIGSTOP");
    const head = kill(pidOf("head"), "SIGSTOP");
    expect((await harness.manta("start")).code).toBe(0);
    await harness.waitUntil(() => !harness.processes().includes(head), "the stopped one is gone");
    kill(supervisor);
    expect(await harness.running(undefined, "default", AGAIN_MS)).toEqual(replicas);
    expect((await load.stop()).failed).toEqual([]);
    await shutDown();
  });

  it("is killed by its supervisor, and the next one adopts what runs; no request fails (K1)", async () => {
    const { replicas, load } = await detached();
    const victim = kill((await harness.ask("info", null)).pid, "SIGSTOP");
    await harness.waitUntil(() => pidOf("head") !== victim && pidOf("head") !== 0, "another head", SEEN_MS);
    expect(await harness.running(undefined, "default", AGAIN_MS)).toEqual(replicas);
    expect((await load.stop()).failed).toEqual([]);
    await shutDown();
  });
});

describe("a store that is damaged under a running instance", () => {
  it("keeps the next head from starting; replicas serve on, commands say why, and a restored file is enough (K4)", async () => {
    const { replicas, load } = await detached();
    const before = readFileSync(harness.paths.state);
    const victim = pidOf("head");
    kill(victim, "SIGSTOP");
    const damaged = Buffer.from(before).fill("no database ", 0, 100);
    writeFileSync(harness.paths.state, damaged);
    kill(victim);
    const why = await harness.waitUntil(
      async () => {
        const { code, stdout, stderr } = await harness.manta("status");
        return code !== 0 && stderr.includes("did not start") && `${stdout}${stderr}`;
      },
      "status says why",
      10_000,
    );
    expect(why.trim().split("\n")).toHaveLength(1);
    expect(why).toContain(`its head did not start: state store ${harness.paths.state}: cannot open: `);
    expect(why).toContain("nothing was overwritten: restore the file, or move");
    expect(readFileSync(harness.paths.state).equals(damaged)).toBe(true);
    const starts = harness.logs("supervisor_").split("head.restart").length - 1;
    expect(starts).toBeLessThan(10);
    writeFileSync(harness.paths.state, before);
    expect(await harness.running(undefined, "default", 15_000)).toEqual(replicas);
    expect((await load.stop()).failed).toEqual([]);
    await shutDown();
  });

  it("before a start: `manta start` prints one line with the path and what to do, and leaves nothing running", async () => {
    expect((await harness.manta("start", ...FREE_PORTS)).code).toBe(0);
    await shutDown();
    writeFileSync(harness.paths.state, "no database ".repeat(1000));
    const { code, stdout, stderr } = await harness.manta("start", ...FREE_PORTS);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(`error: the head did not start: state store ${harness.paths.state}: `);
    expect(stderr).toContain(`move ${harness.paths.state}* to another folder to start empty`);
    await harness.nothingLeft();
  });
});

describe("a token file that is empty", () => {
  it("is told with the path and what to do", async () => {
    expect((await harness.manta("start", ...FREE_PORTS)).code).toBe(0);
    const token = readFileSync(harness.paths.token);
    writeFileSync(harness.paths.token, "");
    const { code, stderr } = await harness.manta("status");
    expect([code, stderr]).toEqual([1, expect.stringContaining(`the token file ${harness.paths.token} is empty: `)]);
    writeFileSync(harness.paths.token, token);
    await shutDown();
  });
});

describe("an order whose answer was lost", () => {
  it("does not undo what was ordered after it (K1)", async () => {
    await detached();
    const order = { name: "default", orderId: "a-delete-of-long-ago" };
    await harness.ask("delete", order);
    await harness.killHead();
    await harness.deploy(harness.copy("many.ts"));
    await harness.ask("delete", order);
    expect(await harness.running()).toHaveLength(2);
    await shutDown();
  });
});
