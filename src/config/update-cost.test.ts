import { describe, expect, it } from "vitest";
import { resolveDeployment } from "./resolve-deployment.ts";
import type { DeploymentOptions } from "./options.generated.ts";
import { compareOptions, sameData } from "./update-cost.ts";

const change = (before: DeploymentOptions, after: DeploymentOptions) =>
  compareOptions(resolveDeployment(before, "deployment"), resolveDeployment(after, "deployment"));

describe("compareOptions", () => {
  it.each<[string, DeploymentOptions, DeploymentOptions, string, string[]]>([
    [
      "an identical redeploy changes nothing",
      { userConfig: { a: [1], b: 2 } },
      { userConfig: { b: 2, a: [1] } },
      "none",
      [],
    ],
    ["a default written out is no change", {}, { numReplicas: 1 }, "none", []],
    [
      "Ray's LightWeight options are live",
      {},
      { numReplicas: 3, maxQueuedRequests: 9 },
      "live",
      ["numReplicas", "maxQueuedRequests"],
    ],
    ["Ray's NeedsReconfigure options are live", {}, { healthCheckPeriodS: 1 }, "live", ["healthCheckPeriodS"]],
    ["NeedsActorReconfigure is reconfigure", {}, { userConfig: { a: 1 } }, "reconfigure", ["userConfig"]],
    ["the environment restarts", {}, { runtimeEnv: { envVars: { A: "1" } } }, "restart", ["runtimeEnv"]],
    [
      "bounds of autoscaling are live",
      { numReplicas: "auto" },
      { autoscalingConfig: { maxReplicas: 5 } },
      "live",
      ["autoscalingConfig"],
    ],
    [
      "how often load is reported is reconfigure",
      { autoscalingConfig: { maxReplicas: 5 } },
      { autoscalingConfig: { maxReplicas: 6, metricsIntervalS: 1 } },
      "reconfigure",
      ["autoscalingConfig"],
    ],
    ["autoscaling that comes is reconfigure", {}, { autoscalingConfig: {} }, "reconfigure", ["autoscalingConfig"]],
    ["every resource restarts", {}, { resources: { gpus: 1 } }, "restart", ["resources"]],
    [
      "a log level is reconfigure",
      { loggingConfig: {} },
      { loggingConfig: { logLevel: "DEBUG" } },
      "reconfigure",
      ["loggingConfig"],
    ],
    ["actors restart", {}, { deploymentActors: [{ name: "a", actorClass: "b" }] }, "restart", ["deploymentActors"]],
    [
      "the highest cost counts",
      { maxOngoingRequests: 1 },
      { numReplicas: 2, runtimeEnv: { envVars: { A: "1" } } },
      "restart",
      ["numReplicas", "maxOngoingRequests", "runtimeEnv"],
    ],
  ])("%s (D1)", (_, before, after, cost, changed) => {
    expect(change(before, after)).toEqual({ cost, changed });
  });
});

describe("sameData", () => {
  it("compares by content", () => {
    expect(sameData({ a: undefined }, {})).toBe(true);
    expect(sameData([1, 2], [1, 2, 3])).toBe(false);
    expect(sameData([], {})).toBe(false);
    expect(sameData(0, -0)).toBe(true);
    expect(sameData(null, {})).toBe(false);
  });
});
