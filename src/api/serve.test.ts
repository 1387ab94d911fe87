import { inspect } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeRuntime } from "../../tests/fixtures/api/fake-runtime.ts";
import { requestFacts } from "../../tests/fixtures/api/request-facts.ts";
import { makeTwin, shared } from "../../tests/fixtures/api/make-deployment.ts";
import type { InstanceOptions } from "../config/options.generated.ts";
import type { ApplicationSpec } from "../model/application-spec.ts";
import { NO_INSTANCE } from "../model/status.ts";
import { deployment } from "./deployment.ts";
import { runInScope, store } from "./globals.ts";
import { isApplication } from "./graph.ts";
import { Registry } from "./registry.ts";
import { RequestScope } from "./scope.ts";
import { createServe, type Driver } from "./serve.ts";

interface Ran {
  readonly specs: readonly ApplicationSpec[];
  readonly options: InstanceOptions;
}

function setUp() {
  const runtime = new FakeRuntime();
  const ran: Ran[] = [];
  const deployed: unknown[] = [];
  let loads = 0;
  const driver: Driver = {
    runtime,
    start: async () => undefined,
    run: async (specs, options) => void ran.push({ specs, options }),
    deploy: async (config, options) => void deployed.push({ config, options }),
    status: async () => NO_INSTANCE,
    delete: async () => undefined,
    shutdown: async () => undefined,
    locate: async (application, name) => ({ application, deployment: name ?? "Ingress" }),
  };
  const serve = createServe(async () => {
    loads++;
    return driver;
  });
  return { runtime, ran, deployed, serve, loads: () => loads };
}

describe("serve.deploy", () => {
  it("hands a path or a document to the driver, with the options of the instance", async () => {
    const { serve, deployed } = setUp();
    const config = { applications: [{ import_path: "./app.ts:app" }] };
    await serve.deploy("config.yaml", { http: { port: 0 } });
    await serve.deploy(config);
    expect(deployed).toEqual([
      { config: "config.yaml", options: { http: { port: 0 } } },
      { config, options: {} },
    ]);
  });

  it.each([undefined, null, "", 7])("refuses %s", async (config) => {
    await expect(setUp().serve.deploy(config as never)).rejects.toThrow(/^serve\.deploy\(\.\.\.\): received/);
  });
});

describe("serve.run", () => {
  it("hands the application to the driver as data and gives the ingress's handle", async () => {
    const { serve, ran, runtime } = setUp();
    const handle = await serve.run(shared.bind(), { name: "shop", routePrefix: "/shop", http: { port: 0 } });
    expect(ran).toMatchObject([
      {
        specs: [{ name: "shop", routePrefix: "/shop", ingress: "Shared", workingDir: process.cwd() }],
        options: { http: { port: 0 } },
      },
    ]);
    expect(Object.keys(ran[0]?.options ?? {})).toEqual(["http"]);
    void handle.answer();
    expect(runtime.last.call.target).toEqual({ application: "shop", deployment: "Shared" });
  });

  it("has the defaults name `default` and prefix `/`", async () => {
    const { serve, ran } = setUp();
    await serve.run(shared.bind());
    expect(ran[0]?.specs[0]).toMatchObject({ name: "default", routePrefix: "/" });
  });

  it("refuses what is no application and wrong options, without loading a driver", async () => {
    const { serve, loads } = setUp();
    await expect(serve.run(shared as never)).rejects.toThrow(
      "serve.run(...): received an instance of Deployment, expected an application: what `deployment(...).bind(...)` returns",
    );
    await expect(serve.run(shared.bind(), { routePrefix: "shop" })).rejects.toThrow("serve.run.routePrefix: received");
    expect(loads()).toBe(0);
  });
});

describe("the rest of serve", () => {
  it("runs many applications in one go", async () => {
    const { serve, ran } = setUp();
    await serve.runMany([
      { app: shared.bind(), name: "a", routePrefix: "/a" },
      { app: shared.bind(), name: "b", routePrefix: null },
    ]);
    expect(ran[0]?.specs.map(({ name, routePrefix }) => [name, routePrefix])).toEqual([
      ["a", "/a"],
      ["b", null],
    ]);
    await expect(serve.runMany([{ app: shared.bind(), name: "" }])).rejects.toThrow("serve.runMany(...)[0].name");
  });

  it("names the argument that is missing or of a wrong kind, without loading a driver", async () => {
    const { serve, loads } = setUp();
    const nothing = undefined as never;
    for (const [call, message] of [
      [serve.runMany(null as never), "serve.runMany(...): received null, expected a list of"],
      [serve.runMany([null as never]), "serve.runMany(...)[0]: received null, expected an object with"],
      [serve.delete(nothing), "serve.delete(...): received undefined, expected the name of an application"],
      [serve.getAppHandle(7 as never), "serve.getAppHandle(...): received 7 (number), expected the name of"],
      [serve.getDeploymentHandle(""), "expected the name of a deployment"],
      [serve.getDeploymentHandle("D", null as never), "serve.getDeploymentHandle(..., application): received null"],
    ] as const) {
      await expect(call).rejects.toThrow(message);
    }
    expect(loads()).toBe(0);
  });

  it("finds handles of applications and deployments", async () => {
    const { serve, runtime } = setUp();
    void (await serve.getAppHandle<{ fetch(): void }>("shop")).fetch();
    expect(runtime.last.call.target).toEqual({ application: "shop", deployment: "Ingress" });
    void (await serve.getDeploymentHandle<{ add(): void }>("Adder")).add();
    expect(runtime.last.call.target).toEqual({ application: "default", deployment: "Adder" });
  });
});

describe("in a replica", () => {
  beforeEach(() => {
    const registry = new Registry();
    const saved = store.registry;
    Object.assign(store, { registry });
    return () => void Object.assign(store, { registry: saved });
  });

  it("serve.start passes, serve.run never resolves and hands over its application", async () => {
    store.registry.mode = "replica";
    const { serve, loads } = setUp();
    const app = deployment(function hello() {}).bind();
    await serve.start();
    let resolved = false;
    void serve.run(app, { name: "shop" }).then(() => (resolved = true));
    const reached = await store.registry.reached;
    expect(reached).toMatchObject({ call: "serve.run", applications: [{ app, name: "shop", routePrefix: "/" }] });
    expect([resolved, loads()]).toEqual([false, 0]);
  });

  it("a request finds handles by the replica's runtime, and is refused what would wait for ever", async () => {
    store.registry.mode = "replica";
    const { serve, loads } = setUp();
    const locate = async (application: string, name: string | null) => ({ application, deployment: name ?? "Ingress" });
    const scope = new RequestScope(requestFacts({ timeoutS: 3 }), Object.assign(new FakeRuntime(), { locate }));
    await runInScope(scope, async () => {
      expect(inspect(await serve.getAppHandle("shop"))).toBe("Handle(shop#Ingress)");
      expect(inspect(await serve.getDeploymentHandle("Adder"))).toBe("Handle(default#Adder)");
      const app = deployment(function hello() {}).bind();
      for (const refused of [serve.run(app), serve.status(), serve.delete("shop"), serve.shutdown()]) {
        await expect(refused).rejects.toThrow(/^serve\.\w+: received a call from a request that a replica answers/);
      }
    });
    expect(loads()).toBe(0);
  });

  it("a script that is imported ends at serve.run, and a class below it is said to be below it", async () => {
    store.registry.mode = "replica";
    await import("../../tests/fixtures/api/driver-script.ts");
    const { applications, place } = await store.registry.reached;
    expect(applications[0]).toMatchObject({ name: "script", routePrefix: null });
    expect(isApplication(applications[0]?.app)).toBe(true);
    expect(place).toMatchObject({ file: expect.stringMatching(/driver-script\.ts$/) });
    expect(store.registry.find("Early").kind).toBe("class");
    expect(() => store.registry.find("Late")).toThrow(
      /^`Late` is defined after `serve\.run` in .*driver-script\.ts:\d+; move it above or guard the call with `if \(import\.meta\.main\)`$/,
    );
  });

  it("a name that nobody registered is told with those that are, and one that two registered with both places", () => {
    deployment(function hello() {});
    expect(() => store.registry.find("bye")).toThrow("bye is not registered by its module: it registers hello");
    makeTwin();
    makeTwin();
    expect(() => store.registry.find("Twin")).toThrow(
      /Twin: two different deployments .*make-deployment\.ts:\d+ and .*; give one another name/,
    );
  });
});
