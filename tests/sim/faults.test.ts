import { describe, expect, it } from "vitest";
import { Harness, app } from "./harness.ts";

async function running(h: Harness, options = {}): Promise<void> {
  await h.startHead();
  h.controller.deploy([app("a", "v1", { Main: options })]);
  await h.settle(h.controller.whenDeployed(["a"]));
}

const ids = (h: Harness): string[] =>
  h.cluster
    .alive()
    .map(({ id }) => id)
    .sort();

describe("a replica that dies", () => {
  it("is out of the targets and replaced at once (K2)", async () => {
    const h = new Harness();
    await running(h, { numReplicas: 2 });
    const [victim = ""] = ids(h);
    h.cluster.exit(victim, "killed");
    await h.clock.advance(1);
    expect(h.targets("a", "Main").replicas).toHaveLength(1);
    expect(h.cluster.alive()).toHaveLength(2);
    expect(h.application("a")?.status).toBe("UNHEALTHY");
    expect(h.application("a")?.message).toMatch(new RegExp(`killed; see manta logs ${victim}`));
    await h.until(() => h.application("a")?.status === "RUNNING");
    expect(h.targets("a", "Main").replicas).toHaveLength(2);
  });

  it("waits 1 s, then 2 s, from its third quick death in a row (K2)", async () => {
    const h = new Harness();
    await running(h);
    const waits: number[] = [];
    for (let death = 0; death < 5; death++) {
      h.cluster.exit(ids(h)[0] ?? "", "exited");
      const at = h.clock.now();
      await h.until(() => h.cluster.alive().length === 1);
      waits.push(h.clock.now() - at);
      await h.until(() => h.application("a")?.status === "RUNNING");
    }
    expect(waits.map((ms) => Math.floor(ms / 1000))).toEqual([0, 0, 1, 2, 4]);
  });

  it("counts as dead when its link stays closed for 2 s, and not when it dials again in time", async () => {
    const h = new Harness();
    await running(h);
    const before = ids(h);
    h.cluster.cut(before[0] ?? "", 1_500);
    await h.run(5_000);
    expect(ids(h)).toEqual(before);
    h.cluster.cut(before[0] ?? "", 60_000);
    await h.run(5_000);
    expect(ids(h)).not.toEqual(before);
    expect(h.application("a")?.status).toBe("RUNNING");
  });
});

describe("a proxy that dies", () => {
  it("is replaced within 1 s (K3)", async () => {
    const h = new Harness();
    await running(h);
    h.cluster.exit(h.cluster.alive("proxy")[0]?.id ?? "", "killed");
    await h.clock.advance(0);
    expect(h.controller.status().http).toBeNull();
    await h.run(1_000);
    expect(h.controller.status().http).toMatchObject({ port: 8000 });
  });
});

describe("a head that dies", () => {
  it("leaves replicas that the next one adopts, statuses right within 2 s (K1)", async () => {
    const h = new Harness();
    await running(h, { numReplicas: 3 });
    const before = ids(h);
    const orders = [...h.cluster.orders];
    await h.startHead();
    expect(h.targets("a", "Main").replicas).toHaveLength(3);
    expect(h.application("a")?.deployments["Main"]?.replicas.map(({ state }) => state)).toEqual(
      Array<string>(3).fill("RECOVERING"),
    );
    await h.run(2_000);
    expect(h.application("a")).toMatchObject({ status: "RUNNING", routePrefix: "/a" });
    expect(h.controller.status().proxies["local"]?.status).toBe("HEALTHY");
    expect(ids(h)).toEqual(before);
    expect(h.cluster.orders).toEqual(orders);
  });

  it("is followed by one that replaces what died meanwhile (K1)", async () => {
    const h = new Harness();
    await running(h, { numReplicas: 2 });
    const [victim = ""] = ids(h);
    h.controller.stop();
    h.cluster.exit(victim, "killed");
    await h.startHead();
    await h.run(2_000);
    expect(h.application("a")?.status).toBe("RUNNING");
    expect(ids(h)).toHaveLength(2);
    expect(ids(h)).not.toContain(victim);
  });

  it("during a rollout lets the next one finish it", async () => {
    const h = new Harness();
    await running(h, { numReplicas: 4 });
    h.controller.deploy([app("a", "v2", { Main: { numReplicas: 4 } })]);
    await h.run(180);
    await h.startHead();
    await h.settle(h.controller.whenDeployed(["a"]));
    await h.run(1_000);
    expect(h.cluster.alive().map(({ order }) => order?.codeVersion)).toEqual(Array<string>(4).fill("v2"));
  });

  it("is followed by one that still knows why a deploy failed", async () => {
    const h = new Harness({ failure: () => new Error("no weights") });
    await h.startHead();
    h.controller.deploy([app("a", "v1", { Main: {} })]);
    await expect(h.settle(h.controller.whenDeployed(["a"]))).rejects.toThrow(/no weights/);
    const starts = h.cluster.orders.filter((order) => order.startsWith("start")).length;
    await h.startHead();
    expect(h.application("a")).toMatchObject({ status: "DEPLOY_FAILED" });
    expect(h.targets("a", "Main").unavailable).toBe("failed to deploy");
    await h.run(3_000);
    expect(h.cluster.orders.filter((order) => order.startsWith("start"))).toHaveLength(starts);
  });

  it("is followed by one that gives up on a replica after 10 s without a word", async () => {
    const h = new Harness();
    await running(h);
    const [silent = ""] = ids(h);
    const process = h.cluster.processes.get(silent);
    await h.startHead();
    if (process !== undefined) process.linked = true; // It never dials in.
    await h.run(9_000);
    expect(ids(h)).toEqual([silent]);
    await h.run(3_000);
    expect(ids(h)).not.toContain(silent);
    expect(h.application("a")?.status).toBe("RUNNING");
  });

  it("whose checkpoint is gone is followed by one that sends the strangers away", async () => {
    const h = new Harness();
    await running(h);
    h.controller.stop();
    h.cluster.store.write(new Map(["application/a", "deployments", "processes"].map((key) => [key, null])));
    await h.startHead();
    await h.run(2_000);
    expect(ids(h)).toEqual([]);
  });

  it("whose checkpoint is damaged is not followed at all, and the document stays (K4)", async () => {
    const h = new Harness();
    await running(h);
    h.controller.stop();
    h.cluster.store.write(new Map([["processes", new Uint8Array([0xc1, 1, 2])]]));
    await expect(h.startHead()).rejects.toThrow(/"processes" cannot be read/);
    expect(h.cluster.store.read("processes")).toEqual(new Uint8Array([0xc1, 1, 2]));
  });
});
