import { describe, expect, it } from "vitest";
import type { DeploymentOptions } from "../config/options.generated.ts";
import { resolveDeployment } from "../config/resolve-deployment.ts";
import { IMPERATIVE } from "../model/application-spec.ts";
import type { VersionedApplication } from "../model/target-state.ts";
import { type Before, acceptDeploy } from "./accept.ts";
import { afterHealthy, healthyMemory } from "./decide/start-failures.ts";
import { NEW_DEPLOYMENT } from "./decide/status.ts";

const NOTHING: Before = { applications: new Map(), deployments: new Map() };

function application(
  name: string,
  routePrefix: string | null,
  version: string,
  ...deployments: [string, DeploymentOptions?][]
): VersionedApplication {
  const specs = deployments.map(([deployment, input = {}]) => ({
    name: deployment,
    registeredName: deployment,
    kind: "class" as const,
    entry: { file: "/app.ts", exportName: "app", args: null },
    initArgs: new Uint8Array(),
    calls: [],
    input,
    file: null,
    options: resolveDeployment(input, "deployment"),
  }));
  return {
    spec: { name, routePrefix, ingress: specs.at(-1)?.name ?? "", workingDir: "/", deployments: specs, ...IMPERATIVE },
    codeVersions: Object.fromEntries(specs.map((spec) => [spec.name, version])),
  };
}

/** The same when every deployment has been healthy. */
function healthy(accepted: Before): Before {
  for (const state of accepted.deployments.values()) state.starts = afterHealthy(state.starts);
  return accepted;
}

describe("acceptDeploy", () => {
  it.each<[string, VersionedApplication[], RegExp]>([
    [
      "two applications on one prefix, naming both",
      [application("a", "/x", "1", ["D"]), application("b", "/x", "1", ["D"])],
      /application "a".routePrefix.*application "b"/,
    ],
    ["a # in an application's name", [application("a#b", "/", "1", ["D"])], /received "a#b"/],
    ["a # in a deployment's name", [application("a", "/", "1", ["D#1"])], /received "D#1"/],
    [
      "an ingress that does not exist",
      [{ ...application("a", "/", "1", ["D"]), spec: { ...application("a", "/", "1", ["D"]).spec, ingress: "E" } }],
      /received "E", expected one of its deployments: D/,
    ],
    ["an application without deployments", [application("a", "/", "1")], /an application with deployments/],
    [
      "two applications of one name (R1)",
      [application("a", "/x", "1", ["D"]), application("a", "/y", "1", ["D"])],
      /two applications named "a"/,
    ],
    ["two deployments of one name", [application("a", "/", "1", ["D"], ["D"])], /two deployments named D/],
  ])("refuses %s", (_what, wanted, message) => expect(() => acceptDeploy(NOTHING, wanted, 0)).toThrow(message));

  it("lets one application take over its own prefix, and a prefix that a deletion frees (RT2)", () => {
    const first = acceptDeploy(NOTHING, [application("a", "/x", "1", ["D"])], 0);
    expect(() => acceptDeploy(first, [application("a", "/x", "2", ["D"])], 0)).not.toThrow();
    const [target] = first.applications.values();
    const deleting = {
      ...first,
      applications: new Map(target === undefined ? [] : [["a", { ...target, deleting: true }]]),
    };
    expect(() => acceptDeploy(deleting, [application("b", "/x", "1", ["D"])], 0)).not.toThrow();
  });

  it.each<[string, [string, DeploymentOptions], string, number, RegExp]>([
    ["nothing", ["1", {}], "HEALTHY", 1, /nothing changed/],
    ["code", ["2", {}], "UPDATING", 1, /code version 1 -> 2/],
    ["an option told in place", ["1", { maxOngoingRequests: 9 }], "UPDATING", 2, /in place: maxOngoingRequests/],
    ["a live option", ["1", { maxQueuedRequests: 9 }], "HEALTHY", 1, /live: maxQueuedRequests/],
    ["more replicas", ["1", { numReplicas: 3 }], "UPSCALING", 1, /live: numReplicas; replicas 1 -> 3/],
  ])("knows what a change of %s costs (D1)", (_what, [version, input], status, revision, reason) => {
    const first = acceptDeploy(NOTHING, [application("a", "/", "1", ["D"])], 0);
    const state = first.deployments.get("a#D");
    if (state !== undefined) state.status = { status: "HEALTHY", trigger: "CONFIG_UPDATE_COMPLETED", message: "" };
    const second = acceptDeploy(first, [application("a", "/", version, ["D", input])], 0);
    expect(second.deployments.get("a#D")?.status.status).toBe(status);
    expect(second.applications.get("a")?.deployments[0]?.configRevision).toBe(revision);
    expect(second.changes[0]?.reason).toMatch(reason);
  });

  const range = { minReplicas: 1, initialReplicas: 3, maxReplicas: 6 };
  it.each<[string, number, DeploymentOptions, string, RegExp]>([
    ["fewer than it had grown to", 5, { autoscalingConfig: { ...range, maxReplicas: 4 } }, "DOWNSCALING", /5 -> 3$/],
    ["what it begins with, anew", 1, { autoscalingConfig: { ...range, maxReplicas: 9 } }, "UPSCALING", /1 -> 3$/],
    ["bounds that it is within", 4, { autoscalingConfig: { minReplicas: 2, maxReplicas: 6 } }, "HEALTHY", /Config$/],
  ])("tells %s by the replicas that come and go", (_what, size, input, status, reason) => {
    const first = healthy(acceptDeploy(NOTHING, [application("a", "/", "1", ["D", { autoscalingConfig: range }])], 0));
    const state = first.deployments.get("a#D");
    if (state === undefined) throw new Error("the deployment has a state");
    state.status = { status: "HEALTHY", trigger: "CONFIG_UPDATE_COMPLETED", message: "" };
    state.scale = { target: size };
    const second = acceptDeploy(first, [application("a", "/", "1", ["D", input])], 0);
    expect(second.deployments.get("a#D")?.status.status).toBe(status);
    expect(second.changes[0]?.reason).toMatch(reason);
  });

  it("tries again what gave up, even if nothing changed (R3)", () => {
    const first = acceptDeploy(NOTHING, [application("a", "/", "1", ["D"])], 0);
    const state = first.deployments.get("a#D");
    if (state === undefined) throw new Error("the deployment has a state");
    state.status = { status: "DEPLOY_FAILED", trigger: "REPLICA_STARTUP_FAILED", message: "x" };
    state.starts = { ...state.starts, failedStarts: 3 };
    const again = acceptDeploy(first, [application("a", "/", "1", ["D"])], 0).deployments.get("a#D");
    expect(again).toMatchObject({ status: NEW_DEPLOYMENT, starts: { failedStarts: 0 } });
  });

  it("keeps a failure when only the number of replicas changes (R3)", () => {
    const first = healthy(acceptDeploy(NOTHING, [application("a", "/", "1", ["D"])], 0));
    const second = acceptDeploy(first, [application("a", "/", "2", ["D"])], 0);
    const state = second.deployments.get("a#D");
    if (state === undefined) throw new Error("the deployment has a state");
    state.status = { status: "DEPLOY_FAILED", trigger: "REPLICA_STARTUP_FAILED", message: "x" };
    state.failure = { generation: "2@1", message: "x" };
    state.starts = healthyMemory("1@1");
    const more = acceptDeploy(second, [application("a", "/", "2", ["D", { numReplicas: 3 }])], 0);
    expect(more.deployments.get("a#D")).toMatchObject({ failure: { message: "x" }, scale: { target: 3 } });
    expect(more.applications.get("a")?.deployments[0]?.fallback?.codeVersion).toBe("1");
    const again = acceptDeploy(more, [application("a", "/", "2", ["D", { numReplicas: 3 }])], 0);
    expect(again.deployments.get("a#D")).toMatchObject({ failure: null, starts: { generation: "2@1", rollout: true } });
  });

  it("keeps the last version that was healthy, over any number of failed ones (R7)", () => {
    const fallbackOf = ({ applications }: Before): string | undefined =>
      applications.get("a")?.deployments[0]?.fallback?.codeVersion;
    const first = acceptDeploy(NOTHING, [application("a", "/", "1", ["D"])], 0);
    expect(fallbackOf(acceptDeploy(first, [application("a", "/", "2", ["D"])], 0))).toBeUndefined();
    const second = acceptDeploy(healthy(first), [application("a", "/", "2", ["D"])], 0);
    const third = acceptDeploy(second, [application("a", "/", "3", ["D"])], 0);
    expect([second, third].map(fallbackOf)).toEqual(["1", "1"]);
    expect(third.deployments.get("a#D")?.starts.rollout).toBe(true);
    const back = acceptDeploy(third, [application("a", "/", "1", ["D"])], 0);
    expect(back.deployments.get("a#D")?.starts.rollout).toBe(false);
  });

  it("asks running replicas of an ingress that gets a route whether they can serve it", () => {
    const first = acceptDeploy(NOTHING, [application("a", null, "1", ["C"], ["D"])], 0);
    const second = acceptDeploy(first, [application("a", "/", "1", ["C"], ["D"])], 0);
    expect(second.applications.get("a")?.deployments.map(({ configRevision }) => configRevision)).toEqual([1, 2]);
    expect(second.changes[1]?.reason).toBe("changed in place: routePrefix");
  });

  it("keeps what left the graph as retired (R4)", () => {
    const first = acceptDeploy(NOTHING, [application("a", "/", "1", ["C"], ["D"])], 0);
    const second = acceptDeploy(first, [application("a", "/", "2", ["D"])], 0).applications.get("a");
    expect(second?.retired.map(({ spec }) => spec.name)).toEqual(["C"]);
  });

  it("gives options that come back with earlier code, or after a while outside the graph, a revision of their own (R5)", () => {
    const userConfig = (threshold: number): DeploymentOptions => ({ userConfig: { threshold } });
    const revisionOf = ({ applications }: Before): number | undefined =>
      applications.get("a")?.deployments.find(({ spec }) => spec.name === "D")?.configRevision;
    const first = acceptDeploy(NOTHING, [application("a", "/", "1", ["D", userConfig(1)], ["E"])], 0);
    const newCode = acceptDeploy(first, [application("a", "/", "2", ["D", userConfig(2)], ["E"])], 0);
    const oldCode = acceptDeploy(newCode, [application("a", "/", "1", ["D", userConfig(2)], ["E"])], 0);
    expect([first, newCode, oldCode].map(revisionOf)).toEqual([1, 2, 2]);
    const without = acceptDeploy(first, [application("a", "/", "2", ["E"])], 0);
    const again = acceptDeploy(without, [application("a", "/", "1", ["D", userConfig(2)], ["E"])], 0);
    expect(revisionOf(again)).toBe(2);
    expect(again.deployments.get("a#D")?.status.status).toBe("UPDATING");
  });
});
