// Nothing grows without bound: queues, batches, models, caches and sockets are kept at their limits, and over them, while
// the memory of proxy, replica and head is watched (issue 5, part 4).
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { WebSocket as Client } from "ws";
import { parseExposition } from "./exposition.ts";
import { Harness, openFiles, residentBytes, type Served } from "./harness.ts";
import { RawClient } from "./raw-client.ts";

const MIB = 1024 * 1024;
/** What a process may grow by under pressure, once it is warm: garbage that is not collected yet. */
const SLACK_BYTES = 48 * MIB;

let harness: Harness;
let served: Served;
let file: string;

beforeAll(async () => {
  harness = new Harness();
  file = harness.copy("pressure.ts");
  served = await harness.startServe(file);
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

const at = (path: string): string => new URL(path, served.url).href;

/** Pids of the programs that requests to an application pass. */
async function passed(application: string): Promise<{ readonly proxy: number; readonly replica: number }> {
  const [replica = 0] = await harness.running(undefined, application);
  return { proxy: (await harness.status()).proxies["local"]?.pid ?? 0, replica };
}

/** Runs `round` until it is warm, and again and again; expects that nobody grows. */
async function staysFlat(pids: readonly number[], rounds: number, round: () => Promise<void>): Promise<void> {
  for (let n = 0; n < 2; n++) await round();
  const before = pids.map(residentBytes);
  for (let n = 0; n < rounds; n++) await round();
  const grown = pids.map((pid, i) => residentBytes(pid) - (before[i] as number));
  expect(Math.max(...grown), `grown by ${grown.map((bytes) => (bytes / MIB).toFixed(1)).join(", ")} MiB`).toBeLessThan(
    SLACK_BYTES,
  );
}

/** Runs `work` for each number below `count`, `width` at a time. */
async function inParallel(count: number, width: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await work(n);
  };
  await Promise.all(Array.from({ length: width }, one));
}

async function gauge(name: string, application: string): Promise<number> {
  const { admin } = await harness.status();
  const page = parseExposition(await (await fetch(new URL("/metrics", admin?.url))).text());
  const series = page.series.get(name) ?? [];
  return series.reduce((sum, { labels, value }) => sum + (labels["application"] === application ? value : 0), 0);
}

it("a queue at its limit: what comes over it is refused at once, however much it is (Q2)", async () => {
  const { proxy, replica } = await passed("narrow");
  const held = Array.from({ length: 101 }, () => new RawClient(served.url).get("/narrow?ms=60000"));
  await harness.waitUntil(
    async () => (await gauge("ray_serve_deployment_queued_queries", "narrow")) === 100,
    "it is full",
  );
  await staysFlat([proxy, replica], 8, () =>
    inParallel(400, 20, async () => {
      const startMs = performance.now();
      const answer = await fetch(at("/narrow?ms=0"), { method: "POST", body: "x".repeat(2000) });
      expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining("num_queued_requests=100")]);
      expect(performance.now() - startMs).toBeLessThan(5000);
    }),
  );
  for (const client of held) client.leave();
  await harness.waitUntil(async () => (await fetch(at("/narrow?ms=0"))).status === 200, "all have left (Q5)");
  expect(await gauge("ray_serve_deployment_queued_queries", "narrow")).toBe(0);
});

it("callers that come and leave: queue and forming batches are empty again (B4, Q5)", async () => {
  const { proxy, replica } = await passed("batch");
  await staysFlat([proxy, replica], 6, () =>
    inParallel(150, 60, async (n) => {
      const body = "x".repeat(20_000);
      if (n % 3 === 0) {
        const answer = await fetch(at("/batch"), { method: "POST", body });
        expect([answer.status, await answer.text()]).toEqual([200, "20000"]);
      } else {
        const leaving = new AbortController();
        const answer = fetch(at("/batch"), { method: "POST", body, signal: leaving.signal }).catch(() => undefined);
        await fetch(at("/-/healthz"));
        leaving.abort();
        await answer;
      }
    }),
  );
  await harness.waitUntil(
    async () => (await gauge("ray_serve_replica_processing_queries", "batch")) === 0,
    "none runs",
  );
  expect(await gauge("ray_serve_deployment_queued_queries", "batch")).toBe(0);
});

it("models beyond the limit, and ids that nobody loads (M1)", async () => {
  const [held, plain] = [await passed("models"), await passed("plain")];
  let made = 0;
  await staysFlat([held.proxy, held.replica, plain.replica], 6, () =>
    inParallel(60, 8, async () => {
      const headers = { serve_multiplexed_model_id: `${made++}-${"m".repeat(1000)}` };
      expect(await (await fetch(at("/models"), { headers })).text()).toMatch(/^10\d\d 1000000$/);
      for (let n = 0; n < 4; n++) {
        const others = { serve_multiplexed_model_id: `${made++}-${"m".repeat(4000)}` };
        expect((await fetch(at("/plain"), { headers: others })).status).toBe(200);
      }
    }),
  );
  expect(await gauge("ray_serve_num_multiplexed_models", "models")).toBe(2);
  expect(await gauge("ray_serve_registered_multiplexed_model_id", "models")).toBe(2);
});

it("hosts, paths, verbs, ids, sessions: whatever clients make up is not kept", async () => {
  const { proxy, replica } = await passed("plain");
  let made = 0;
  const ask = (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const id = `${made++}-${"i".repeat(200)}`;
      const headers = { host: `h${id}.test`, "x-session-id": id, "x-request-id": id, [`x-${id}`]: id };
      const method = made % 3 === 0 ? "POST" : "GET";
      const sent = httpRequest(
        at(`/${made % 2 === 0 ? "plain" : "nowhere"}/${id}?${id}`),
        { headers, method },
        (answer) => {
          answer.resume().on("end", () => resolve(answer.statusCode));
        },
      );
      sent.on("error", reject);
      sent.end();
    });
  const pageLength = async () =>
    (await (await fetch(new URL("/metrics", (await harness.status()).admin?.url))).text()).length;
  await ask();
  await ask();
  const before = await pageLength();
  await staysFlat([proxy, replica], 6, () =>
    inParallel(300, 16, async () => expect([200, 404]).toContain(await ask())),
  );
  expect((await pageLength()) - before).toBeLessThan(20_000);
});

it("a WebSocket into code that does not answer, and connections that come and go", async () => {
  const { proxy, replica } = await passed("mute");
  const url = at("/mute").replace("http", "ws");
  const socket = new Client(url);
  await new Promise((resolve) => socket.once("open", resolve));
  const message = Buffer.alloc(256 * 1024);
  await staysFlat([proxy, replica], 6, async () => {
    await inParallel(60, 1, async () => {
      const sent = Promise.withResolvers<void>();
      socket.send(message, () => sent.resolve());
      await sent.promise;
    });
    await inParallel(40, 10, async () => {
      const brief = new Client(url);
      await new Promise((resolve) => brief.once("open", resolve));
      brief.terminate();
    });
  });
  await harness.waitUntil(
    async () => (await gauge("ray_serve_replica_processing_queries", "mute")) === 1,
    "one is left",
  );
  socket.terminate();
});

it("applications that come and go: proxy and head keep neither routers, nor connections, nor metrics", async () => {
  const { proxy } = await passed("plain");
  const head = (await harness.ask("info", null)).pid;
  const cycle = async (): Promise<void> => {
    const { code, stderr } = await harness.run(file, "plain").finished();
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect((await fetch(at("/plain-again"))).status).toBe(404);
  };
  await cycle();
  const files = openFiles(proxy);
  await staysFlat([proxy, head], 5, cycle);
  expect(openFiles(proxy)).toBeLessThanOrEqual(files + 4);
  const { admin } = await harness.status();
  await harness.waitUntil(async () => {
    const page = await (await fetch(new URL("/metrics", admin?.url))).text();
    return !/queue_len\{.*plain-again/.test(page);
  }, "its series are gone");
});
