// Instances and applications as drivers make, join, share and end them.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type InstanceStatus, NO_INSTANCE } from "../../src/model/status.ts";
import { Harness, kill, type Served } from "./harness.ts";
import { RawClient } from "./raw-client.ts";

let harness: Harness;

beforeEach(() => {
  harness = new Harness();
  harness.showOnFailure();
});
afterEach(() => harness.close());

const read = async (url: string): Promise<unknown> => (await fetch(url)).json();
const results = async (file: string, ...orders: string[]): Promise<unknown[]> =>
  (await harness.deploy<{ results: unknown[] }>(file, ...orders)).results;

/** Runs side.ts as the starter of the instance; it stays. */
async function startSide(...orders: string[]): Promise<Served> {
  const starter = harness.run(harness.copy("side.ts"), ...orders);
  const { http } = (await starter.ready()) as unknown as InstanceStatus;
  return { process: starter, url: http?.url ?? "" };
}

describe("applications side by side", () => {
  it("have their own routes; a driver that joins leaves its own behind, and each is deleted by itself", async () => {
    const { url, process: starter } = await startSide("run:one:/one", "run:two:/two/deep");
    const file = harness.copy("side.ts");
    expect(await results(file, "run:three:/", "handle:one", "deployment:two", "handle:four")).toEqual([
      "three",
      "one",
      "two",
      "APPLICATION_NOT_FOUND",
    ]);
    expect(await read(`${url}/one/x`)).toEqual({ word: "one", application: "one", route: "/one", path: "/one/x" });
    expect(await read(`${url}/two/deep`)).toMatchObject({ application: "two", route: "/two/deep" });
    expect(await read(`${url}/onerous`)).toMatchObject({ application: "three", route: "/" });
    expect(await read(`${url}/-/routes`)).toEqual({ "/one": "one", "/two/deep": "two", "/": "three" });

    expect(await results(file, "delete:one", "delete:one")).toEqual([null, "APPLICATION_NOT_FOUND"]);
    expect(await read(`${url}/one/x`)).toMatchObject({ application: "three" });
    expect(await results(file, "delete:three")).toEqual([null]);
    const missing = await fetch(`${url}/one/x`);
    expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining("/-/routes")]);
    expect(Object.keys((await harness.status()).applications)).toEqual(["two"]);

    expect((await starter.interrupt("SIGTERM")).code).toBe(0);
    await harness.nothingLeft();
  });

  it("are seen below `rootPath`, which is cut off before the route is looked up (RT3)", async () => {
    const { url } = await startSide("run:rooted:/rooted");
    expect(await read(`${url}/base/rooted/x`)).toEqual({
      word: "rooted",
      application: "rooted",
      route: "/rooted",
      path: "/base/rooted/x",
    });
  });
});

describe("serve.status()", () => {
  it("has the fields of REST, in camelCase", async () => {
    await startSide("run:shop:/shop");
    const [status] = (await results(harness.copy("side.ts"), "status")) as [InstanceStatus];
    const someTime = expect.any(Number) as number;
    const pid = expect.any(Number) as number;
    const text = expect.any(String) as string;
    const endpoint = {
      host: "127.0.0.1",
      port: someTime,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
    };
    const place = { nodeId: "local", nodeIp: text, logFilePath: text };
    const replica = { replicaId: text, state: "RUNNING", pid, startTimeS: someTime, ...place };
    expect(status).toEqual({
      controller: { pid, startTimeS: someTime, ...place },
      proxyLocation: "EveryNode",
      httpOptions: expect.objectContaining({ host: "127.0.0.1", requestTimeoutS: null }) as object,
      targetCapacity: null,
      http: endpoint,
      admin: endpoint,
      proxies: { local: { id: text, status: "HEALTHY", pid, ...place } },
      applications: {
        shop: {
          name: "shop",
          routePrefix: "/shop",
          status: "RUNNING",
          message: "",
          lastDeployedTimeS: someTime,
          source: "imperative",
          docsPath: null,
          ingress: "Side",
          externalScalerEnabled: false,
          deployedAppConfig: null,
          deployments: {
            Side: {
              name: "Side",
              status: "HEALTHY",
              statusTrigger: "CONFIG_UPDATE_COMPLETED",
              message: "",
              targetNumReplicas: 1,
              options: expect.objectContaining({ numReplicas: 1, maxOngoingRequests: 5 }) as object,
              origins: expect.objectContaining({ numReplicas: "code", maxOngoingRequests: "default" }) as object,
              calls: [],
              codeVersion: text,
              replicas: [replica],
              recentDeadReplicas: [],
              autoscaling: null,
            },
          },
        },
      },
    });
  });
});

describe("two drivers that start at the same moment in one namespace", () => {
  it("share one instance, with both applications (K5)", async () => {
    const file = harness.copy("side.ts");
    const drivers = [harness.run(file, "run:left:/left"), harness.run(file, "run:right:/right")];
    const seen = await Promise.all(
      drivers.map((driver) => driver.ready() as unknown as Promise<{ results: unknown[]; http: { url: string } }>),
    );
    expect(seen.map((one) => one.results)).toEqual([["left"], ["right"]]);
    expect(seen[0]?.http).toEqual(seen[1]?.http);
    const url = seen[0]?.http.url ?? "";
    expect(await read(`${url}/left`)).toMatchObject({ application: "left" });
    expect(await read(`${url}/right`)).toMatchObject({ application: "right" });
    expect(harness.processes().filter((pid) => harness.programOf(pid) === "head")).toHaveLength(1);
  });
});

describe("an instance that a driver started", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "drains at the first %s: what is open ends, new is refused, exit code 0 (K6, D5)",
    async (signal) => {
      const served = await harness.startServe(harness.copy("work.ts"));
      const held = fetch(`${served.url}/hold?ms=700`);
      await harness.waitUntil(
        async () => ((await read(`${served.url}/work`)) as { running: number }[])[2]?.running === 1,
        "it runs",
      );
      kill(served.process.child.pid, signal);
      await harness.waitUntil(
        async () => (await fetch(`${served.url}/-/healthz`).catch(() => undefined))?.status === 503,
        "healthz says 503",
        600,
      );
      expect((await held).status).toBe(200);
      expect((await served.process.finished()).code).toBe(0);
      await harness.nothingLeft();
    },
  );

  it("ends at once at the second signal, and nothing of it is left (K6)", async () => {
    const served = await harness.startServe(harness.copy("work.ts"));
    const client = new RawClient(served.url).get("/hold");
    await harness.waitUntil(
      async () => ((await read(`${served.url}/work`)) as { running: number }[])[2]?.running === 1,
      "it runs",
    );
    kill(served.process.child.pid, "SIGINT");
    const firstMs = Date.now();
    await harness.waitUntil(
      async () => (await fetch(`${served.url}/-/healthz`).catch(() => undefined))?.status !== 200,
      "it drains",
    );
    // Within 10 ms it would be an echo of the first (serve/signals.ts R1); a person is slower.
    await harness.waitUntil(() => Date.now() - firstMs > 100, "the second signal is one of its own");
    const startMs = Date.now();
    kill(served.process.child.pid, "SIGINT");
    const { code, stderr } = await served.process.finished();
    expect([code, stderr]).toEqual([130, ""]);
    expect(Date.now() - startMs).toBeLessThan(5000); // not the grace of 30 s
    await harness.nothingLeft(5000);
    client.leave();
  });

  it("ends by `serve.shutdown()` of a driver that joined, and the starter with it", async () => {
    const { process: starter } = await startSide("run:one:/");
    await harness.run(harness.copy("side.ts"), "shutdown").finished();
    expect((await starter.finished()).code).toBe(0);
    await harness.nothingLeft();
  });

  it("is kept by nothing but the driver: a script ends by itself after `serve.shutdown()`", async () => {
    const { code, stdout } = await harness.run(harness.copy("side.ts"), "run:one:/", "shutdown", "status").finished();
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { results: unknown[] }).results).toEqual(["one", null, NO_INSTANCE]);
    await harness.nothingLeft();
  });
});
