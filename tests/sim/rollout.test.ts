import { describe, expect, it } from "vitest";
import { Harness, app } from "./harness.ts";

const serving = (h: Harness, name = "a", deployment = "Main"): number => h.targets(name, deployment).replicas.length;

async function deployed(h: Harness, version: string, options = {}): Promise<void> {
  h.controller.deploy([app("a", version, { Main: options })]);
  h.follow("a", "Main");
  await h.settle(h.controller.whenDeployed(["a"], "driver"));
}

describe("a first deploy", () => {
  it("starts all replicas at once and is RUNNING when they serve (D2)", async () => {
    const h = new Harness();
    await h.startHead();
    h.controller.deploy([app("a", "v1", { Main: { numReplicas: 4 } })]);
    await h.clock.advance(0);
    expect(h.cluster.alive()).toHaveLength(4);
    expect(h.application("a")?.status).toBe("DEPLOYING");
    await h.settle(h.controller.whenDeployed(["a"]));
    expect(h.application("a")?.status).toBe("RUNNING");
    expect(serving(h)).toBe(4);
    expect(new Set(h.cluster.alive().map(({ order }) => order?.rank))).toEqual(new Set([0, 1, 2, 3]));
  });

  it("has its route from the moment it is accepted (RT5)", async () => {
    const h = new Harness();
    await h.startHead();
    h.controller.deploy([app("a", "v1", { Main: {} })]);
    expect(h.routes()).toEqual([{ prefix: "/a", application: "a", deployment: "Main" }]);
    expect(h.targets("a", "Main")).toMatchObject({ unavailable: null, replicas: [] });
  });

  it("says which replica does not come to an end of loading", async () => {
    const h = new Harness({ loadMs: () => 3_600_000 });
    await h.startHead();
    h.controller.deploy([app("a", "v1", { Main: {} })]);
    await h.run(5_000, 100);
    const message = () => h.application("a")?.deployments["Main"]?.message;
    expect(message()).toBe("");
    await h.run(7_000, 100);
    expect(message()).toMatch(/^replica \w+ is still loading after 10 s: its import, constructor/);
    expect(h.application("a")?.status).toBe("DEPLOYING");
  });

  it("fails after three tries a replica, and says why (D4, D6)", async () => {
    const h = new Harness({ failure: () => new Error("no such model\nat line 2") });
    await h.startHead();
    h.controller.deploy([app("a", "v1", { Main: { numReplicas: 2 } })]);
    await expect(h.settle(h.controller.whenDeployed(["a"]))).rejects.toMatchObject({ code: "DEPLOY_FAILED" });
    expect(h.application("a")?.message).toContain("no such model");
    expect(h.cluster.orders.filter((order) => order.startsWith("load"))).toHaveLength(6);
    expect(h.targets("a", "Main").unavailable).toBe("failed to deploy");
    await h.run(5_000);
    expect(h.cluster.alive()).toEqual([]);
    expect(h.cluster.orders.filter((order) => order.startsWith("load"))).toHaveLength(6);
  });
});

describe("a redeploy", () => {
  it("of the same changes nothing (D1)", async () => {
    const h = new Harness();
    await h.startHead();
    await deployed(h, "v1", { numReplicas: 3 });
    const orders = [...h.cluster.orders];
    await deployed(h, "v1", { numReplicas: 3 });
    await h.run(2_000);
    expect(h.cluster.orders).toEqual(orders);
  });

  it("of another version keeps the target serving, and never has more than the surge beside it (D2)", async () => {
    const h = new Harness({ drainMs: () => 500 });
    await h.startHead();
    await deployed(h, "v1", { numReplicas: 10 });
    h.controller.deploy([app("a", "v2", { Main: { numReplicas: 10 } })]);
    const done = h.controller.whenDeployed(["a"], "driver");
    const look = (): void => {
      expect(serving(h)).toBeGreaterThanOrEqual(10);
      const replicas = h.application("a")?.deployments["Main"]?.replicas ?? [];
      expect(replicas.filter(({ state }) => state !== "STOPPING").length).toBeLessThanOrEqual(12);
    };
    await h.during(done, look, 5);
    const published = h.targets("a", "Main").replicas.map(({ id }) => h.cluster.processes.get(id)?.order?.codeVersion);
    expect(published).toEqual(Array<string>(10).fill("v2"));
    const ready = h.cluster.alive().filter(({ phase }) => phase === "ready");
    expect(new Set(ready.map(({ order }) => order?.rank))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });

  it("drains an old replica only after every caller has acknowledged targets without it (D5)", async () => {
    const h = new Harness();
    h.ackMs = () => 300;
    await h.startHead();
    await deployed(h, "v1");
    const old = h.cluster.alive()[0]?.id ?? "";
    h.controller.deploy([app("a", "v2", { Main: {} })]);
    await h.until(() => !h.targets("a", "Main").replicas.some(({ id }) => id === old));
    await h.run(250);
    expect(h.cluster.orders).not.toContain(`drain ${old}`);
    await h.run(100);
    expect(h.cluster.orders).toContain(`drain ${old}`);
  });

  it("that fails leaves the old version serving, and a fixed one recovers (D4, D6)", async () => {
    const h = new Harness({ failure: ({ codeVersion }) => (codeVersion === "bad" ? new Error("broken") : undefined) });
    await h.startHead();
    await deployed(h, "v1", { numReplicas: 2 });
    h.controller.deploy([app("a", "bad", { Main: { numReplicas: 2 } })]);
    await expect(h.settle(h.controller.whenDeployed(["a"]))).rejects.toMatchObject({ code: "DEPLOY_FAILED" });
    await h.run(10_000);
    expect(serving(h)).toBe(2);
    expect(h.targets("a", "Main").unavailable).toBeNull();
    expect(h.application("a")).toMatchObject({ status: "DEPLOY_FAILED" });
    await deployed(h, "v3", { numReplicas: 2 });
    expect(h.application("a")).toMatchObject({ status: "RUNNING", message: "" });
  });

  it("to an ingress of another name leads the route there when it serves, and not before (D6)", async () => {
    const h = new Harness({ failure: ({ codeVersion }) => (codeVersion === "bad" ? new Error("broken") : undefined) });
    await h.startHead();
    h.controller.deploy([app("a", "v1", { Old: {} })]);
    await h.settle(h.controller.whenDeployed(["a"]));
    h.controller.deploy([app("a", "bad", { New: {} })]);
    await expect(h.settle(h.controller.whenDeployed(["a"]))).rejects.toMatchObject({ code: "DEPLOY_FAILED" });
    await h.run(5_000);
    expect(h.routes()).toEqual([{ prefix: "/a", application: "a", deployment: "Old" }]);
    expect(h.targets("a", "Old")).toMatchObject({ unavailable: null, replicas: [{}] });
    h.controller.deploy([app("a", "v2", { New: {} })]);
    await h.settle(h.controller.whenDeployed(["a"]));
    expect(h.routes()).toEqual([{ prefix: "/a", application: "a", deployment: "New" }]);
    await h.until(() => h.targets("a", "Old").replicas.length === 0);
    expect(h.targets("a", "Old").unavailable).toBe("was deleted");
  });

  it("back to the version that still serves lets it be tried again without end, for it was ready once (D4)", async () => {
    const h = new Harness({ failure: ({ codeVersion }) => (codeVersion === "bad" ? new Error("broken") : undefined) });
    await h.startHead();
    await deployed(h, "v1");
    h.controller.deploy([app("a", "bad", { Main: {} })]);
    await expect(h.settle(h.controller.whenDeployed(["a"]))).rejects.toMatchObject({ code: "DEPLOY_FAILED" });
    await deployed(h, "v1");
    h.cluster.behaviour.failure = () => new Error("the database is away");
    h.cluster.exit(h.cluster.alive()[0]?.id ?? "", "killed");
    await h.run(60_000, 100);
    expect(serving(h)).toBe(0);
    h.cluster.behaviour.failure = () => undefined;
    await h.until(() => serving(h) === 1, 70_000);
    expect(h.application("a")?.status).toBe("RUNNING");
  });

  it("back to the old version in the middle of a rollout keeps every old replica that still serves (D2)", async () => {
    const h = new Harness({ loadMs: () => 300 });
    await h.startHead();
    await deployed(h, "v1", { numReplicas: 10 });
    h.controller.deploy([app("a", "v2", { Main: { numReplicas: 10 } })]);
    await h.until(() => h.cluster.alive().filter(({ order }) => order?.codeVersion === "v2").length === 4);
    const starts = () => h.cluster.orders.filter((order) => order.startsWith("start")).length;
    const before = starts();
    const kept = h.cluster.alive().filter(({ order, phase }) => order?.codeVersion === "v1" && phase === "ready");
    h.controller.deploy([app("a", "v1", { Main: { numReplicas: 10 } })]);
    const done = h.controller.whenDeployed(["a"], "driver");
    await h.during(done, () => expect(serving(h)).toBeGreaterThanOrEqual(10));
    await h.run(100);
    const after = h.cluster.alive();
    expect(after.map(({ order }) => order?.codeVersion)).toEqual(Array<string>(10).fill("v1"));
    for (const { id } of kept.filter(({ phase }) => phase === "ready")) expect(after.map((r) => r.id)).toContain(id);
    expect(starts() - before).toBeLessThanOrEqual(10 - kept.filter(({ phase }) => phase === "ready").length);
  });

  it("with another user config tells the replicas in place (D1)", async () => {
    const h = new Harness();
    await h.startHead();
    await deployed(h, "v1", { numReplicas: 2 });
    const before = h.cluster.alive().map(({ id }) => id);
    await deployed(h, "v1", { numReplicas: 2, userConfig: { threshold: 2 } });
    expect(h.cluster.alive().map(({ id }) => id)).toEqual(before);
    expect(h.cluster.orders.filter((order) => order.startsWith("reconfigure"))).toHaveLength(2);
  });

  it("that asks for replicas which cannot start is told so, and keeps those it had (D4, D6)", async () => {
    const h = new Harness();
    await h.startHead();
    await deployed(h, "v1");
    h.cluster.behaviour.failure = () => new Error("port 9999 is taken");
    h.controller.deploy([app("a", "v1", { Main: { numReplicas: 2 } })]);
    const waiting = h.settle(h.controller.whenDeployed(["a"]));
    await expect(waiting).rejects.toMatchObject({ code: "DEPLOY_FAILED", message: /port 9999 is taken/ });
    expect(serving(h)).toBe(1);
  });

  it("scales up and down without touching the others", async () => {
    const h = new Harness();
    await h.startHead();
    await deployed(h, "v1", { numReplicas: 2 });
    const before = h.cluster.alive().map(({ id }) => id);
    await deployed(h, "v1", { numReplicas: 4 });
    expect(h.application("a")?.deployments["Main"]).toMatchObject({
      status: "HEALTHY",
      statusTrigger: "UPSCALE_COMPLETED",
    });
    await deployed(h, "v1", { numReplicas: 2 });
    expect(h.application("a")?.deployments["Main"]).toMatchObject({
      status: "HEALTHY",
      statusTrigger: "DOWNSCALE_COMPLETED",
    });
    expect(h.cluster.alive().map(({ id }) => id)).toEqual(before);
  });

  it("keeps a deployment that left the graph until no replica of the old graph can call it (D6)", async () => {
    const h = new Harness({ drainMs: () => 1_000 });
    await h.startHead();
    h.controller.deploy([app("a", "v1", { Child: {}, Main: {} })]);
    await h.settle(h.controller.whenDeployed(["a"]));
    h.controller.deploy([app("a", "v2", { Main: {} })]);
    await h.settle(h.controller.whenDeployed(["a"]));
    expect(h.targets("a", "Child").replicas).toHaveLength(1);
    await h.run(3_000);
    expect(h.targets("a", "Child")).toMatchObject({ unavailable: "was deleted", replicas: [] });
    expect(h.cluster.alive()).toHaveLength(1);
  });
});

describe("a delete", () => {
  it("ends callers before those they call, and resolves when all are gone (D5)", async () => {
    const h = new Harness({ drainMs: () => 400 });
    await h.startHead();
    h.controller.deploy([app("a", "v1", { Child: {}, Main: {} })]);
    await h.settle(h.controller.whenDeployed(["a"]));
    const gone = h.controller.delete("a");
    expect(h.routes()).toEqual([]);
    expect(h.targets("a", "Main").unavailable).toBe("was deleted");
    expect(h.targets("a", "Child").unavailable).toBeNull();
    await h.settle(gone);
    expect(h.targets("a", "Child").unavailable).toBe("was deleted");
    expect(h.cluster.alive()).toEqual([]);
    expect(h.application("a")).toBeUndefined();
    await expect(h.controller.locate("a", null)).rejects.toThrow(/no application a/);
  });

  it("leaves word for whoever calls it still, of the newest hundred (publish.ts R2)", async () => {
    const h = new Harness();
    await h.startHead();
    for (let i = 0; i < 120; i++) {
      h.controller.deploy([app(`a${i}`, "v1", { Main: {} })]);
      await h.settle(h.controller.delete(`a${i}`));
    }
    expect(h.targets("a119", "Main").unavailable).toBe("was deleted");
    expect(h.feed.keys().filter((key) => key.startsWith("targets/"))).toHaveLength(100);
  });

  it("of everything at shutdown drains proxies first and leaves no process and no document", async () => {
    const h = new Harness();
    await h.startHead();
    await deployed(h, "v1", { numReplicas: 2 });
    expect(h.cluster.alive("proxy")).toHaveLength(1);
    await h.settle(h.controller.shutdown());
    expect(h.cluster.alive()).toEqual([]);
    expect(h.cluster.alive("proxy")).toEqual([]);
    expect(h.cluster.store.keys("application/")).toEqual([]);
  });
});
