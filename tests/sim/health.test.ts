import { describe, expect, it } from "vitest";
import type { FakeProcess } from "./fake-cluster.ts";
import { Harness, app } from "./harness.ts";

async function running(h: Harness, options = {}): Promise<void> {
  await h.startHead();
  h.controller.deploy([app("a", "v1", { Main: options })]);
  await h.settle(h.controller.whenDeployed(["a"]));
}

const only = (h: Harness): FakeProcess => {
  const [process] = h.cluster.alive();
  if (process === undefined) throw new Error("nothing runs");
  return process;
};

describe("health checks", () => {
  it("come every period, 0.9 to 1.1 of it apart (H1)", async () => {
    const h = new Harness();
    const times: number[] = [];
    h.cluster.behaviour.unhealthy = () => void times.push(h.clock.now());
    await running(h, { healthCheckPeriodS: 2 });
    await h.run(60_000, 50);
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(gaps.length).toBeGreaterThan(20);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_750);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2_250);
    expect(new Set(gaps).size).toBeGreaterThan(2);
  });

  it("that fail three times in a row end a replica with grace, after a new one was started (H1, D5)", async () => {
    const h = new Harness({ drainMs: () => 3_000 });
    await running(h, { healthCheckPeriodS: 1 });
    const sick = only(h).id;
    h.cluster.behaviour.unhealthy = ({ id }) => (id === sick ? new Error("no database\n  at line 2") : undefined);
    await h.until(() => h.application("a")?.status === "UNHEALTHY");
    expect(h.application("a")?.message).toMatch(/3 health checks failed in a row\. Last error: no database/);
    expect(h.cluster.alive()).toHaveLength(2);
    await h.until(() => h.application("a")?.status === "RUNNING");
    expect(h.cluster.orders).toContain(`drain ${sick}`);
    expect(h.cluster.orders).not.toContain(`kill ${sick}`);
    expect(only(h).alive).toBe(true);
  });

  it("that fail in one replica after the other let the third that follows wait 1 s, the next 2 s (K2)", async () => {
    const h = new Harness();
    await running(h, { healthCheckPeriodS: 1 });
    h.cluster.behaviour.unhealthy = () => new Error("no database");
    await h.run(30_000, 50);
    const told = h.controller.history({ deployment: "Main" });
    const times = (event: string): number[] => told.filter((one) => one.event === event).map(({ timeMs }) => timeMs);
    const [, ...starts] = times("replica.start");
    const waits = times("replica.died").map((diedMs, i) => (starts[i] ?? Infinity) - diedMs);
    expect(waits.slice(0, 4)).toEqual([0, 0, 1_000, 2_000]);
  });

  it("forget failures at a success, and a time-out is a failure (H1)", async () => {
    const h = new Harness();
    await running(h, { healthCheckPeriodS: 1, healthCheckTimeoutS: 2 });
    const { id } = only(h);
    let check = 0;
    h.cluster.behaviour.unhealthy = () => (check++ % 3 === 2 ? undefined : new Error("now and then"));
    await h.run(30_000, 50);
    expect(only(h).id).toBe(id);
    h.cluster.behaviour.unhealthy = () => undefined;
    h.cluster.behaviour.checkMs = () => (only(h).id === id ? 60_000 : 1);
    await h.until(() => !h.cluster.alive().some((process) => process.id === id));
    expect(h.controller.history({ replicaId: id }).map(({ reason }) => reason)).toContain(
      "3 health checks failed in a row. Last error: checkHealth: no answer within 2000 ms",
    );
  });

  it("follow a changed period at once, without touching a replica (D1)", async () => {
    const h = new Harness();
    let checks = 0;
    h.cluster.behaviour.unhealthy = () => void checks++;
    await running(h, { healthCheckPeriodS: 1_000 });
    await h.run(30_000, 100);
    expect(checks).toBe(0);
    const orders = h.cluster.orders.length;
    h.controller.deploy([app("a", "v1", { Main: { healthCheckPeriodS: 1 } })]);
    await h.run(5_000, 50);
    expect(checks).toBeGreaterThanOrEqual(4);
    expect(h.cluster.orders).toHaveLength(orders);
    expect(h.application("a")?.status).toBe("RUNNING");
  });

  it("go on after the head's restart (K1)", async () => {
    const h = new Harness();
    let checks = 0;
    h.cluster.behaviour.unhealthy = () => void checks++;
    await running(h, { healthCheckPeriodS: 1 });
    await h.startHead();
    checks = 0;
    await h.run(5_000, 50);
    expect(checks).toBeGreaterThanOrEqual(3);
  });
});

describe("a silent process", () => {
  it("is named in status while it lasts, and chosen last (H2)", async () => {
    const h = new Harness();
    await running(h);
    const { id } = only(h);
    h.controller.onSilence(id, 4_000);
    await h.clock.advance(0);
    const main = () => h.application("a")?.deployments["Main"];
    expect(main()).toMatchObject({ status: "HEALTHY", message: `replica ${id}: not responding for 4 s` });
    expect(h.targets("a", "Main").replicas[0]?.suspect).toBe(true);
    h.controller.onSilence(id, null);
    await h.clock.advance(0);
    expect(main()?.message).toBe("");
    expect(h.targets("a", "Main").replicas[0]?.suspect).toBe(false);
  });

  it("is replaced after 30 s if it is a proxy, and shown as UNHEALTHY before (H2)", async () => {
    const h = new Harness();
    await running(h);
    const proxy = h.cluster.alive("proxy")[0]?.id ?? "";
    for (let silentMs = 4_000; silentMs < 30_000; silentMs += 1_000) {
      h.controller.onSilence(proxy, silentMs);
      await h.run(1_000);
      if (silentMs < 29_000) expect(h.controller.status().proxies["local"]?.status).toBe("UNHEALTHY");
    }
    await h.run(1_500);
    expect(h.cluster.alive("proxy").map(({ id }) => id)).not.toContain(proxy);
    expect(h.controller.status().proxies["local"]?.status).toBe("HEALTHY");
  });
});
