import { describe, expect, it } from "vitest";
import { Harness, app } from "./harness.ts";

const BROKEN = {
  failure: ({ codeVersion }: { codeVersion: string }) => (codeVersion === "bad" ? new Error("broken") : undefined),
};

async function failedRollout(h: Harness, options = {}): Promise<void> {
  await h.startHead();
  h.controller.deploy([app("a", "v1", { Main: { numReplicas: 4, ...options } })]);
  h.follow("a", "Main");
  await h.settle(h.controller.whenDeployed(["a"]));
  h.controller.deploy([app("a", "bad", { Main: { numReplicas: 4, ...options } })]);
  await expect(h.settle(h.controller.whenDeployed(["a"]))).rejects.toMatchObject({ code: "DEPLOY_FAILED" });
}

const versions = (h: Harness): string[] =>
  h.cluster
    .alive()
    .filter(({ phase }) => phase === "ready")
    .map(({ order }) => order?.codeVersion ?? "")
    .sort();
const starts = (h: Harness): number => h.cluster.orders.filter((order) => order.startsWith("start")).length;
const serving = (h: Harness): number => h.targets("a", "Main").replicas.length;

describe("a rollout that fails", () => {
  it("says how often and why, in Ray Serve's words, and that it is stopped (D6, reference 4.11)", async () => {
    const h = new Harness(BROKEN);
    await failedRollout(h);
    const main = h.application("a")?.deployments["Main"];
    expect(main).toMatchObject({ status: "DEPLOY_FAILED", statusTrigger: "REPLICA_STARTUP_FAILED" });
    expect(main?.message).toMatch(
      /^The deployment failed to start 12 times in a row during a rolling update\. The update is stopped.*Error:\nbroken/s,
    );
  });

  it.each([{}, { maxSurgePercent: 0 }, { maxSurgePercent: 50 }])(
    "keeps the size on the version before: what dies is replaced by it, with %o (D6)",
    async (options) => {
      const h = new Harness(BROKEN);
      await failedRollout(h, options);
      await h.until(() => serving(h) === 4);
      for (let death = 0; death < 6; death++) {
        h.cluster.exit(h.cluster.alive()[0]?.id ?? "", "killed");
        await h.until(() => serving(h) === 4 && h.cluster.alive().length === 4, 90_000);
      }
      expect(versions(h)).toEqual(["v1", "v1", "v1", "v1"]);
      expect(h.application("a")?.status).toBe("DEPLOY_FAILED");
    },
  );

  it("is as failed after the head's restart, and keeps its size then, too (K1)", async () => {
    const h = new Harness(BROKEN);
    await failedRollout(h);
    await h.startHead();
    await h.run(2_000);
    h.cluster.exit(h.cluster.alive()[0]?.id ?? "", "killed");
    await h.run(2_000);
    expect(versions(h)).toEqual(["v1", "v1", "v1", "v1"]);
    expect(h.application("a")?.deployments["Main"]?.message).toMatch(/failed to start 12 times in a row/);
  });

  it("stays failed when only the number of replicas changes, and scales the version before", async () => {
    const h = new Harness(BROKEN);
    await failedRollout(h);
    const bad = h.cluster.orders.length;
    h.controller.deploy([app("a", "bad", { Main: { numReplicas: 6 } })]);
    await h.until(() => serving(h) === 6);
    expect(versions(h)).toEqual(Array<string>(6).fill("v1"));
    expect(h.application("a")?.status).toBe("DEPLOY_FAILED");
    h.controller.deploy([app("a", "bad", { Main: { numReplicas: 2 } })]);
    await h.run(3_000);
    expect(versions(h)).toEqual(["v1", "v1"]);
    expect(h.cluster.orders.slice(bad).filter((order) => order.startsWith("load"))).toHaveLength(2);
  });

  it("is tried again by the same deploy, and over when it starts after all", async () => {
    const h = new Harness(BROKEN);
    await failedRollout(h);
    h.cluster.behaviour.failure = () => undefined;
    h.controller.deploy([app("a", "bad", { Main: { numReplicas: 4 } })]);
    await h.settle(h.controller.whenDeployed(["a"]));
    await h.run(100);
    expect(versions(h)).toEqual(Array<string>(4).fill("bad"));
  });

  it("is undone by a deploy of the version before, without a single start", async () => {
    const h = new Harness(BROKEN);
    await failedRollout(h);
    const before = starts(h);
    h.controller.deploy([app("a", "v1", { Main: { numReplicas: 4 } })]);
    await h.settle(h.controller.whenDeployed(["a"]));
    expect(starts(h)).toBe(before);
    expect(h.application("a")).toMatchObject({ status: "RUNNING", message: "" });
  });

  it("after replicas of it served ends at the threshold all the same, and leaves those that serve (reference 4.11)", async () => {
    const h = new Harness();
    await h.startHead();
    h.controller.deploy([app("a", "v1", { Main: { numReplicas: 4 } })]);
    await h.settle(h.controller.whenDeployed(["a"]));
    let started = 0;
    h.cluster.behaviour.failure = ({ codeVersion }) =>
      codeVersion === "v2" && started++ > 0 ? new Error("no second one") : undefined;
    h.controller.deploy([app("a", "v2", { Main: { numReplicas: 4 } })]);
    await expect(h.settle(h.controller.whenDeployed(["a"]))).rejects.toThrow(/no second one/);
    await h.run(5_000);
    expect(versions(h)).toEqual(["v1", "v1", "v1", "v2"]);
    expect(serving(h)).toBe(4);
  });

  it("because its replicas die in service is given up, too (reference 4.11)", async () => {
    const h = new Harness({ loadMs: () => 20 });
    await h.startHead();
    h.controller.deploy([app("a", "v1", { Main: { numReplicas: 4 } })]);
    await h.settle(h.controller.whenDeployed(["a"]));
    h.cluster.behaviour.loadMs = () => 2_000;
    h.controller.deploy([app("a", "v2", { Main: { numReplicas: 4, maxConstructorRetryCount: 3 } })]);
    const waiting = h.settle(h.controller.whenDeployed(["a"]), 120_000);
    waiting.catch(() => undefined);
    for (let death = 0; death < 3; death++) {
      await h.until(() => versions(h).includes("v2"), 90_000);
      h.cluster.exit(h.cluster.alive().find(({ order }) => order?.codeVersion === "v2")?.id ?? "", "exited");
      await h.run(100);
    }
    await expect(waiting).rejects.toMatchObject({ code: "DEPLOY_FAILED" });
    await h.until(() => serving(h) === 4);
    expect(versions(h)).toEqual(["v1", "v1", "v1", "v1"]);
  });

  it("in place leaves replicas that refused with what they had, and new ones get that as well (D1)", async () => {
    const h = new Harness();
    await h.startHead();
    h.controller.deploy([app("a", "v1", { Main: { numReplicas: 2, userConfig: { limit: 1 } } })]);
    await h.settle(h.controller.whenDeployed(["a"]));
    h.cluster.behaviour.failure = ({ spec }) =>
      JSON.stringify(spec.options.userConfig) === '{"limit":-1}' ? new Error("limit is negative") : undefined;
    h.controller.deploy([app("a", "v1", { Main: { numReplicas: 2, userConfig: { limit: -1 } } })]);
    await expect(h.settle(h.controller.whenDeployed(["a"]))).rejects.toThrow(/limit is negative/);
    h.cluster.exit(h.cluster.alive()[0]?.id ?? "", "killed");
    await h.run(1_000);
    expect(serving(h)).toBe(2);
    expect(h.cluster.alive().map(({ order }) => order?.spec.options.userConfig)).toEqual([{ limit: 1 }, { limit: 1 }]);
  });
});
