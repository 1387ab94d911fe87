import { describe, expect, it } from "vitest";
import { applicationDetails, deploymentDetails, instanceDetails, replicaDetails } from "../../tests/fixtures/status.ts";
import { changesBetween, stateLines } from "./status-changes.ts";

const withReplicas = (...states: ("STARTING" | "RUNNING")[]) =>
  stateLines(
    instanceDetails({
      applications: {
        shop: applicationDetails({
          name: "shop",
          deployments: {
            Model: deploymentDetails({
              name: "Model",
              targetNumReplicas: 2,
              message: states.length === 1 ? "slow\n  start\n" : "",
              replicas: states.map((state, index) => replicaDetails({ replicaId: `r${index}`, state })),
            }),
          },
        }),
      },
    }),
  );

describe("changesBetween", () => {
  it("says everything at the first look (R1)", () => {
    expect(changesBetween(new Map(), withReplicas("STARTING"))).toEqual([
      "shop: RUNNING",
      "shop/Model: HEALTHY 0/2 replicas: slow | start",
      "shop/Model r0: STARTING",
    ]);
  });

  it("says what is another, what is new and what is gone", () => {
    expect(changesBetween(withReplicas("STARTING"), withReplicas("RUNNING", "STARTING"))).toEqual([
      "shop/Model: HEALTHY 1/2 replicas",
      "shop/Model r0: RUNNING",
      "shop/Model r1: STARTING",
    ]);
    expect(changesBetween(withReplicas("RUNNING", "RUNNING"), new Map())).toContain("shop/Model r1: gone");
    expect(changesBetween(withReplicas("RUNNING"), withReplicas("RUNNING"))).toEqual([]);
  });
});
