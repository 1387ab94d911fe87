// Everything removed by command while the head stays: what DELETE of REST does.
import { describe, expect, it } from "vitest";
import { Harness, app } from "./harness.ts";

async function running(): Promise<Harness> {
  const h = new Harness();
  await h.startHead();
  h.controller.deploy([app("a", "v1", { Main: { numReplicas: 2 } }), app("b", "v1", { Main: {} })]);
  await h.settle(h.controller.whenDeployed(["a", "b"]));
  return h;
}

/** Nothing runs, and status says so. */
function expectNothing(h: Harness): void {
  expect(h.cluster.alive()).toEqual([]);
  expect(h.controller.status()).toMatchObject({ controller: null, proxies: {}, applications: {}, http: null });
  expect(h.routes()).toEqual([]);
}

describe("removeAll", () => {
  it("ends proxies, then applications, and stays so until the next deploy", async () => {
    const h = await running();
    const removed = h.controller.removeAll();
    expect(Object.keys(h.controller.status().applications)).toEqual(["a", "b"]);
    await h.settle(removed);
    expectNothing(h);
    const deletion = { event: "application.delete", reason: "everything is removed by command" };
    expect(h.controller.history({ application: "b", deployment: "" })).toMatchObject([deletion]);
    await h.run(5_000);
    expectNothing(h);
    h.controller.deploy([app("a", "v2", { Main: {} })]);
    await h.settle(h.controller.whenDeployed(["a"]));
    const { controller, proxies } = h.controller.status();
    expect(controller).not.toBeNull();
    expect(Object.keys(proxies)).toHaveLength(1);
  });

  it("refuses a deploy while it is under way, and says when it is over", async () => {
    const h = await running();
    const removed = h.controller.removeAll();
    expect(() => h.controller.deploy([app("c", "v1", { Main: {} })])).toThrow("everything is being removed");
    await h.settle(h.controller.whenOpen());
    h.controller.deploy([app("c", "v1", { Main: {} })]);
    await h.settle(removed);
    await h.settle(h.controller.whenDeployed(["c"]));
    expect(Object.keys(h.controller.status().applications)).toEqual(["c"]);
  });

  it("is finished by the next head, which then has nothing to serve (K1)", async () => {
    const h = await running();
    void h.controller.removeAll().catch(() => undefined);
    await h.startHead();
    await h.settle(h.controller.whenOpen());
    expectNothing(h);
    await h.startHead();
    await h.run(2_000);
    expectNothing(h);
  });

  it("does nothing where nothing is, and forgets no order to end the instance", async () => {
    const h = await running();
    await h.settle(h.controller.removeAll());
    await h.settle(h.controller.removeAll());
    expectNothing(h);
    await h.settle(h.controller.shutdown());
    await h.settle(h.controller.removeAll());
    expect(h.controller.isShuttingDown).toBe(true);
  });
});
