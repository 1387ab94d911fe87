// Config files through the real controller: what callers and the next head see of applications that are being built.
import { describe, expect, it } from "vitest";
import type { BuildTask } from "../../src/controller/accept-config.ts";
import { ServeError } from "../../src/core/errors.ts";
import type { VersionedApplication } from "../../src/model/target-state.ts";
import { Harness, app } from "./harness.ts";

const BROKEN = new ServeError("DEPLOY_FAILED", "no such module");

function accept(h: Harness, ...names: string[]): readonly BuildTask[] {
  const applications = names.map((name) => ({ name, route_prefix: `/${name}`, import_path: "./app.ts:app" }));
  return h.controller.acceptConfig({ applications }, "/config");
}

function built(name: string, version = "v1", options = {}): VersionedApplication {
  const made = app(name, version, { Main: options });
  return { ...made, spec: { ...made.spec, source: "declarative" } };
}

async function started(): Promise<Harness> {
  const h = new Harness();
  await h.startHead();
  return h;
}

async function serving(): Promise<Harness> {
  const h = await started();
  const [task] = accept(h, "a");
  if (task !== undefined) h.controller.finishBuild(task, built("a"));
  h.follow("a", "Main");
  await h.settle(h.controller.whenDeployed(["a"]));
  return h;
}

describe("an application that is built for the first time", () => {
  it("has a route without an ingress, which comes with the build (RT5)", async () => {
    const h = await started();
    const tasks = accept(h, "a", "b");
    expect(h.routes()).toEqual([
      { prefix: "/a", application: "a", deployment: null },
      { prefix: "/b", application: "b", deployment: null },
    ]);
    expect(h.application("a")).toMatchObject({ status: "DEPLOYING", ingress: "", source: "declarative" });
    for (const task of tasks) h.controller.finishBuild(task, built(task.application));
    expect(h.routes()).toMatchObject([{ deployment: "Main" }, { deployment: "Main" }]);
    await h.settle(h.controller.whenDeployed(["a", "b"]));
    expect(h.application("a")).toMatchObject({ status: "RUNNING", deployedAppConfig: { import_path: "./app.ts:app" } });
  });

  it("has a route that fails when the build does, and waits again with the next file", async () => {
    const h = await started();
    const [task] = accept(h, "a");
    const failed = h.controller.whenDeployed(["a"]);
    if (task !== undefined) h.controller.finishBuild(task, BROKEN);
    await expect(h.settle(failed)).rejects.toThrow("Deploying app 'a' failed with exception:\nno such module");
    expect(h.routes()).toEqual([{ prefix: "/a", application: "a", deployment: null, unavailable: "failed to deploy" }]);
    await expect(h.controller.locate("a", null)).rejects.toMatchObject({ code: "DEPLOYMENT_UNAVAILABLE" });
    accept(h, "a");
    expect(h.routes()).toEqual([{ prefix: "/a", application: "a", deployment: null }]);
    expect(h.application("a")).toMatchObject({ status: "DEPLOYING", message: "" });
  });

  it("makes whoever asks for its ingress wait", async () => {
    const h = await started();
    const [task] = accept(h, "a");
    const located = h.controller.locate("a", null);
    if (task !== undefined) h.controller.finishBuild(task, built("a"));
    expect(await h.settle(located)).toEqual({ deployment: "Main" });
  });

  it("makes holders of handles from before its deletion wait (publish.ts R4)", async () => {
    const h = await serving();
    accept(h);
    await h.until(() => h.application("a") === undefined);
    expect(h.targets("a", "Main").unavailable).toBe("was deleted");
    const [task] = accept(h, "a");
    expect(h.targets("a", "Main")).toMatchObject({ unavailable: null, replicas: [] });
    if (task !== undefined) h.controller.finishBuild(task, built("a", "v2"));
    await h.settle(h.controller.whenDeployed(["a"]));
    expect(h.targets("a", "Main").replicas).toHaveLength(1);
  });
});

describe("an application that is built again", () => {
  it("serves on meanwhile, and when the build fails (D6)", async () => {
    const h = await serving();
    const [task] = accept(h, "a");
    expect(h.routes()).toMatchObject([{ deployment: "Main" }]);
    if (task !== undefined) h.controller.finishBuild(task, BROKEN);
    await h.run(5_000, 100, () => expect(h.targets("a", "Main").replicas).toHaveLength(1));
    expect(h.application("a")).toMatchObject({ status: "DEPLOY_FAILED", deployments: { Main: { status: "HEALTHY" } } });
    expect(h.routes()).toMatchObject([{ deployment: "Main" }]);
  });

  it("is not touched by the answer to an earlier build (accept-config.ts R3)", async () => {
    const h = await serving();
    const [early] = accept(h, "a");
    const [late] = accept(h, "a");
    if (early === undefined || late === undefined) throw new Error("no tasks");
    h.controller.finishBuild(early, BROKEN);
    expect(h.application("a")?.status).toBe("DEPLOYING");
    h.controller.finishBuild(late, built("a"));
    h.controller.finishBuild(early, built("a", "v0"));
    await h.settle(h.controller.whenDeployed(["a"]));
    expect(h.application("a")?.deployments["Main"]?.codeVersion).toBe("v1");
  });

  it("fails as if its build had, when what was built cannot be accepted", async () => {
    const h = await serving();
    const [task] = accept(h, "a");
    const odd = built("a");
    if (task !== undefined) h.controller.finishBuild(task, { ...odd, spec: { ...odd.spec, ingress: "Other" } });
    expect(h.application("a")).toMatchObject({ status: "DEPLOY_FAILED" });
    expect(h.application("a")?.message).toContain('received "Other"');
  });
});

describe("a head that dies before the builds end", () => {
  it("leaves word of the file and of what is to be built (K1)", async () => {
    const h = await serving();
    const tasks = accept(h, "a", "b");
    await h.startHead();
    expect(h.controller.pendingBuilds()).toEqual(tasks);
    expect(h.controller.config()).toMatchObject({ applications: [{ name: "a" }, { name: "b" }] });
    expect(h.routes()).toMatchObject([{ deployment: "Main" }, { deployment: null }]);
    for (const task of tasks) h.controller.finishBuild(task, built(task.application));
    await h.settle(h.controller.whenDeployed(["a", "b"]));
    expect(h.controller.pendingBuilds()).toEqual([]);
  });

  it("leaves the reason of those that failed", async () => {
    const h = await started();
    const [task] = accept(h, "a");
    if (task !== undefined) h.controller.finishBuild(task, BROKEN);
    await h.startHead();
    expect(h.application("a")?.message).toContain("no such module");
    expect(h.controller.pendingBuilds()).toEqual([]);
  });
});

it("nothing is accepted once the instance ends", async () => {
  const h = await serving();
  const [task] = accept(h, "a");
  const ended = h.controller.shutdown();
  expect(() => accept(h, "b")).toThrow("the instance is shutting down");
  if (task !== undefined) h.controller.finishBuild(task, built("a", "v2"));
  await h.settle(ended);
  expect(h.cluster.alive()).toEqual([]);
});
