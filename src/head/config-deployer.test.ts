import { describe, expect, it } from "vitest";
import { resolveOptions } from "../config/check-options.ts";
import { resolveDeployment } from "../config/resolve-deployment.ts";
import { acceptConfig, type BuildTask, pendingBuilds } from "../controller/accept-config.ts";
import type { ControllerCommands } from "../controller/commands.ts";
import { ServeError } from "../core/errors.ts";
import { silentLogger } from "../core/logger.ts";
import { IMPERATIVE } from "../model/application-spec.ts";
import { NO_INSTANCE } from "../model/status.ts";
import type { BuilderMethods, BuildResult } from "../protocol/control.ts";
import type { Builders } from "./builders.ts";
import { CodeVersions } from "./code-version.ts";
import { ConfigDeployer } from "./config-deployer.ts";

type Order = BuilderMethods["build"]["in"];

interface Asked {
  readonly order: Order;
  readonly signal: AbortSignal | undefined;
  readonly answer: (result: BuildResult | ServeError) => void;
}

/** A deployer whose builders answer when the test says so, and whose controller accepts everything. */
function setUp(left: readonly BuildTask[] = []) {
  const asked: Asked[] = [];
  const finished: (readonly [name: string, outcome: string])[] = [];
  let atMs = 1;
  let pending = left;
  const commands: Partial<ControllerCommands> = {
    whenOpen: () => Promise.resolve(),
    status: () => ({ ...NO_INSTANCE, httpOptions: resolveOptions("http", {}) }),
    order: (_id, _names, accept) => accept(),
    pendingBuilds: () => pending,
    acceptConfig(document, workingDir) {
      const capacity = { percent: null, direction: null };
      const nothing = { applications: new Map(), deployments: new Map(), config: null, capacity };
      const accepted = acceptConfig(nothing, document, workingDir, atMs++);
      pending = pendingBuilds(accepted.applications, accepted.config);
      return pending;
    },
    finishBuild(task, outcome) {
      const said = outcome instanceof ServeError ? outcome.message : Object.keys(outcome.codeVersions).join();
      finished.push([task.application, said]);
    },
  };
  const builders: Pick<Builders, "build"> = {
    build(order, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<BuildResult>();
      asked.push({
        order,
        signal,
        answer: (result) => (result instanceof ServeError ? reject : resolve)(result as never),
      });
      return promise;
    },
  };
  const parts = {
    commands: commands as ControllerCommands,
    builders: builders as Builders,
    versions: new CodeVersions(),
  };
  const forget = (): void => void (pending = []);
  return { asked, finished, forget, deployer: new ConfigDeployer(parts, silentLogger) };
}

const sent = (...applications: object[]) => ({
  document: { applications: applications.map((one) => ({ import_path: "./app.ts:app", ...one })) },
  workingDir: import.meta.dirname,
  allowUnknownKeys: false,
});

function built({ name, routePrefix = "/", workingDir }: Order, count = 1): BuildResult {
  const deployment = {
    name: "Main",
    registeredName: "Main",
    kind: "class" as const,
    entry: { file: "/none.ts", exportName: "app", args: null },
    initArgs: new Uint8Array(),
    calls: [],
    input: {},
    file: null,
    options: resolveDeployment({}, "deployment"),
  };
  const spec = { name: name ?? "", routePrefix, ingress: "Main", workingDir, deployments: [deployment], ...IMPERATIVE };
  return { applications: Array.from({ length: count }, () => spec) };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("ConfigDeployer", () => {
  it("builds two applications at a time, and the others as those end, whichever way (R1)", async () => {
    const { asked, finished, deployer } = setUp();
    await deployer.deploy(sent({ name: "a", route_prefix: "/a" }, { name: "b", route_prefix: "/b" }, { name: "c" }));
    expect(asked.map(({ order }) => order.name)).toEqual(["a", "b"]);
    asked[1]?.answer(new ServeError("DEPLOY_FAILED", "broken"));
    await settled();
    expect(asked.map(({ order }) => order.name)).toEqual(["a", "b", "c"]);
    for (const { order, answer } of asked) answer(built(order));
    await settled();
    expect(finished).toEqual([
      ["b", "broken"],
      ["a", "Main"],
      ["c", "Main"],
    ]);
  });

  it("ends the builds of an earlier file, and hears no more of them (R2)", async () => {
    const { asked, finished, deployer } = setUp();
    await deployer.deploy(sent({ name: "a", route_prefix: "/a" }, { name: "b", route_prefix: "/b" }, { name: "c" }));
    await deployer.deploy(sent({ name: "d" }));
    expect(asked.map(({ signal }) => signal?.aborted)).toEqual([true, true]);
    for (const { answer } of asked) answer(new ServeError("DEPLOY_FAILED", "killed"));
    await settled();
    expect(asked.map(({ order }) => order.name)).toEqual(["a", "b", "d"]);
    expect(finished).toEqual([]);
  });

  it("builds nothing that is not wanted any more when its turn comes", async () => {
    const { asked, forget, deployer } = setUp();
    await deployer.deploy(sent({ name: "a", route_prefix: "/a" }, { name: "b", route_prefix: "/b" }, { name: "c" }));
    forget();
    for (const { order, answer } of asked) answer(built(order));
    await settled();
    expect(asked.map(({ order }) => order.name)).toEqual(["a", "b"]);
  });

  it("builds what an earlier head left (R3)", () => {
    const config = { name: "a", import_path: "./app.ts:app" };
    const { asked, deployer } = setUp([{ application: "a", generation: 7, config, workingDir: "/" }]);
    deployer.resume();
    expect(asked.map(({ order }) => order.name)).toEqual(["a"]);
  });

  it("asks for a build in the application's folder and environment", async () => {
    const { asked, deployer } = setUp();
    const runtime_env = { working_dir: "..", env_vars: { A: "1" } };
    await deployer.deploy(sent({ runtime_env, args: { size: 3 }, route_prefix: null }));
    expect(asked[0]?.order).toEqual({
      importPath: "./app.ts:app",
      args: { size: 3 },
      workingDir: new URL("..", import.meta.url).pathname.replace(/\/$/, ""),
      env: { A: "1" },
      name: "default",
      routePrefix: null,
    });
  });

  it("takes no import path that runs several applications", async () => {
    const { asked, finished, deployer } = setUp();
    await deployer.deploy(sent({}));
    const [only] = asked;
    only?.answer(built(only.order, 2));
    await settled();
    expect(finished[0]?.[1]).toMatch(/^import_path: received \.\/app\.ts:app, which runs 2 applications/);
  });

  it("refuses unknown keys unless they are allowed, and then names them", async () => {
    const { asked, deployer } = setUp();
    const odd = sent({ num_replicsa: 3 });
    await expect(deployer.deploy(odd)).rejects.toThrow(/num_replicsa.*--allow-unknown-keys/s);
    expect(asked).toEqual([]);
    const { warnings } = await deployer.deploy({ ...odd, allowUnknownKeys: true });
    expect(warnings.join()).toContain("applications[0].num_replicsa");
  });
});
