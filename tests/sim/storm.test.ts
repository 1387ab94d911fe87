import { describe, expect, it } from "vitest";
import { randomInt } from "../../src/core/random.ts";
import { rolloutRule } from "../../src/controller/decide/rollout.ts";
import { type Behaviour, FakeCluster, fakeNode } from "./fake-cluster.ts";
import { CALM, Harness, app } from "./harness.ts";

/** Everything that can go wrong, by chance; `bad` versions never start. */
function storm(h: Harness): Behaviour {
  const { random } = h;
  return {
    bootMs: () => 20 + random.next() * 400,
    loadMs: () => 20 + random.next() * 1_500,
    failure: ({ codeVersion }) =>
      codeVersion.startsWith("bad") || random.next() < 0.05 ? new Error(`cannot load ${codeVersion}`) : undefined,
    drainMs: () => random.next() * 3_000,
    checkMs: () => random.next() * 200,
    unhealthy: () => (random.next() < 0.02 ? new Error("the database is away") : undefined),
  };
}

/** What holds at any moment, whatever happened. */
function look(h: Harness, cluster: FakeCluster, surgeOf: (deployment: string) => number): void {
  for (const application of Object.values(h.controller.status().applications)) {
    for (const { name, replicas } of Object.values(application.deployments)) {
      const live = replicas.filter(({ state }) => state !== "STOPPING");
      expect(live.length).toBeLessThanOrEqual(surgeOf(`${application.name}#${name}`));
      const ids = live.map(({ replicaId }) => replicaId);
      expect(new Set(ids).size).toBe(ids.length);
    }
  }
  for (const { prefix } of h.routes()) expect(h.routes().filter((route) => route.prefix === prefix)).toHaveLength(1);
  expect(cluster.alive("proxy").length).toBeLessThanOrEqual(3 * cluster.nodes.length);
}

describe.each([1, 2, 3, 4])("a storm with seed %i", (seed) => {
  it("keeps the bounds all along, and afterwards everything is as it should be (D2, K1, K2)", async () => {
    const h = new Harness({}, seed);
    h.cluster.behaviour = storm(h);
    h.ackMs = () => h.random.next() * 50;
    h.cluster.nodes = [fakeNode("local"), fakeNode("b"), fakeNode("c")];
    const drained = new Set<string>();
    await h.startHead();
    const wanted = new Map<string, { version: string; replicas: number }>();
    /** Most live replicas a deployment may have: the largest target so far, and its surge. */
    const bounds = new Map<string, number>();
    const act: (() => unknown)[] = [
      () => {
        const name = `app${randomInt(h.random, 3)}`;
        const version = h.random.next() < 0.15 ? `bad${randomInt(h.random, 3)}` : `v${randomInt(h.random, 4)}`;
        const replicas = 1 + randomInt(h.random, 8);
        const maxSurgePercent = [null, null, 0, 50][randomInt(h.random, 4)] ?? null;
        const main = { numReplicas: replicas, maxSurgePercent, healthCheckPeriodS: 1 };
        h.controller.deploy([app(name, version, { Child: { numReplicas: 2 }, Main: main })]);
        wanted.set(name, { version, replicas });
        const most = (key: string, target: number): void => {
          const bound = target + rolloutRule(target, 0.2, key.endsWith("#Main") ? maxSurgePercent : null).surge;
          bounds.set(key, Math.max(bounds.get(key) ?? 0, bound));
        };
        most(`${name}#Main`, replicas);
        most(`${name}#Child`, 2);
      },
      () => {
        const [name] = wanted.keys();
        if (name === undefined || h.random.next() < 0.7) return;
        wanted.delete(name);
        void h.controller.delete(name);
      },
      () => {
        const alive = h.cluster.alive();
        const victim = alive[randomInt(h.random, alive.length)];
        if (victim !== undefined) h.cluster.exit(victim.id, h.random.next() < 0.5 ? "killed" : "exited");
      },
      () => {
        const alive = h.cluster.alive();
        const victim = alive[randomInt(h.random, alive.length)];
        if (victim !== undefined) h.cluster.cut(victim.id, h.random.next() * 3_000);
      },
      () => h.cluster.exit(h.cluster.alive("proxy")[0]?.id ?? "", "killed"),
      () => (h.random.next() < 0.3 ? h.startHead() : undefined),
      () => {
        const [, ...others] = h.cluster.nodes;
        const node = others[randomInt(h.random, others.length)];
        if (node === undefined) return;
        if (h.random.next() < 0.5) h.cluster.loseNode(node.id);
        else {
          h.cluster.drainNode(node.id);
          drained.add(node.id);
        }
      },
      () => {
        const missing = ["b", "c"].find((id) => h.cluster.nodes.every((node) => node.id !== id));
        if (missing !== undefined) h.cluster.addNode(fakeNode(missing));
        else for (const id of drained) h.cluster.loseNode(id);
        drained.clear();
      },
    ];
    for (let step = 0; step < 1_000; step++) {
      if (h.random.next() < 0.06) await act[randomInt(h.random, act.length)]?.();
      await h.clock.advance(20 + h.random.next() * 60);
      look(h, h.cluster, (key) => bounds.get(key) ?? 0);
    }
    // Calm again. A version that cannot start is replaced by one that can.
    h.cluster.behaviour = CALM;
    for (const id of ["b", "c"]) h.cluster.loseNode(id);
    for (const id of ["b", "c"]) h.cluster.addNode(fakeNode(id));
    for (const [name, target] of wanted) {
      target.version = `final-${target.version}`;
      h.controller.deploy([
        app(name, target.version, { Child: { numReplicas: 2 }, Main: { numReplicas: target.replicas } }),
      ]);
    }
    await h.settle(h.controller.whenDeployed([...wanted.keys()]), 200_000);
    await h.run(10_000, 100);
    const expected = [...wanted.values()].flatMap(({ version, replicas }) => Array<string>(replicas + 2).fill(version));
    expect(
      h.cluster
        .alive()
        .map(({ order }) => order?.codeVersion ?? "none")
        .sort(),
    ).toEqual(expected.sort());
    const known = Object.values(h.controller.status().applications).flatMap((a) =>
      Object.values(a.deployments).flatMap(({ replicas }) => replicas.map(({ replicaId }) => replicaId)),
    );
    expect(
      h.cluster
        .alive()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(known.sort());
    expect(h.cluster.alive("proxy")).toHaveLength(3);
    const orders = h.cluster.orders.length;
    for (const [name, { version, replicas }] of wanted) {
      h.controller.deploy([app(name, version, { Child: { numReplicas: 2 }, Main: { numReplicas: replicas } })]);
    }
    await h.run(5_000, 100);
    expect(h.cluster.orders.length).toBe(orders);
    await h.settle(h.controller.shutdown(), 200_000);
    expect(h.cluster.alive()).toEqual([]);
    expect(h.cluster.alive("proxy")).toEqual([]);
  });
});
