// The log files of a live instance, and what changes them while it runs (reference 7).
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Harness, type Served } from "./harness.ts";

const SHOP = join(import.meta.dirname, "../fixtures/telemetry/shop.ts");

let harness: Harness;
let served: Served;
let own: string;

beforeAll(async () => {
  harness = new Harness();
  own = join(harness.paths.root, "own-logs");
  mkdirSync(own, { recursive: true });
  served = await harness.startServe(SHOP);
});
beforeEach(() => harness.showOnFailure());
afterAll(async () => {
  await harness.close();
  rmSync(own, { recursive: true, force: true });
});

const ask = (path: string, id: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> =>
  fetch(new URL(path, served.url), { headers: { "x-request-id": id, ...headers }, ...(signal && { signal }) });

/** The lines about a request in the logs whose names begin with `prefix`, once there is one. */
function lines(prefix: string, id: string, count = 1): Promise<string[]> {
  return harness.waitUntil(() => {
    const found = harness
      .logs(prefix)
      .split("\n")
      .filter((line) => line.includes(id));
    return found.length >= count && found;
  }, `${count} lines of ${id} in ${prefix}`);
}

/** Requests that a deployment's replicas execute now. */
async function processing(deployment: string): Promise<number> {
  const { admin } = await harness.status();
  const page = await (await fetch(new URL("/metrics", admin?.url))).text();
  return Number(
    new RegExp(`^ray_serve_replica_processing_queries\\{deployment="${deployment}".*\\} (\\d+)$`, "m").exec(page)?.[1],
  );
}

const message = (line: string | undefined): string => (line ?? "").split(" -- ")[1] ?? "";

describe("TEXT", () => {
  it("has an access line of the proxy, of the ingress and of each call behind it (reference 7.2)", async () => {
    await ask("/shop", "text-1");
    const [proxy] = await lines("proxy_127.0.0.1", "text-1");
    expect(proxy).toMatch(
      /^INFO \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} proxy 127\.0\.0\.1 text-1 -- GET \/shop 200 \d+\.\dms$/,
    );
    const [till] = await lines("replica_default_Till", "text-1");
    expect(till).toMatch(/^INFO .* default_Till \w+ text-1 -- GET \/shop 200 \d+\.\dms$/);
    const calls = await lines("replica_default_Stock", "text-1", 2);
    expect(calls.map((line) => message(line).replace(/ [\d.]+ms$/, "")).toSorted()).toEqual([
      "CALL count OK",
      "CALL sell OK",
    ]);
  });

  it("tells a failure with its stack, and the statuses that clients get (408, 499)", async () => {
    await ask("/shop/boom", "text-2");
    const failed = await lines("replica_default_Till", "text-2", 2);
    expect(message(failed[0])).toBe("Request failed. method=fetch code=USER_CODE");
    expect(message(failed[1])).toMatch(/^GET \/shop 500 /);
    expect(harness.logs("replica_default_Till")).toMatch(
      /text-2 -- Request failed\..*\nTypeError: the till jams\n {4}at /,
    );
    expect((await ask("/shop/hold", "text-3", { "x-request-timeout-seconds": "0.2" })).status).toBe(408);
    const leaving = new AbortController();
    const left = ask("/shop/hold", "text-4", {}, leaving.signal).catch(() => undefined);
    await harness.waitUntil(async () => (await processing("Till")) === 2, "both hold their slots");
    leaving.abort();
    await left;
    await ask("/shop/release", "text-5");
    for (const [id, status] of [
      ["text-3", 408],
      ["text-4", 499],
    ] as const) {
      expect(message((await lines("replica_default_Till", id))[0])).toMatch(new RegExp(`^GET /shop ${status} `));
      expect(message((await lines("proxy_", id))[0])).toMatch(new RegExp(`^GET /shop ${status} `));
    }
  });

  it("leaves no line of system paths, and an empty route where none was found", async () => {
    await fetch(new URL("/-/healthz", served.url));
    await ask("/nowhere", "text-6");
    expect(message((await lines("proxy_", "text-6"))[0])).toMatch(/^GET {2}404 /);
    expect(harness.logs("proxy_")).not.toContain("/-/healthz");
  });
});

/** Deploys the shop by a config file, with these words about logs. */
async function configure(instance: object | null, stock: object | null): Promise<void> {
  const { admin } = await harness.status();
  const deployments = stock === null ? [] : [{ name: "Stock", logging_config: stock }];
  const application = { name: "default", route_prefix: "/shop", import_path: `${SHOP}:app`, deployments };
  const answer = await fetch(new URL("/api/serve/applications/", admin?.url), {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...(instance && { logging_config: instance }), applications: [application] }),
  });
  expect([answer.status, await answer.text()]).toEqual([200, expect.anything()]);
  await harness.running();
}

describe("options that change while it runs (reference 7.4)", () => {
  it("reach head, proxy and replicas without a restart; a deployment's own hold against the instance's", async () => {
    await configure(null, null);
    const before = await harness.running();
    await configure({ encoding: "JSON" }, { log_level: "DEBUG", additional_log_standard_attrs: ["levelno"] });
    await harness.waitUntil(async () => {
      await ask("/shop/log", "json-0");
      return (
        harness.logs("proxy_").includes('"request_id":"json-0"') &&
        harness.logs("replica_default_Till").includes('"json-0"')
      );
    }, "the logs are JSON");
    expect(await harness.running()).toEqual(before);
    await ask("/shop/log", "json-1");
    await ask("/shop", "json-2");
    const [proxy] = await lines("proxy_", "json-1");
    expect(Object.keys(JSON.parse(proxy ?? "{}") as object)).toEqual(
      "asctime levelname message filename lineno process route request_id application component_name component_id log_to_stderr timestamp_ns".split(
        " ",
      ),
    );
    const [opened, access] = (await lines("replica_default_Till", "json-1", 2)).map(
      (line) => JSON.parse(line) as object,
    );
    expect(opened).toMatchObject({
      message: "till.opened",
      route: "/shop",
      drawer: 7,
      coins: 3,
      deployment: "default_Till",
    });
    expect(access).toMatchObject({ message: expect.stringMatching(/^GET \/shop 200 /), application: "default" });
    const [call] = await lines("replica_default_Stock", "json-2", 2);
    expect(call).toMatch(/^INFO .* json-2 20 -- CALL /);
    expect(harness.logs("controller_")).toMatch(/^\{"asctime".*"component_name":"controller"/m);
  });

  it("may move the files, and leave access lines out", async () => {
    await configure({ enable_access_log: false }, { logs_dir: own });
    await harness.waitUntil(async () => {
      await ask("/shop", "moved-0");
      return readdirSync(own).some((name) => name.startsWith("replica_default_Stock"));
    }, "the log is where it was told to be");
    await ask("/shop", "moved-1");
    await ask("/shop/log", "moved-2");
    expect(message((await lines("replica_default_Till", "moved-2"))[0])).toMatch(/^till\.opened/);
    expect(harness.logs("replica_default_Till")).not.toContain("moved-1");
    const moved = readdirSync(own).map((name) => readFileSync(join(own, name), "utf8"));
    expect(moved.join("")).toContain("moved-0");
  });
});
