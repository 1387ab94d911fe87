import { describe, expect, it } from "vitest";
import type { ApplicationConfig, ServeConfig } from "../config/serve-config.ts";
import { resolveDeployment } from "../config/resolve-deployment.ts";
import type { DeploymentOptions } from "../config/options.generated.ts";
import { IMPERATIVE } from "../model/application-spec.ts";
import type { ApplicationTarget, VersionedApplication } from "../model/target-state.ts";
import { acceptDeploy } from "./accept.ts";
import { acceptConfig, type BeforeConfig, isAwaited, pendingBuilds } from "./accept-config.ts";

const NOTHING: BeforeConfig = {
  applications: new Map(),
  deployments: new Map(),
  config: null,
  capacity: { percent: null, direction: null },
};

function declared(name: string, more: Partial<ApplicationConfig> = {}): ApplicationConfig {
  return { name, route_prefix: `/${name}`, import_path: "./app.ts:app", ...more };
}

function built(name: string, options: DeploymentOptions = {}, source = "declarative" as const): VersionedApplication {
  const deployment = {
    name: "D",
    registeredName: "D",
    kind: "class" as const,
    entry: { file: "/app.ts", exportName: "app", args: null },
    initArgs: new Uint8Array(),
    calls: [],
    input: options,
    file: null,
    options: resolveDeployment(options, "deployment"),
  };
  const place = { routePrefix: `/${name}`, ingress: "D", workingDir: "/" };
  return { spec: { ...IMPERATIVE, name, ...place, deployments: [deployment], source }, codeVersions: { D: "1" } };
}

function accept(before: BeforeConfig, applications: readonly ApplicationConfig[], more: Partial<ServeConfig> = {}) {
  return acceptConfig(before, { applications, ...more }, "/config", 1000);
}

function finish(before: BeforeConfig, ...applications: VersionedApplication[]): BeforeConfig {
  return { ...before, ...acceptDeploy(before, applications, 2000) };
}

const imperative = (name: string): VersionedApplication => {
  const application = built(name);
  return { ...application, spec: { ...application.spec, source: "imperative" } };
};

const names = ({ applications }: Pick<BeforeConfig, "applications">, deleting: boolean): string[] =>
  [...applications.values()].filter((one) => one.deleting === deleting).map(({ name }) => name);

describe("what a config file leaves of what there was (R1)", () => {
  it("declared applications that it does not name go, imperative ones stay", () => {
    const before = finish(accept(NOTHING, [declared("a"), declared("b")]), built("a"), built("b"), imperative("c"));
    const after = accept(before, [declared("b")]);
    expect(names(after, true)).toEqual(["a"]);
    expect(names(after, false)).toEqual(["b", "c"]);
    expect(after.changes.map(({ application, event }) => [application, event])).toEqual([
      ["b", "application.declared"],
      ["a", "application.delete"],
    ]);
  });

  it("an empty one ends all that is declared", () => {
    const before = finish(accept(NOTHING, [declared("a")]), built("a"), imperative("c"));
    expect(names(accept(before, []), true)).toEqual(["a"]);
  });

  it("the name of an imperative application is taken over, and what runs under it serves on", () => {
    const before = finish(NOTHING, imperative("a"));
    const target = accept(before, [declared("a")]).applications.get("a") as ApplicationTarget;
    expect(target).toMatchObject({ source: "declarative", entrance: "D", build: { kind: "building" } });
    expect(target.deployments).toHaveLength(1);
  });
});

describe("what is refused", () => {
  it("the prefix of an imperative application", () => {
    expect(() => accept(finish(NOTHING, imperative("c")), [declared("a", { route_prefix: "/c" })])).toThrow(
      /^applications\[0\]\.route_prefix: received "\/c", which application "c" has/,
    );
  });

  it("a prefix that the file frees is free", () => {
    const before = finish(accept(NOTHING, [declared("a")]), built("a"));
    expect(() => accept(before, [declared("b", { route_prefix: "/a" })])).not.toThrow();
  });

  it("no other deploy gets the prefix of an application that is being built", () => {
    const before = accept(NOTHING, [declared("a")]);
    const other = imperative("c");
    const taken = { ...other, spec: { ...other.spec, routePrefix: "/a" } };
    expect(() => acceptDeploy(before, [taken], 0)).toThrow(/application "c"\.routePrefix/);
  });
});

describe("builds (R2, R3)", () => {
  const first = accept(NOTHING, [declared("a", { logging_config: { encoding: "TEXT" } }), declared("b")], {
    logging_config: { encoding: "JSON" },
  });
  const [task] = pendingBuilds(first.applications, first.config);
  if (task === undefined) throw new Error("no task");

  it("are one for each application, with the file's logs where it says nothing itself", () => {
    expect(
      pendingBuilds(first.applications, first.config).map(({ application, config }) => [
        application,
        config.logging_config,
      ]),
    ).toEqual([
      ["a", { encoding: "TEXT" }],
      ["b", { encoding: "JSON" }],
    ]);
    expect(first.applications.get("b")).toMatchObject({ declared: { logging_config: { encoding: "JSON" } } });
  });

  it("make the application out of what was built, with the words of the file and the time of its acceptance", () => {
    const target = finish(first, built("a")).applications.get("a");
    expect(target).toMatchObject({ build: { kind: "none" }, ingress: "D", entrance: "D", lastDeployedMs: 1000 });
    expect(target?.declared).toEqual(declared("a", { logging_config: { encoding: "TEXT" } }));
  });

  it("are void after a later file, a delete, another deploy, or the same file at the same moment", () => {
    expect(isAwaited(first.applications.get("a"), task)).toBe(true);
    const later = accept(first, [declared("a"), declared("b")]);
    expect(isAwaited(later.applications.get("a"), task)).toBe(false);
    const gone = accept(first, []);
    expect(isAwaited(gone.applications.get("a"), task)).toBe(false);
    expect(pendingBuilds(gone.applications, gone.config)).toEqual([]);
    const deployed = finish(first, imperative("a"));
    expect(isAwaited(deployed.applications.get("a"), task)).toBe(false);
    expect(isAwaited(accept({ ...deployed, config: first.config }, [declared("a")]).applications.get("a"), task)).toBe(
      false,
    );
    expect(isAwaited(undefined, task)).toBe(false);
  });
});

it("an ingress that gets a route has to show that it answers HTTP, also when builds failed in between", () => {
  const hidden = imperative("a");
  let state = finish(NOTHING, { ...hidden, spec: { ...hidden.spec, routePrefix: null } });
  const revision = (): number | undefined => state.applications.get("a")?.deployments[0]?.configRevision;
  state = accept(state, [declared("a")]);
  state = accept(state, [declared("a")]);
  state = finish(state, built("a"));
  expect(revision()).toBe(2);
  state = finish(accept(state, [declared("a")]), built("a"));
  expect(revision()).toBe(2);
});

describe("the share of the capacity (R4)", () => {
  const at = (before: BeforeConfig, percent: number | null | undefined, ...apps: string[]) =>
    accept(
      before,
      apps.map((name) => declared(name)),
      percent === undefined ? {} : { target_capacity: percent },
    );

  it.each<[string, (number | null | undefined)[], "UP" | "DOWN" | null]>([
    ["rises from nothing with the first file", [50], "UP"],
    ["falls from all of it", [null, 50], "DOWN"],
    ["rises to a higher one", [20, 60], "UP"],
    ["falls to a lower one", [60, 20], "DOWN"],
    ["keeps where it was going while it stays", [null, 50, 50], "DOWN"],
    ["is going nowhere when the file does not say", [50, undefined], null],
  ])("%s", (_what, percents, direction) => {
    let state: BeforeConfig = NOTHING;
    for (const percent of percents) state = at(state, percent, "a");
    expect(state.capacity).toEqual({ percent: percents.at(-1) ?? null, direction });
  });

  it("rises with other applications, whatever it was", () => {
    expect(at(at(NOTHING, 80, "a"), 40, "b").capacity).toEqual({ percent: 40, direction: "UP" });
  });

  it("holds at once for what no policy sizes, and is taken back with it", () => {
    const all = finish(accept(NOTHING, [declared("a")]), built("a", { numReplicas: 10 }));
    const size = ({ deployments }: Pick<BeforeConfig, "deployments">): number | undefined =>
      deployments.get("a#D")?.scale.target;
    const half = accept(all, [declared("a")], { target_capacity: 50 });
    expect(size(half)).toBe(5);
    expect(size(finish(half, built("a", { numReplicas: 10 })))).toBe(5);
    expect(size(accept(half, [declared("a")]))).toBe(10);
    expect(size(accept(half, [declared("a")], { target_capacity: 0 }))).toBe(0);
  });
});
