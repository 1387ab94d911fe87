// The metrics of a live instance: what dashboards made for Ray Serve ask for is there.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { exportedName } from "../../src/telemetry/exposition.ts";
import { METRICS } from "../../src/telemetry/metric-names.ts";
import { DEPLOYMENT_DASHBOARD, SERVE_DASHBOARD } from "../fixtures/telemetry/dashboards.ts";
import { answer, parseExposition, type Exposition } from "./exposition.ts";
import { Harness, type Served } from "./harness.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Labels that every series has (reference 3.1). */
const COMMON = ["Component", "NodeAddress", "SessionName", "Version"];

let harness: Harness;
let served: Served;
let page: Exposition;
let text: string;

async function readPage(): Promise<string> {
  const { admin } = await harness.status();
  return (await fetch(new URL("/metrics", admin?.url))).text();
}

const get = (path: string): Promise<Response> => fetch(new URL(path, served.url));

beforeAll(async () => {
  harness = new Harness();
  served = await harness.startServe(join(ROOT, "tests/fixtures/telemetry/shop.ts"));
  for (let i = 0; i < 5; i++) expect((await get("/shop")).status).toBe(200);
  expect((await get("/shop/boom")).status).toBe(500);
  for (let i = 0; i < 50; i++) expect((await get(`/nowhere-${i}`)).status).toBe(404);
  text = await readPage();
  page = parseExposition(text);
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

const sum = (from: Exposition, name: string): number =>
  (from.series.get(name) ?? []).reduce((total, { value }) => total + value, 0);

describe.each([
  ["rayServeDashboard", SERVE_DASHBOARD],
  ["rayServeDeploymentDashboard", DEPLOYMENT_DASHBOARD],
])("%s of Ray Serve", (_name, queries) => {
  const choose = (): Record<string, string> => {
    const [started] = page.series.get("ray_serve_deployment_error_counter_total") ?? [];
    const { application = "", deployment = "", replica = "" } = started?.labels ?? {};
    return { Application: application, Deployment: deployment, Replica: replica, HTTP_Route: "/shop", Route: "/shop" };
  };

  it.each(queries.filter(({ absent }) => absent === undefined))("finds data: $panel, $metric", (query) => {
    for (const variables of [{}, choose()]) {
      const groups = answer(page, query, variables);
      expect(groups).not.toEqual([]);
      if (query.by.length > 0) expect(groups.some((values) => values.every((value) => value !== ""))).toBe(true);
    }
  });

  it.each(queries.filter(({ absent }) => absent !== undefined))("has no data yet: $metric: $absent", (query) => {
    expect(answer(page, query, {})).toEqual([]);
  });
});

describe("the page", () => {
  it("shows metrics with their labels and those of the instance, and nothing that the table does not name", () => {
    const byName = new Map(Object.values(METRICS).map((one) => [exportedName(one), one]));
    const own = new Set(["ray_shop_items_sold_total", "ray_shop_basket_size", "ray_serve_deployment_request_counter"]);
    for (const [name, type] of page.types) {
      const definition = byName.get(name);
      if (own.has(name)) continue;
      expect(definition, name).toBeDefined();
      expect(type).toBe(definition?.kind);
      const [series] = page.series.get(name) ?? page.series.get(`${name}_count`) ?? [];
      const expected = [...(definition?.labels ?? []), ...COMMON];
      expect(expected).toEqual(expect.arrayContaining(Object.keys(series?.labels ?? {})));
      expect(series?.labels).toMatchObject({ SessionName: "cli", NodeAddress: "127.0.0.1" });
    }
  });

  it("has one route for whatever was not found, so that clients cannot fill it (reference 3.1)", () => {
    const unknown = (page.series.get("ray_serve_num_http_requests_total") ?? []).filter(
      ({ labels }) => labels["status_code"] === "404",
    );
    expect(unknown.map(({ labels, value }) => [labels["route"], labels["application"], value])).toEqual([["", "", 50]]);
  });

  it("counts what was asked for", () => {
    const of = (name: string, labels: Record<string, string>): number =>
      (page.series.get(name) ?? [])
        .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
        .reduce((total, { value }) => total + value, 0);
    expect(of("ray_serve_deployment_request_counter_total", { deployment: "Till", route: "/shop" })).toBe(5);
    expect(of("ray_serve_deployment_request_counter", { deployment: "Till" })).toBe(5);
    expect(of("ray_serve_deployment_error_counter_total", { exception_type: "TypeError" })).toBe(1);
    expect(of("ray_serve_handle_request_counter_total", { deployment: "Stock" })).toBe(10);
    expect(of("ray_serve_router_args_resolution_latency_ms_count", { deployment: "Stock" })).toBe(10);
    expect(of("ray_serve_request_router_fulfillment_time_ms_count", { deployment: "Till" })).toBe(6);
    expect(of("ray_serve_deployment_replica_starts_total", { deployment: "Stock" })).toBe(2);
    expect(of("ray_serve_deployment_replica_healthy", { deployment: "Stock" })).toBe(2);
  });

  it("has the metrics of user code with the replica's labels", () => {
    const series = page.series.get("ray_shop_items_sold_total") ?? [];
    expect(sum(page, "ray_shop_items_sold_total")).toBe(10);
    expect(series[0]?.labels).toMatchObject({ kind: "book", deployment: "Stock", application: "default" });
    expect(sum(page, "ray_shop_basket_size_count")).toBe(5);
  });

  it("is read by Prometheus' own parser for Python", () => {
    const python = join(ROOT, ".venv/bin/python");
    const done = spawnSync(python, ["-B", join(ROOT, "tests/python/read_metrics.py")], {
      input: text,
      encoding: "utf8",
    });
    expect(done.stderr).toBe("");
    const families = JSON.parse(done.stdout) as Record<string, { type: string; samples: number }>;
    expect(families["ray_serve_num_http_requests"]).toMatchObject({ type: "counter" });
    expect(families["ray_serve_http_request_latency_ms"]).toMatchObject({ type: "histogram" });
    const samples = Object.values(families).reduce((total, one) => total + one.samples, 0);
    expect(samples).toBe([...page.series.values()].reduce((total, all) => total + all.length, 0));
  });
});

describe("while the instance changes", () => {
  it("shows what waits, and what is held, as it is (reference 3.2)", async () => {
    const held = [get("/shop/hold"), get("/shop/hold"), get("/shop/hold"), get("/shop")];
    const busy = await harness.waitUntil(async () => {
      const now = parseExposition(await readPage());
      return sum(now, "ray_serve_deployment_queued_queries") === 1 && now;
    }, "a request waits");
    expect(sum(busy, "ray_serve_num_scheduling_tasks_in_backoff")).toBe(1);
    expect(sum(busy, "ray_serve_num_ongoing_http_requests")).toBe(4);
    expect(sum(busy, "ray_serve_replica_processing_queries")).toBe(3);
    expect(sum(busy, "ray_serve_request_router_queue_len")).toBe(3);
    const [till] = await harness.replicas("Till");
    await harness.killReplica("Till");
    await Promise.allSettled(held);
    await harness.waitUntil(async () => !(await readPage()).includes(till?.replicaId ?? ""), "the replica is gone");
    await harness.running();
    expect((await get("/shop")).status).toBe(200);
  });
});

describe("variables of the environment", () => {
  const own = new Harness();
  afterAll(() => own.close());

  it("turn counting off, or put other buckets in the place of Ray's (reference 6)", async () => {
    const start = async (given: Record<string, string>): Promise<Exposition> => {
      Object.assign(process.env, given);
      const { process: driver, url } = await own
        .startServe(join(ROOT, "tests/fixtures/telemetry/shop.ts"))
        .finally(() => Object.keys(given).forEach((name) => delete process.env[name]));
      expect((await fetch(new URL("/shop", url))).status).toBe(200);
      const { admin } = await own.status();
      const read = parseExposition(await (await fetch(new URL("/metrics", admin?.url))).text());
      await driver.interrupt();
      return read;
    };
    const off = await start({ MANTA_METRICS: "0" });
    const components = [...off.series.values()].flat().map(({ labels }) => labels["Component"]);
    expect(new Set(components)).toEqual(new Set(["controller"]));
    const others = await start({
      RAY_SERVE_REQUEST_LATENCY_BUCKETS_MS: "1,2000",
      RAY_SERVE_REPLICA_STARTUP_SHUTDOWN_LATENCY_BUCKETS_MS: "1.5",
    });
    const bounds = (name: string): Set<string> =>
      new Set((others.series.get(`ray_serve_${name}_bucket`) ?? []).map(({ labels }) => labels["le"] ?? ""));
    expect([...bounds("http_request_latency_ms")]).toEqual(["1.0", "2000.0", "+Inf"]);
    expect([...bounds("deployment_processing_latency_ms")]).toEqual(["1.0", "2000.0", "+Inf"]);
    expect([...bounds("replica_startup_latency_ms")]).toEqual(["1.5", "+Inf"]);
    expect(bounds("request_router_fulfillment_time_ms").size).toBe(20);
  });
});
