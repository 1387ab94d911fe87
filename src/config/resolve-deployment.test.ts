import { describe, expect, it } from "vitest";
import { resolveOptions } from "./check-options.ts";
import type { DeploymentOptions } from "./options.generated.ts";
import { checkDeployment, inheritOptions, mergeOptions, resolveDeployment } from "./resolve-deployment.ts";

const scaling = (input: DeploymentOptions) => {
  const { numReplicas, autoscalingConfig } = resolveDeployment(input, "X");
  return [numReplicas, autoscalingConfig?.minReplicas, autoscalingConfig?.maxReplicas];
};

describe("resolveDeployment", () => {
  it.each<[string, DeploymentOptions, unknown[]]>([
    ["nothing: one replica", {}, [1, undefined, undefined]],
    ["a number", { numReplicas: 3 }, [3, undefined, undefined]],
    ["auto: 1 to 100", { numReplicas: "auto" }, [1, 1, 100]],
    ["auto beside bounds", { numReplicas: "auto", autoscalingConfig: { minReplicas: 2 } }, [2, 2, 100]],
    [
      "auto beside an undefined bound",
      { numReplicas: "auto", autoscalingConfig: { maxReplicas: undefined } },
      [1, 1, 100],
    ],
    ["auto beside null", { numReplicas: "auto", autoscalingConfig: null }, [1, 1, 100]],
    ["bounds alone: at most 1", { autoscalingConfig: {} }, [1, 1, 1]],
    ["it starts with initialReplicas", { autoscalingConfig: { maxReplicas: 9, initialReplicas: 4 } }, [4, 1, 9]],
    ["zero is a start", { autoscalingConfig: { minReplicas: 0, maxReplicas: 9 } }, [0, 0, 9]],
  ])("%s (R2)", (_, input, expected) => {
    expect(scaling(input)).toEqual(expected);
  });

  it("aims at 2 ongoing requests per replica with auto, as without (reference 2.5)", () => {
    expect(resolveDeployment({ numReplicas: "auto" }, "X").autoscalingConfig?.targetOngoingRequests).toBe(2);
  });

  it("gives null where something is neither set nor has a default", () => {
    const { maxSurgePercent, placementGroupBundles, loggingConfig, runtimeEnv } = resolveDeployment({}, "X");
    expect([maxSurgePercent, placementGroupBundles, loggingConfig, runtimeEnv.workingDir]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it.each<[DeploymentOptions, string]>([
    [
      { numReplicas: 3, autoscalingConfig: {} },
      'X.numReplicas: received 3 (number), expected no number, or "auto", beside autoscalingConfig',
    ],
    [
      { autoscalingConfig: { minReplicas: 3 } },
      "X.autoscalingConfig.maxReplicas: received 1 (number), expected an integer >= minReplicas (3)",
    ],
    [
      { autoscalingConfig: { maxReplicas: 5, initialReplicas: 9 } },
      "X.autoscalingConfig.initialReplicas: received 9 (number), expected an integer <= maxReplicas (5)",
    ],
    [
      { autoscalingConfig: { minReplicas: 2, maxReplicas: 5, initialReplicas: 1 } },
      "X.autoscalingConfig.initialReplicas: received 1 (number), expected an integer >= minReplicas (2)",
    ],
    [
      { placementGroupStrategy: "PACK" },
      'X.placementGroupStrategy: received "PACK" (string), expected placementGroupBundles beside it',
    ],
    [
      { placementGroupBundleLabelSelector: [{}] },
      "X.placementGroupBundleLabelSelector: received a list, expected placementGroupBundles beside it",
    ],
    [
      { placementGroupBundles: [{ CPU: 1 }], maxReplicasPerNode: 1 },
      "X.maxReplicasPerNode: received 1 (number), expected nothing beside placementGroupBundles",
    ],
    [
      { placementGroupBundles: [] },
      "X.placementGroupBundles: received an empty list, expected a bundle for the replica itself",
    ],
    [
      { placementGroupBundles: [{ GPU: 1 }] },
      "X.placementGroupBundles[0].CPU: received nothing, expected at least 1, which is what the replica itself claims in resources",
    ],
    [
      { placementGroupBundles: [{ CPU: 1 }, { CPU: 1 }, { CPU: 1 }], placementGroupBundleLabelSelector: [{}, {}] },
      "X.placementGroupBundleLabelSelector: received 2 selectors, expected 1 or 3 selectors, one for each bundle",
    ],
    [
      { gangSchedulingConfig: { gangSize: 2 }, numReplicas: 3 },
      "X.numReplicas: received 3 (number), expected a multiple of gangSize (2)",
    ],
    [
      { gangSchedulingConfig: { gangSize: 2 }, autoscalingConfig: { minReplicas: 2, maxReplicas: 5 } },
      "X.autoscalingConfig.maxReplicas: received 5 (number), expected a multiple of gangSize (2)",
    ],
    [
      { gangSchedulingConfig: { gangSize: 1 }, maxReplicasPerNode: 1 },
      "X.maxReplicasPerNode: received 1 (number), expected nothing beside gangSchedulingConfig",
    ],
    [
      {
        deploymentActors: [
          { name: "a", actorClass: "b" },
          { name: "a", actorClass: "c" },
        ],
      },
      'X.deploymentActors[1].name: received "a" (string), expected a name that no other actor of the list has',
    ],
  ])("refuses %o", (input, message) => {
    expect(() => checkDeployment(input, "X")).toThrow(message);
  });

  it("takes a placement group that holds the replica, and gangs that come out even", () => {
    checkDeployment({ placementGroupBundles: [{ CPU: 2 }, { GPU: 1 }], placementGroupStrategy: "SPREAD" }, "X");
    checkDeployment({ gangSchedulingConfig: { gangSize: 2 }, numReplicas: 4 }, "X");
  });
});

describe("mergeOptions", () => {
  it.each<[string, DeploymentOptions, DeploymentOptions, DeploymentOptions]>([
    [
      "what is not given stays",
      { maxOngoingRequests: 3 },
      { maxOngoingRequests: undefined },
      { maxOngoingRequests: 3 },
    ],
    ["a number ends autoscaling", { autoscalingConfig: { maxReplicas: 3 } }, { numReplicas: 2 }, { numReplicas: 2 }],
    [
      "auto keeps bounds",
      { autoscalingConfig: { maxReplicas: 3 } },
      { numReplicas: "auto" },
      { numReplicas: "auto", autoscalingConfig: { maxReplicas: 3 } },
    ],
    ["bounds end a number", { numReplicas: 2 }, { autoscalingConfig: {} }, { autoscalingConfig: {} }],
    ["bounds end auto", { numReplicas: "auto" }, { autoscalingConfig: {} }, { autoscalingConfig: {} }],
    ["null ends auto", { numReplicas: "auto" }, { autoscalingConfig: null }, { autoscalingConfig: null }],
    [
      "null leaves a number",
      { numReplicas: 2 },
      { autoscalingConfig: null },
      { numReplicas: 2, autoscalingConfig: null },
    ],
  ])("%s (R1)", (_, base, over, expected) => {
    expect(mergeOptions(base, over)).toEqual(expected);
  });
});

describe("inheritOptions", () => {
  it("puts the application's environment and logs below the deployment's", () => {
    const application = resolveOptions("application", {
      loggingConfig: { encoding: "JSON" },
      runtimeEnv: { envVars: { A: "1", B: "2" }, workingDir: "/w" },
    });
    const own = resolveDeployment({ runtimeEnv: { envVars: { B: "3" } } }, "X");
    const { loggingConfig, runtimeEnv } = inheritOptions(own, application);
    expect(loggingConfig?.encoding).toBe("JSON");
    expect(runtimeEnv).toMatchObject({ envVars: { A: "1", B: "3" }, workingDir: "/w" });
    expect(
      inheritOptions({ ...own, loggingConfig: resolveOptions("logging", {}) }, application).loggingConfig?.encoding,
    ).toBe("TEXT");
  });
});
