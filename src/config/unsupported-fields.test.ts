import { expect, it } from "vitest";
import type { DeploymentOptions } from "./options.generated.ts";
import { resolveDeployment } from "./resolve-deployment.ts";
import { unsupportedFields } from "./unsupported-fields.ts";

const fieldsOf = (input: DeploymentOptions, engine: string) =>
  unsupportedFields(resolveDeployment(input, "X"), engine).map((sentence) => sentence.split(":")[0]);

it("names what the local engine cannot honour, with the engine's name", () => {
  const asked: DeploymentOptions = {
    placementGroupBundles: [{ CPU: 1 }],
    deploymentActors: [{ name: "a", actorClass: "b" }],
    resources: { labelSelector: { zone: "a" }, fallbackStrategy: [{ labelSelector: {} }] },
    runtimeEnv: { pip: ["numpy"] },
  };
  expect(fieldsOf(asked, "local")).toEqual([
    "placementGroupBundles",
    "deploymentActors",
    "resources.labelSelector",
    "resources.fallbackStrategy",
    "runtimeEnv.pip",
  ]);
  expect(unsupportedFields(resolveDeployment({ gangSchedulingConfig: { gangSize: 1 } }, "X"), "memory")).toEqual([
    "gangSchedulingConfig: the memory engine cannot honour it; an engine on Ray can",
  ]);
  expect(fieldsOf(asked, "ray")).toEqual([]);
});

it("says nothing where nothing is asked for", () => {
  expect(
    fieldsOf({ deploymentActors: [], runtimeEnv: { pip: [] }, resources: { labelSelector: {} } }, "local"),
  ).toEqual([]);
});

it("names a router that is neither built in nor an import path, on any engine", () => {
  const asked = (requestRouterClass: string) => fieldsOf({ requestRouterConfig: { requestRouterClass } }, "ray");
  for (const wrong of ["round_robin", "my_module:MyRouter", "./routers.py:Mine"]) {
    expect(asked(wrong)).toEqual(["requestRouterConfig.requestRouterClass"]);
  }
  for (const right of ["least-loaded", "consistent-hash", "./routers.ts:Mine", "/app/routers.mjs"]) {
    expect(asked(right)).toEqual([]);
  }
});
