// SIGKILL of any one process under load: what it costs, and how soon everything serves again.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Harness, kill, type Served } from "./harness.ts";
import type { Tally } from "./load.ts";

const CONNECTIONS = 8;
/** Within this everything serves again: the 2 s of K1 on a machine that has other work. `npm run test:faults` measures. */
const AGAIN_MS = 6000;

let harness: Harness;

beforeEach(() => {
  harness = new Harness();
  harness.showOnFailure();
});
afterEach(() => harness.close());

interface Hurt extends Tally {
  readonly hurtMs: number;
  /** The process is gone. */
  readonly goneMs: number;
}

/**
 * Keeps the application under load while a process is hurt, and goes on until everything serves again.
 * @param hurt resolves with the process when it is gone
 * @param restored resolves when another has taken its place
 */
async function underLoad(
  served: Served,
  hurt: () => Promise<number>,
  restored: (victim: number) => Promise<unknown>,
): Promise<Hurt> {
  const load = harness.load(served.url, CONNECTIONS);
  await harness.waitUntil(() => load.answered > 50, "the load is under way");
  const hurtMs = Date.now();
  const victim = await hurt();
  const goneMs = Date.now();
  await restored(victim);
  await harness.waitUntil(() => load.last?.status === 200 && load.last.startMs > goneMs, "it serves again", AGAIN_MS);
  const answered = load.answered;
  await harness.waitUntil(() => load.answered > answered + 50, "the load goes on", AGAIN_MS);
  return { ...(await load.stop()), hurtMs, goneMs };
}

/** Every request is accounted for, and a death costs what the process held: nothing that began after it was gone. */
function costsOnlyWhatItHeld({ sent, answered, failed, hurtMs, goneMs }: Hurt, most: number): void {
  expect(sent).toBe(answered + failed.length);
  expect(failed.length).toBeLessThanOrEqual(most);
  expect(failed.filter(({ startMs, endMs }) => endMs < hurtMs || startMs > goneMs)).toEqual([]);
}

describe("SIGKILL under load", () => {
  it("of a replica fails only what it had accepted; another takes its place and its rank (K2, P6)", async () => {
    const served = await harness.startServe(harness.copy("many.ts"));
    const before = await harness.running();
    let after: number[] = [];
    const tally = await underLoad(
      served,
      () => harness.killReplica(),
      async (victim) => {
        after = await harness.waitUntil(
          async () => {
            const pids = await harness.running();
            return pids.length === 2 && !pids.includes(victim) && pids;
          },
          "two replicas run",
          AGAIN_MS,
        );
      },
    );
    costsOnlyWhatItHeld(tally, CONNECTIONS);
    expect(tally.failed.every(({ status }) => status === 500)).toBe(true);
    expect(after.filter((pid) => before.includes(pid))).toHaveLength(1);
    const again = await harness.load(served.url, CONNECTIONS).answeredTo(60);
    const ranks = new Map(
      again.map(({ body }) => JSON.parse(body) as { pid: number; rank: number }).map((one) => [one.pid, one.rank]),
    );
    expect([...ranks.values()].toSorted((a, b) => a - b)).toEqual([0, 1]);
  });

  it("of the proxy fails only what it had accepted; another listens on its port soon (K3)", async () => {
    const served = await harness.startServe(harness.copy("many.ts"));
    const replicas = await harness.running();
    const seen = async () => (await harness.status()).proxies["local"];
    const another = async (victim: number) => (await seen())?.status === "HEALTHY" && (await seen())?.pid !== victim;
    const tally = await underLoad(
      served,
      () => harness.killProxy(),
      (victim) => harness.waitUntil(() => another(victim), "a new proxy", AGAIN_MS),
    );
    // Its backlog may have taken each client's next connection, too.
    costsOnlyWhatItHeld(tally, 2 * CONNECTIONS);
    expect((await harness.status()).http?.url).toBe(served.url);
    expect(await harness.running()).toEqual(replicas);
  });

  it("of the head fails nothing; the next one adopts every process (K1)", async () => {
    const served = await harness.startServe(harness.copy("many.ts"));
    const replicas = await harness.running();
    const before = await harness.status();
    const another = async (victim: number) => (await harness.ask("info", null)).pid !== victim;
    const tally = await underLoad(
      served,
      () => harness.killHead(),
      (victim) => harness.waitUntil(() => another(victim), "a new head", AGAIN_MS),
    );
    expect(tally.failed).toEqual([]);
    expect(await harness.running(undefined, "default", AGAIN_MS)).toEqual(replicas);
    const { http } = await harness.waitUntil(
      async () => (await harness.status()).http && harness.status(),
      "its door is known",
      AGAIN_MS,
    );
    expect(http).toEqual(before.http);
    expect((await harness.status()).proxies["local"]?.pid).toBe(before.proxies["local"]?.pid);
  });

  it("of the driver ends its instance: no orphan is left (architecture 1)", async () => {
    const served = await harness.startServe(harness.copy("many.ts"));
    harness.load(served.url, CONNECTIONS);
    kill(served.process.child.pid);
    await harness.nothingLeft(5000);
  });

  it("of the supervisor fails nothing, and a new `manta start` takes over (architecture 1)", async () => {
    const { stdout } = await harness.manta("start", "--http-port", "0", "--admin-port", "0", "--json");
    const { url } = JSON.parse(stdout) as { url: string };
    await harness.deploy(harness.copy("many.ts"));
    const supervisor = harness.processes().find((pid) => harness.programOf(pid) === "supervisor");
    const load = harness.load(url, CONNECTIONS);
    await harness.waitUntil(() => load.answered > 20, "the load is under way");
    kill(supervisor);
    expect((await harness.manta("start")).code).toBe(0);
    const replicas = await harness.running();
    const head = await harness.killHead();
    await harness.waitUntil(async () => (await harness.ask("info", null)).pid !== head, "a new head", AGAIN_MS);
    expect(await harness.running(undefined, "default", AGAIN_MS)).toEqual(replicas);
    expect((await load.stop()).failed).toEqual([]);
    expect((await harness.manta("shutdown", "-y")).code).toBe(0);
    await harness.nothingLeft();
  });

  it("a frozen replica is replaced, and costs only what it held (architecture 1, state T)", async () => {
    const served = await harness.startServe(harness.copy("many.ts"));
    const replaced = async (victim: number) => !(await harness.running()).includes(victim);
    const tally = await underLoad(
      served,
      () => harness.freezeReplica(),
      (victim) => harness.waitUntil(() => replaced(victim), "it is replaced", 10_000),
    );
    expect(tally.sent).toBe(tally.answered + tally.failed.length);
    expect(tally.failed.length).toBeLessThanOrEqual(CONNECTIONS);
  });
});
