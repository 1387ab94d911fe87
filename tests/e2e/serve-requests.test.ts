// What surrounds a request, from the client to the innermost call: deadline, cancellation, id; and what it leaves in logs
// and metrics.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Harness, type Served } from "./harness.ts";
import { RawClient } from "./raw-client.ts";

interface Work {
  readonly running: number;
  readonly begun: number;
  readonly abortedAtMs: readonly number[];
}

interface Facts {
  readonly requestId: string;
  readonly deadlineMs?: number;
  readonly route: string;
  readonly application: string;
  readonly deployment: string;
}

let harness: Harness;
let served: Served;

beforeAll(async () => {
  harness = new Harness();
  served = await harness.startServe(harness.copy("work.ts"));
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

const ask = (path: string, headers: Record<string, string> = {}) => fetch(new URL(path, served.url), { headers });
const work = async (): Promise<Work[]> => (await ask("/work")).json() as Promise<Work[]>;
const nothingRuns = () =>
  harness.waitUntil(async () => {
    const seen = await work();
    return seen.every(({ running }) => running === 0) && seen;
  }, "nothing runs");

describe("a deadline", () => {
  it("travels to the innermost call as the same moment (Q4)", async () => {
    const startMs = Date.now();
    const facts = (await (await ask("/facts", { "x-request-timeout-seconds": "5" })).json()) as Facts[];
    for (const { deadlineMs } of facts) {
      expect(deadlineMs).toBeGreaterThan(startMs + 4900);
      expect(deadlineMs).toBeLessThan(startMs + 5500);
    }
    const without = (await (await ask("/facts")).json()) as Facts[];
    expect(without.map(({ deadlineMs }) => deadlineMs)).toEqual([undefined, undefined, undefined]);
  });

  it("that passes is 408, and ends what runs in every deployment (Q4, Q5)", async () => {
    const before = await work();
    const startMs = Date.now();
    const answer = await ask("/hold", { "x-request-timeout-seconds": "0.3", "x-request-id": "late-1" });
    expect([answer.status, await answer.text()]).toEqual([408, "Request late-1 timed out after 0.3s."]);
    const after = await nothingRuns();
    for (const [i, { abortedAtMs, begun }] of after.entries()) {
      expect(begun).toBe((before[i]?.begun ?? 0) + 1);
      expect(abortedAtMs).toHaveLength((before[i]?.abortedAtMs.length ?? 0) + 1);
      expect((abortedAtMs.at(-1) ?? 0) - startMs).toBeLessThan(300 + 3000);
    }
  });

  it("that passes in a stream breaks the connection (Q4)", async () => {
    // Long enough for the stream to begin on a busy machine; an answer of 408 would end the connection as well.
    const client = new RawClient(served.url).get("/stream", "x-request-timeout-seconds: 1\r\nconnection: close\r\n");
    await client.closed;
    expect(client.text).toMatch(/^HTTP\/1\.1 200 /);
    expect(client.text).toContain("data: 1");
    expect(client.text).not.toMatch(/\r\n0\r\n\r\n$/);
    await nothingRuns();
  });
});

describe("a driver's call", () => {
  it("is ended by its deadline, its signal, `cancel` and a left loop, and names what cannot cross or be found", async () => {
    const seen = await harness.deploy<Record<string, unknown>>(harness.copy("work-caller.ts"));
    expect(seen).toMatchObject({
      timedOut: { code: "REQUEST_TIMEOUT", name: "RequestTimeoutError", details: { timeoutS: 0.2 } },
      aborted: { code: "REQUEST_CANCELLED" },
      cancelled: { code: "REQUEST_CANCELLED" },
      seen: [0, 1, 2],
      unsendable: { code: "SERIALIZATION", details: { path: 'args[0].rows[0].when.get("db")' } },
      noMethod: { code: "METHOD_NOT_FOUND", message: expect.stringContaining("hold") as string },
      noDeployment: { code: "DEPLOYMENT_NOT_FOUND" },
      noApplication: { code: "APPLICATION_NOT_FOUND" },
    });
    expect(seen["timedOutMs"]).toBeLessThan(200 + 3000);
    await nothingRuns();
  });
});

describe("a request id", () => {
  it("is inherited by every nested call, in context, answer and logs (RT6)", async () => {
    const answer = await ask("/facts", { "x-request-id": "trace-42" });
    expect(answer.headers.get("x-request-id")).toBe("trace-42");
    const facts = (await answer.json()) as Facts[];
    expect(facts.map(({ requestId, application, route }) => [requestId, application, route])).toEqual(
      facts.map(() => ["trace-42", "default", "/"]),
    );
    expect(facts.map((one) => one.deployment)).toEqual(["Ingress", "Middle", "Inner"]);
    for (const [file, line] of [
      ["proxy_", /trace-42 -- GET \/ 200 \d+\.\dms/],
      ["replica_default_Ingress", /trace-42 -- GET \/ 200 /],
      ["replica_default_Middle", /trace-42 -- CALL facts OK /],
      ["replica_default_Inner", /trace-42 -- CALL facts OK /],
    ] as const) {
      await harness.waitUntil(() => line.test(harness.logs(file)), `${String(line)} in ${file}`);
    }
  });

  it("is made when none is given, another one each time (RT6)", async () => {
    const ids = (await Promise.all([ask("/"), ask("/")])).map(({ headers }) => headers.get("x-request-id"));
    expect(new Set(ids).size).toBe(2);
    expect(ids.every((id) => /^[0-9a-f-]{36}$/.test(id ?? ""))).toBe(true);
  });
});

describe("what a replica prints", () => {
  it("is kept in a file with its id, under `logs/serve/`, and relayed to whoever started the instance", async () => {
    const text = "printed by user code";
    expect((await ask(`/say?text=${encodeURIComponent(text)}`)).status).toBe(200);
    const [replica] = await harness.replicas("Ingress");
    const file = `replica_default_Ingress_${replica?.replicaId}`;
    await harness.waitUntil(() => harness.logs(file).includes(`${text}\n`), "the line");
    await harness.waitUntil(
      () => (served.process.stdout + served.process.stderr).includes(`(Ingress ${replica?.replicaId}) ${text}\n`),
      "the relayed line",
    );
    const { stdout } = await harness.manta("logs", replica?.replicaId ?? "", "--namespace", "cli");
    expect(stdout).toContain(text);
  });
});

describe("/metrics", () => {
  /** Series by name and labels, from a page of Prometheus' text format; throws where it is malformed. */
  function parse(page: string): Map<string, number> {
    const series = new Map<string, number>();
    for (const line of page.split("\n")) {
      if (line === "" || /^# (?:HELP|TYPE) [a-zA-Z_:][\w:]* .+$/.test(line)) continue;
      const [, name, value] =
        /^([a-zA-Z_:][\w:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*\})?) (\S+)$/.exec(line) ?? [];
      if (name === undefined || Number.isNaN(Number(value?.replace("+Inf", "Infinity"))))
        throw new Error(`malformed: ${line}`);
      series.set(name, Number(value));
    }
    return series;
  }

  it("counts requests, latencies, ongoing and queued, by names that Ray Serve's dashboards know", async () => {
    const read = async () => {
      const { admin } = await harness.status();
      return parse(await (await fetch(`${admin?.url}/metrics`)).text());
    };
    const sum = (series: Map<string, number>, name: string, ...labels: string[]) =>
      [...series]
        .filter(([key]) => (key === name || key.startsWith(`${name}{`)) && labels.every((label) => key.includes(label)))
        .reduce<number | undefined>((total, [, value]) => (total ?? 0) + value, undefined);
    const before = await read();
    for (let i = 0; i < 5; i++) await ask("/");
    await ask("/boom");
    const held = new RawClient(served.url).get("/hold");
    await harness.waitUntil(async () => (await work())[2]?.running === 1, "it runs");
    const after = await read();
    held.leave();
    const count = (name: string, ...labels: string[]) =>
      (sum(after, name, ...labels) ?? 0) - (sum(before, name, ...labels) ?? 0);
    expect(
      count("ray_serve_num_http_requests_total", 'status_code="200"', 'application="default"'),
    ).toBeGreaterThanOrEqual(5);
    expect(count("ray_serve_num_http_error_requests_total", 'error_code="500"')).toBe(1);
    expect(count("ray_serve_http_request_latency_ms_count")).toBeGreaterThanOrEqual(6);
    expect(count("ray_serve_deployment_request_counter_total", 'deployment="Ingress"')).toBeGreaterThanOrEqual(5);
    expect(count("ray_serve_deployment_error_counter_total", 'exception_type="TypeError"')).toBe(1);
    expect(count("ray_serve_deployment_processing_latency_ms_count", 'deployment="Inner"')).toBeGreaterThanOrEqual(1);
    expect(sum(after, "ray_serve_num_ongoing_http_requests")).toBeGreaterThanOrEqual(1);
    expect(sum(after, "ray_serve_replica_processing_queries", 'deployment="Inner"')).toBe(1);
    expect(sum(after, "ray_serve_deployment_queued_queries", 'deployment="Ingress"')).toBe(0);
    await nothingRuns();
  });
});
