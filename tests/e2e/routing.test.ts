// Priorities, back-pressure, sessions, models, retries and users' routers, as clients meet them (P1 to P5, Q2 to Q6, M1).
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { seededRandom } from "../../src/core/random.ts";
import { type Exposition, parseExposition } from "./exposition.ts";
import { Harness, kill, type Served } from "./harness.ts";

let harness: Harness;
let served: Served;
let file: string;

beforeAll(async () => {
  harness = new Harness();
  file = harness.copy("traffic.ts");
  served = await harness.startServe(file);
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

const ask = (path: string, headers: Record<string, string> = {}) => fetch(new URL(path, served.url), { headers });
const asJson = async <T>(path: string, headers: Record<string, string> = {}) =>
  (await (await ask(path, headers)).json()) as T;

/** Sends a request; resolves when it has been sent and the proxy has had time to queue it. */
async function queue(
  id: string,
  priority: string,
  ms = 0,
  path = "/gate",
): Promise<{ readonly answer: Promise<Response> }> {
  const answer = ask(`${path}?ms=${ms}`, {
    "x-request-id": id,
    ...(priority === "" ? {} : { "x-priority": priority }),
  });
  answer.catch(() => undefined);
  await harness.waitUntil(async () => (await ask("/-/healthz")).ok, "the proxy has read it");
  return { answer };
}

describe("priorities over HTTP (Q6)", () => {
  it("let the high ones run first, and refuse the low ones first, with the status and the time of the options", async () => {
    await asJson("/gate/order");
    const running = await queue("running", "", 2000);
    const waiting = [await queue("low", "low"), await queue("n1", ""), await queue("n2", "normal")];
    const high = await queue("high", "high");
    const late = await queue("late-low", " LOW ");
    const refused = await Promise.all([waiting[0]?.answer, late.answer]);
    expect(refused.map((answer) => [answer?.status, answer?.headers.get("retry-after")])).toEqual([
      [429, "3"],
      [429, "3"],
    ]);
    const body = "Request dropped due to backpressure (num_queued_requests=3, max_queued_requests=3).";
    expect(await refused[0]?.text()).toBe(body);
    for (const { answer } of [running, high, ...waiting.slice(1)]) expect((await answer).status).toBe(200);
    expect(await asJson("/gate/order")).toEqual(["running", "high", "n1", "n2"]);
  });
});

describe("a nested call of a request", () => {
  it("has its priority: the low one gives way in the queue of a deployment that it never named (Q6)", async () => {
    const running = await queue("nested-running", "", 1500, "/behind");
    const low = await queue("nested-low", "low", 0, "/behind");
    const high = await queue("nested-high", "high", 0, "/behind");
    const refused = await low.answer;
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "3"]);
    expect((await Promise.all([running.answer, high.answer])).map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe("consistent-hash (P4)", () => {
  it("keeps each session where it is when a replica leaves, but those of that replica", async () => {
    const sessions = Array.from({ length: 200 }, (_, i) => `session-${i}`);
    const where = async () => {
      const pids: Record<string, string> = {};
      for (const id of sessions) pids[id] = await (await ask("/sticky", { "x-session-id": id })).text();
      return pids;
    };
    const before = await where();
    expect(await where()).toEqual(before);
    expect(new Set(Object.values(before)).size).toBe(4);
    const load = harness.load(new URL("/sticky", served.url).href, 4);
    await harness.deploy(file, "3");
    const { failed } = await load.stop();
    expect(failed).toEqual([]);
    await harness.waitUntil(async () => (await harness.running("Sticky", "sticky")).length === 3, "one has left");
    const after = await where();
    const left = new Set(Object.values(after));
    expect(left.size).toBe(3);
    const moved = sessions.filter((id) => before[id] !== after[id]);
    expect(moved.filter((id) => left.has(before[id] as string))).toEqual([]);
    expect(moved.length / sessions.length).toBeGreaterThan(0.1);
    expect(moved.length / sessions.length).toBeLessThan(0.45);
  });
});

interface Held {
  readonly id: string;
  readonly pid: number;
  readonly loads: number;
  readonly disposals: number;
  readonly twice: number;
  readonly usedDead: number;
  readonly mostHeld: number;
}

/** Ids by Zipf's law: the n-th most popular is asked for 1/n as often as the first. */
function zipf(count: number, seed: number): () => string {
  const random = seededRandom(seed);
  let total = 0;
  const sums = Array.from({ length: count }, (_, i) => (total += 1 / (i + 1)));
  return () => {
    const at = random.next() * total;
    return `model-${sums.findIndex((sum) => sum >= at)}`;
  };
}

const sumOf = ({ series }: Exposition, name: string): number =>
  (series.get(name) ?? [])
    .filter(({ labels }) => labels["application"] === "models")
    .reduce((sum, { value }) => sum + value, 0);

describe("multiplexing (M1, P3)", () => {
  it("serves 1,000 models from four replicas of 100 with few loads, and disposes of each once", async () => {
    const next = zipf(1000, 17);
    const replicas = new Map<number, Held>();
    const REQUESTS = 6000;
    let sent = 0;
    const client = async () => {
      while (sent++ < REQUESTS) {
        const id = next();
        const held = await asJson<Held>("/models", { serve_multiplexed_model_id: id });
        expect(held.id).toBe(id);
        const known = replicas.get(held.pid);
        if (known === undefined || held.loads >= known.loads) replicas.set(held.pid, held);
      }
    };
    await Promise.all(Array.from({ length: 16 }, client));
    const all = [...replicas.values()];
    const sum = (of: (held: Held) => number) => all.reduce((total, held) => total + of(held), 0);
    const hitRate = 1 - sum(({ loads }) => loads) / REQUESTS;
    const evictions = sum(({ disposals }) => disposals);
    // 400 of 1,000 ids are 88 % of what Zipf's law asks for; least-recently-used keeps most of them.
    process.stderr.write(
      `1,000 models, 4 replicas of 100, ${REQUESTS} requests: hit rate ${(hitRate * 100).toFixed(1)} %, ${evictions} evictions\n`,
    );
    expect(replicas.size).toBe(4);
    expect(hitRate).toBeGreaterThan(0.6);
    expect([sum(({ twice }) => twice), sum(({ usedDead }) => usedDead)]).toEqual([0, 0]);
    // A model leaves the cache before the next one is loaded; those in use are disposed of after their last request.
    for (const { mostHeld } of all) expect(mostHeld).toBeLessThanOrEqual(100 + 20);
    const { admin } = await harness.status();
    const page = parseExposition(await (await fetch(new URL("/metrics", admin?.url))).text());
    expect(sumOf(page, "ray_serve_multiplexed_get_model_requests_counter_total")).toBe(REQUESTS);
    expect(sumOf(page, "ray_serve_multiplexed_models_load_counter_total")).toBe(sum(({ loads }) => loads));
    expect(sumOf(page, "ray_serve_multiplexed_models_unload_counter_total")).toBe(evictions);
    expect(sumOf(page, "ray_serve_num_multiplexed_models")).toBe(sum(({ loads, disposals }) => loads - disposals));
    expect(page.series.get("ray_serve_registered_multiplexed_model_id")?.length).toBeLessThanOrEqual(400);
    expect(sumOf(page, "ray_serve_multiplexed_model_load_latency_ms_count")).toBe(sum(({ loads }) => loads));
    expect(sumOf(page, "ray_serve_multiplexed_model_unload_latency_ms_count")).toBe(evictions);
    // The items of the batches were the requests.
    expect(sumOf(page, "ray_serve_actual_batch_size_sum")).toBe(REQUESTS);
    expect(sumOf(page, "ray_serve_batch_wait_time_ms_count")).toBe(REQUESTS);
    const batches = sumOf(page, "ray_serve_batches_processed_total");
    for (const name of ["batch_execution_time_ms", "batch_utilization_percent", "actual_batch_size"]) {
      expect(sumOf(page, `ray_serve_${name}_count`)).toBe(batches);
    }
    expect(sumOf(page, "ray_serve_batches_closed_total")).toBe(batches);
  });
});

describe("idempotent calls (Q3)", () => {
  it("survive a killed replica, whatever it was doing", async () => {
    const load = harness.load(new URL("/chain/safe?ms=30", served.url).href, 6);
    await load.answeredTo(20);
    const before = await harness.running("Back", "chain");
    for (const pid of before.slice(0, 2)) {
      kill(pid);
      const soFar = load.answered;
      await load.answeredTo(soFar + 20);
    }
    const { failed, answered } = await load.stop();
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(60);
  });
});

describe("a nested call", () => {
  it("inherits session and deadline through two deployments, and its model id is its own", async () => {
    await harness.running("Back", "chain");
    const headers = { "x-session-id": "s1", "x-request-timeout-seconds": "7", serve_multiplexed_model_id: "m1" };
    const startMs = Date.now();
    const seen = await asJson<Record<string, unknown>>("/chain?ms=0", headers);
    expect(seen).toMatchObject({ sessionId: "s1" });
    expect(Math.abs((seen["deadlineMs"] as number) - startMs - 7000)).toBeLessThan(1000);
    const late = await ask("/chain?ms=2000", { "x-request-timeout-seconds": "0.2" });
    expect(late.status).toBe(408);
  });
});

describe("a user's router (P5)", () => {
  it.each(["/mine", "/through"])("decides in every caller, by what replicas record: %s", async (path) => {
    await harness.waitUntil(async () => {
      const answers: number[] = [];
      for (const rank of [0, 1, 2]) {
        const answer = await ask(path, { "x-session-id": String(rank), "x-request-timeout-seconds": "1" });
        answers.push(answer.ok ? ((await answer.json()) as number) : -1);
      }
      return answers.join() === "0,1,2";
    }, "the stats of all have come to the caller");
    const all = await Promise.all(
      Array.from({ length: 30 }, (_, i) => asJson<number>(path, { "x-session-id": String(i % 3) })),
    );
    expect(all).toEqual(Array.from({ length: 30 }, (_, i) => i % 3));
    const { admin } = await harness.status();
    const text = await (await fetch(new URL("/metrics", admin?.url))).text();
    expect(text).toMatch(/ray_serve_routing_stats_delay_ms_count\{.*deployment="Mine"/);
  });

  it("that was changed is taken up by the deploy of the changed code, in the proxy that runs", async () => {
    const source = (rank: number) => `
import { deployment, replicaContext, requestRouter, serve } from "manta-serve";
class Only {
  choose(candidates) {
    return candidates.filter(({ stats }) => stats.rank === ${rank});
  }
}
class Ranked {
  recordRoutingStats() {
    return { rank: replicaContext().rank.rank };
  }
  fetch() {
    return replicaContext().rank.rank;
  }
}
const requestRouterConfig = { ...requestRouter(Only), requestRoutingStatsPeriodS: 0.1 };
const ranked = deployment(Ranked, { numReplicas: 2, requestRouterConfig }).bind();
await serve.run(ranked, { name: "ranked", routePrefix: "/ranked" });
console.log("null");
`;
    for (const rank of [0, 1]) {
      await harness.deploy(harness.write("ranked.ts", source(rank)));
      const answers = await Promise.all(Array.from({ length: 8 }, () => asJson<number>("/ranked")));
      expect(answers).toEqual(answers.map(() => rank));
    }
    await harness.ask("delete", { name: "ranked" });
  });

  it("that cannot be loaded is stood in for, and the proxy's log says why", async () => {
    const router = { requestRouterClass: "./nowhere.ts:Lost" };
    const source = `
import { deployment, serve } from "manta-serve";
const lost = deployment(() => "found", { name: "lost", requestRouterConfig: ${JSON.stringify(router)} }).bind();
if (import.meta.main) {
  await serve.run(lost, { name: "lost", routePrefix: "/lost" });
  console.log("null");
}
`;
    await harness.deploy(harness.write("lost.ts", source));
    expect(await (await ask("/lost")).text()).toBe("found");
    const [line = ""] = harness.logs("proxy").match(/.*router\.not_loaded.*/) ?? [];
    expect(line).toMatch(/lost.*nowhere\.ts:Lost/);
    await harness.ask("delete", { name: "lost" });
  });

  it("whose module forgets a rejected promise ends no proxy; the log tells of it", async () => {
    const source = `
import { deployment, requestRouter, serve } from "manta-serve";
void Promise.resolve().then(() => { if (process.argv[1].includes("proxy")) throw new Error("nobody awaits this"); });
class First {
  choose(candidates) {
    return candidates;
  }
}
const forgetful = deployment(() => "here", { name: "forgetful", requestRouterConfig: requestRouter(First) }).bind();
await serve.run(forgetful, { name: "forgetful", routePrefix: "/forgetful" });
console.log("null");
`;
    const { proxies } = await harness.status();
    await harness.deploy(harness.write("forgetful.ts", source));
    expect(await (await ask("/forgetful")).text()).toBe("here");
    expect(harness.logs("proxy")).toMatch(/proxy\.unhandled_rejection\s.*nobody awaits this/);
    expect((await harness.status()).proxies["local"]?.pid).toBe(proxies["local"]?.pid);
    await harness.ask("delete", { name: "forgetful" });
  });

  it("that is neither built in nor an import path is refused by the deploy", async () => {
    const source = `
import { deployment, serve } from "manta-serve";
await serve.run(deployment(() => "", { name: "odd", requestRouterConfig: { requestRouterClass: "fastest" } }).bind());
`;
    const { code, stderr } = await harness.run(harness.write("odd.ts", source)).finished();
    expect(code).toBe(1);
    expect(stderr).toMatch(/no router "fastest".*pow2, round-robin, least-loaded, consistent-hash.*\.\/router\.ts/);
  });
});
