// `/api/serve/applications/` and the scale endpoint against a whole instance (reference section 1).
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Declared, shop as shopOf } from "./declared.ts";
import { APPLICATIONS, RestClient, SKELETON } from "./rest.ts";
import type { ApplicationConfig } from "../../src/config/serve-config.ts";

const declared = new Declared();
const { harness } = declared;
let rest: RestClient;

/** The shop, found from the folder that the instance was started in. */
function shop(name: string, more: Partial<ApplicationConfig> = {}): ApplicationConfig {
  return shopOf(name, { import_path: "./tests/fixtures/config/shop.ts:app", ...more });
}

beforeAll(async () => {
  await declared.start();
  rest = new RestClient((await harness.status()).admin?.url ?? "");
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

describe("PUT", () => {
  it("deploys what the config names, and GET echoes what was sent", async () => {
    const config = { applications: [shop("a", { deployments: [{ name: "Shop", max_ongoing_requests: 7 }] })] };
    expect(await rest.put(config)).toEqual([200, ""]);
    expect((await rest.details()).applications["a"]).toMatchObject({ source: "declarative" });
    expect(await rest.reaches("a", "RUNNING")).toMatchObject({
      route_prefix: "/a",
      deployed_app_config: config.applications[0],
      deployments: { Shop: { deployment_config: { max_ongoing_requests: 7 }, replicas: [{ state: "RUNNING" }] } },
      deployment_topology: { ingress_deployment: "Shop" },
    });
    expect((await declared.shop("/a")).word).toBe("plain");
  });

  it("refuses what is no config with the path of the fault, and changes nothing", async () => {
    const [status, why] = await rest.put({ applications: [shop("b"), { ...shop("c"), route_prefix: 5 }] });
    expect([status, why]).toEqual([400, expect.stringContaining("applications[1].route_prefix")]);
    expect(await rest.put([])).toMatchObject([400, expect.any(String)]);
    expect(Object.keys((await rest.details()).applications)).toEqual(["a"]);
  });

  it("accepts unknown keys and names each with the nearest known one", async () => {
    const config = { applications: [{ ...shop("a"), import_pth: 1 }], target_capcity: 5 };
    const response = await rest.request("PUT", APPLICATIONS, config);
    expect(response.status).toBe(200);
    const warnings = response.headers.get("x-manta-warnings");
    expect(warnings).toContain("import_path");
    expect(warnings).toContain("target_capacity");
    await harness.waitUntil(() => harness.logs("controller_").includes("target_capcity"), "the log names it");
  });

  it("tells why an application failed, and leaves the others alone", async () => {
    const broken = shop("broken", { import_path: "./tests/fixtures/config/nothing.ts:app" });
    await rest.put({ applications: [shop("a"), broken] });
    const { message, deployments } = await rest.reaches("broken", "DEPLOY_FAILED");
    expect(message).toContain("nothing.ts");
    expect(deployments).toEqual({});
    await rest.reaches("a", "RUNNING");
  });

  it("deletes declared applications that are missing and leaves imperative ones; api_type tells them apart", async () => {
    await harness.deploy(harness.copy("side.ts"), "run:side:/side");
    await rest.put({ applications: [shop("a")] });
    await harness.waitUntil(async () => !("broken" in (await rest.details()).applications), "broken is gone");
    const names = async (query: string) => Object.keys((await rest.details(query)).applications);
    expect(await names("?api_type=imperative")).toEqual(["side"]);
    expect(await names("?api_type=DECLARATIVE")).toEqual(["a"]);
    expect(await names("")).toEqual(["a", "side"]);
  });
});

describe("POST .../scale", () => {
  it("is refused where the application does not allow it, and for what there is not", async () => {
    const [status, body] = await rest.scale("a", "Shop", 2);
    expect([status, body]).toEqual([412, expect.stringContaining("external_scaler_enabled")]);
    for (const [application, deployment] of [
      ["a", "Nothing"],
      ["nothing", "Shop"],
    ] as const) {
      expect(await rest.scale(application, deployment, 2)).toEqual([
        404,
        '{"error":"Application or Deployment not found"}',
      ]);
    }
    expect(await rest.scale("a", "Shop", -1)).toEqual([400, expect.stringContaining("Invalid request body: ")]);
  });

  it("sets the number of replicas where it does", async () => {
    await rest.put({ applications: [shop("a", { external_scaler_enabled: true })] });
    await rest.reaches("a", "RUNNING");
    const message = "Scaling request received. Deployment will get scaled asynchronously.";
    expect(await rest.scale("a", "Price", 2)).toEqual([200, JSON.stringify({ message })]);
    await harness.waitUntil(async () => {
      const price = (await rest.details()).applications["a"]?.deployments["Price"];
      return price?.target_num_replicas === 2 && price.replicas.length === 2;
    }, "two replicas");
  });
});

describe("/api/manta/v1/", () => {
  it("tells what was done and why, of one deployment", async () => {
    const { entries } = (await rest.manta("/history?application=a&deployment=Price")) as {
      entries: readonly { readonly event: string; readonly reason: string; readonly deployment: string }[];
    };
    expect(entries.every(({ deployment, reason }) => deployment === "Price" && reason !== "")).toBe(true);
    expect(entries.map(({ event }) => event)).toContain("replica.start");
  });

  it("tells options and their origin", async () => {
    const env = { env_vars: { SHOP_LEVEL: "high" } };
    const deployments = [{ name: "Price", max_ongoing_requests: 9 }];
    await rest.put({ applications: [shop("a", { runtime_env: env, deployments })] });
    await rest.reaches("a", "RUNNING");
    expect(await rest.manta("/applications/a/deployments/Price")).toMatchObject({
      options: {
        max_ongoing_requests: { value: 9, origin: "file" },
        user_config: { value: { factor: 10 }, origin: "code" },
        max_queued_requests: { value: -1, origin: "default" },
        ray_actor_options: { value: { num_cpus: 1, runtime_env: env }, origin: "application" },
      },
    });
  });

  it("shows the end of a replica's log", async () => {
    await declared.shop("/a");
    const id = (await rest.details()).applications["a"]?.deployments["Shop"]?.replicas[0]?.replica_id;
    const tail = async () => (await rest.ask("GET", `/api/manta/v1/logs?replica=${id}&lines=1`))[1];
    await harness.waitUntil(async () => (await tail()).includes("-- GET /a 200"), "the access line");
    expect(await rest.ask("GET", "/api/manta/v1/logs?file=../../token")).toMatchObject([404, expect.any(String)]);
  });
});

describe("DELETE", () => {
  it("removes all applications and the proxies; the admin server stays and answers that nothing runs", async () => {
    expect(await rest.remove()).toEqual([200, ""]);
    expect(await rest.details()).toEqual(SKELETON);
    await expect(declared.get("/a")).rejects.toThrow("fetch failed");
    expect(await rest.remove()).toEqual([200, ""]);
    expect(await rest.scale("a", "Shop", 1)).toEqual([503, '{"error":"Serve controller is not available"}']);
    const programs = harness.processes().map((pid) => harness.programOf(pid));
    expect(programs.filter((program) => program === "replica" || program === "proxy")).toEqual([]);
  });

  it("is remembered by the next head", async () => {
    const pid = await harness.killHead();
    await harness.waitUntil(async () => (await harness.ask("info", null)).pid !== pid, "another head");
    const next = new RestClient((await harness.status()).admin?.url ?? "");
    expect(await next.details()).toEqual(SKELETON);
    rest = next;
  });

  it("ends with the next PUT: proxies listen where they did", async () => {
    await rest.put({ applications: [shop("a")] });
    await rest.reaches("a", "RUNNING");
    const { port } = new URL(declared.url);
    await harness.waitUntil(
      async () => (await rest.details()).target_groups?.[0]?.targets[0]?.port === Number(port),
      "a proxy listens",
    );
    expect((await declared.shop("/a")).word).toBe("plain");
  });

  it("lets the next PUT say how the proxies listen; one that comes while they do changes nothing", async () => {
    await rest.remove();
    const moved = { applications: [shop("a")], http_options: { root_path: "/moved" } };
    await rest.put(moved);
    await rest.reaches("a", "RUNNING");
    const { http } = await harness.ask("status", null);
    await harness.waitUntil(
      async () => (await fetch(`${http?.url}/moved/a`)).status === 200,
      "the route is below /moved",
    );
    const response = await rest.request("PUT", APPLICATIONS, { ...moved, http_options: { root_path: "/again" } });
    expect(response.headers.get("x-manta-warnings")).toContain("http_options.root_path");
    expect((await fetch(`${http?.url}/moved/a`)).status).toBe(200);
  });

  it("finishes what a PUT at the same time waits for", async () => {
    const [removed, deployed] = await Promise.all([rest.remove(), rest.put({ applications: [shop("again")] })]);
    expect([removed[0], deployed[0]]).toEqual([200, 200]);
    await rest.reaches("again", "RUNNING");
    expect(Object.keys((await rest.details()).applications)).toEqual(["again"]);
  });
});
