// Sizes of deployments under the true controller: reports, restarts of the head, capacity, orders from outside, policies.
import { describe, expect, it } from "vitest";
import type { DeploymentOptions } from "../../src/config/options.generated.ts";
import type { PolicyRunner } from "../../src/controller/scaling-policies.ts";
import type { VersionedApplication } from "../../src/model/target-state.ts";
import { app, Harness } from "./harness.ts";

type Autoscaling = NonNullable<DeploymentOptions["autoscalingConfig"]>;

const QUICK: Autoscaling = {
  minReplicas: 1,
  maxReplicas: 20,
  targetOngoingRequests: 1,
  lookBackPeriodS: 5,
  metricsIntervalS: 1,
  upscaleDelayS: 0,
  downscaleDelayS: 0,
};

const main = (h: Harness) => h.application("a")?.deployments["Main"];
const size = (h: Harness) => main(h)?.targetNumReplicas;

/** The caller says that it holds so many requests; it will say so again every second. */
function report(h: Harness, ongoing: number, queued = 0, source = "proxy-1"): void {
  const reports = [{ application: "a", deployment: "Main", queued: [[0, queued]], ongoing: [[0, ongoing]] }] as const;
  h.controller.scaling.onReport(source, reports);
}

async function load(h: Harness, ongoing: number, forMs: number): Promise<void> {
  for (let passed = 0; passed < forMs; passed += 1000) {
    report(h, ongoing);
    await h.run(1000, 100);
  }
}

async function deployed(h: Harness, spec: VersionedApplication): Promise<void> {
  h.controller.deploy([spec]);
  await h.settle(h.controller.whenDeployed([spec.spec.name]));
}

async function autoscaled(config: Autoscaling = QUICK): Promise<Harness> {
  const h = new Harness();
  await h.startHead();
  await deployed(h, app("a", "v1", { Main: { autoscalingConfig: config } }));
  return h;
}

describe("a deployment that scales by load", () => {
  it("follows what callers report, and names the reason in its history", async () => {
    const h = await autoscaled();
    report(h, 6, 1);
    await h.run(500);
    expect(size(h)).toBe(7);
    const lines = h.controller.history({ deployment: "Main" }).filter(({ event }) => event === "deployment.scale");
    expect(lines.map(({ reason }) => reason)).toEqual([
      "1 -> 7: 7 requests on average over 5 s at target 1 per replica: 7 wanted",
    ]);
  });

  it("drops a caller that is silent for 10 s, and one whose link has ended at once (A6)", async () => {
    const h = await autoscaled();
    report(h, 4);
    report(h, 5, 0, "proxy-2");
    await h.run(500);
    expect(size(h)).toBe(9);
    h.controller.scaling.onLinkClosed("proxy-2");
    await h.run(2_000, 100);
    expect(size(h)).toBe(4);
    await h.run(7_000, 100);
    expect(size(h)).toBe(4);
    expect(main(h)?.autoscaling?.metricsHealth).toBe("delayed");
    await h.run(2_000, 100);
    expect(size(h)).toBe(1);
    expect(main(h)?.autoscaling?.metricsHealth).toBe("unavailable");
  });

  it("waits for its delay by the clock, and begins anew when the load breaks off (A3)", async () => {
    const h = await autoscaled({ ...QUICK, lookBackPeriodS: 1, upscaleDelayS: 5 });
    await load(h, 3, 4_000);
    expect(size(h)).toBe(1);
    await load(h, 1, 2_000);
    await load(h, 3, 4_000);
    expect(size(h)).toBe(1);
    await load(h, 3, 2_000);
    expect(size(h)).toBe(3);
  });

  it("keeps its size over the head's death, and does not shrink before a look-back has passed (A6)", async () => {
    const h = await autoscaled();
    await load(h, 6, 2_000);
    await h.startHead();
    await h.run(3_000, 100);
    expect(size(h)).toBe(6);
    expect(main(h)?.autoscaling?.reason).toContain("kept at 6 until callers have reported for 5 s");
    await load(h, 6, 4_000);
    expect(size(h)).toBe(6);
    await load(h, 2, 7_000);
    expect(size(h)).toBe(2);
  });

  it("stays RUNNING while it grows, and is not RUNNING before its first replica serves", async () => {
    const h = new Harness({ loadMs: () => 3_000 });
    await h.startHead();
    h.controller.deploy([app("a", "v1", { Main: { autoscalingConfig: QUICK } })]);
    await h.run(500);
    report(h, 0, 5);
    await h.run(1_000);
    expect(size(h)).toBe(1);
    expect(h.application("a")?.status).toBe("DEPLOYING");
    await load(h, 5, 4_000);
    expect(size(h)).toBe(5);
    expect(main(h)).toMatchObject({ status: "UPSCALING", statusTrigger: "AUTOSCALING" });
    expect(h.application("a")?.status).toBe("RUNNING");
  });

  it("is DEPLOYING until all of its replicas are new, however it grows meanwhile (D7)", async () => {
    const h = await autoscaled();
    await load(h, 4, 1_000);
    h.cluster.behaviour.loadMs = () => 2_000;
    h.controller.deploy([app("a", "v2", { Main: { autoscalingConfig: QUICK } })]);
    const replicas = () => main(h)?.replicas ?? [];
    const old = new Set(replicas().map(({ replicaId }) => replicaId));
    for (let second = 0; second < 60 && h.application("a")?.status !== "RUNNING"; second++)
      await load(h, 5 + second, 1_000);
    expect(h.application("a")?.status).toBe("RUNNING");
    const serving = h.targets("a", "Main").replicas.map(({ id }) => id);
    expect(serving.filter((id) => old.has(id))).toEqual([]);
  });

  it("is not scaled on when its starts are given up", async () => {
    const h = new Harness({ failure: () => new Error("no such model") });
    await h.startHead();
    h.controller.deploy([app("a", "v1", { Main: { autoscalingConfig: { ...QUICK, minReplicas: 0 } } })]);
    await h.run(1_000);
    expect(main(h)).toMatchObject({ status: "HEALTHY", replicas: [] });
    report(h, 0, 1);
    await h.run(3_000);
    expect(h.targets("a", "Main").unavailable).toBe("failed to deploy");
    const tries = h.cluster.orders.filter((order) => order.startsWith("load")).length;
    expect(tries).toBe(3);
    report(h, 0, 9);
    await h.run(3_000);
    expect(h.cluster.orders.filter((order) => order.startsWith("load"))).toHaveLength(tries);
    expect(main(h)?.autoscaling?.reason).toBe("its starts were given up");
  });

  it("has its initial replicas after the first deploy, and keeps its size over one that changes nothing", async () => {
    const config = { ...QUICK, initialReplicas: 3, downscaleDelayS: 600 };
    const h = await autoscaled(config);
    expect(size(h)).toBe(3);
    await load(h, 8, 2_000);
    expect(size(h)).toBe(8);
    await deployed(h, app("a", "v1", { Main: { autoscalingConfig: config } }));
    expect(size(h)).toBe(8);
    h.controller.deploy([app("a", "v2", { Main: { autoscalingConfig: { ...config, maxReplicas: 6 } } })]);
    expect(size(h)).toBe(3);
  });
});

describe("any load, with heads that die", () => {
  it.each([1, 2, 3])("stays within the bounds and settles at what it needs (seed %i)", async (seed) => {
    const h: Harness = new Harness({ loadMs: () => 100 + 2_000 * h.random.next() }, seed);
    await h.startHead();
    const config = { ...QUICK, minReplicas: 2, maxReplicas: 9, upscaleDelayS: 1, downscaleDelayS: 2 };
    await deployed(h, app("a", "v1", { Main: { autoscalingConfig: config } }));
    const look = (): void => {
      expect(size(h)).toBeGreaterThanOrEqual(2);
      expect(size(h)).toBeLessThanOrEqual(9);
    };
    for (let second = 0; second < 120; second++) {
      if (h.random.next() < 0.05) await h.startHead();
      if (h.random.next() < 0.8) report(h, Math.floor(14 * h.random.next()), Math.floor(3 * h.random.next()));
      await h.run(1000, 100, look);
    }
    await load(h, 5, 20_000);
    expect(size(h)).toBe(5);
    expect(h.targets("a", "Main").replicas).toHaveLength(5);
    expect(h.cluster.alive()).toHaveLength(5);
  });
});

describe("target capacity", () => {
  it("takes its share of fixed numbers and of an autoscaler's bounds", async () => {
    const h = new Harness();
    await h.startHead();
    await deployed(h, app("b", "v1", { Fixed: { numReplicas: 5 } }));
    await deployed(h, app("a", "v1", { Main: { autoscalingConfig: { ...QUICK, minReplicas: 4, maxReplicas: 10 } } }));
    h.controller.acceptConfig({ applications: [], target_capacity: 50 }, "/");
    await load(h, 30, 2_000);
    expect(h.application("b")?.deployments["Fixed"]?.targetNumReplicas).toBe(3);
    expect(size(h)).toBe(5);
    h.controller.acceptConfig({ applications: [], target_capacity: 0 }, "/");
    await h.run(1_000);
    expect([h.application("b")?.deployments["Fixed"]?.targetNumReplicas, size(h)]).toEqual([0, 0]);
    h.controller.acceptConfig({ applications: [], target_capacity: null }, "/");
    await load(h, 0, 8_000);
    expect([h.application("b")?.deployments["Fixed"]?.targetNumReplicas, size(h)]).toEqual([5, 4]);
  });
});

describe("an external scaler", () => {
  const external = (numReplicas: number): VersionedApplication => {
    const { spec, codeVersions } = app("a", "v1", { Main: { numReplicas } });
    return { spec: { ...spec, externalScalerEnabled: true }, codeVersions };
  };

  it("sets a size that a new head keeps, and a deploy of another number ends", async () => {
    const h = new Harness();
    await h.startHead();
    await deployed(h, external(2));
    h.controller.scale("a", "Main", 4);
    expect(main(h)).toMatchObject({ status: "UPSCALING", statusTrigger: "CONFIG_UPDATE_STARTED" });
    await h.startHead();
    await h.settle(h.controller.whenDeployed(["a"]));
    expect(size(h)).toBe(4);
    await deployed(h, external(2));
    expect(size(h)).toBe(4);
    h.controller.scale("a", "Main", 4);
    expect(main(h)?.status).toBe("HEALTHY");
    await deployed(h, external(3));
    expect(size(h)).toBe(3);
    h.controller.scale("a", "Main", 0);
    await h.until(() => main(h)?.replicas.length === 0);
  });

  it("is refused where nothing asked for one, and for what is not there", async () => {
    const h = new Harness();
    await h.startHead();
    await deployed(h, app("a", "v1", { Main: {} }));
    const refusal = (application: string, deployment: string, replicas = 2): unknown => {
      try {
        h.controller.scale(application, deployment, replicas);
        return undefined;
      } catch (error) {
        const { code, details } = error as { code: string; details: { reason?: string } };
        return details.reason === undefined ? code : [code, details.reason];
      }
    };
    expect(refusal("a", "Main")).toEqual(["CONFIG_INVALID", "external scaler disabled"]);
    expect(refusal("a", "Other")).toBe("DEPLOYMENT_NOT_FOUND");
    expect(refusal("b", "Main")).toBe("APPLICATION_NOT_FOUND");
    await deployed(h, external(1));
    expect(refusal("a", "Main", -1)).toBe("CONFIG_INVALID");
    expect(refusal("a", "Main", 1.5)).toBe("CONFIG_INVALID");
    void h.controller.delete("a");
    expect(refusal("a", "Main")).toEqual(["CONFIG_INVALID", "deleting"]);
  });
});

describe("a policy of the application", () => {
  it("sizes its deployments in one call; what it leaves out keeps its size (A7)", async () => {
    const h = new Harness();
    const asked: string[][] = [];
    const policies: PolicyRunner = {
      ask: async (from, { scope, contexts }) => {
        expect([from.application, scope]).toEqual(["a", "application"]);
        asked.push(contexts.map(({ deploymentName }) => deploymentName));
        return { Main: { replicas: 3, state: {} } };
      },
      keepOnly: () => undefined,
    };
    h.policies = policies;
    await h.startHead();
    const config = { ...QUICK, initialReplicas: 2 };
    const { spec, codeVersions } = app("a", "v1", {
      Child: { autoscalingConfig: config },
      Fixed: {},
      Main: { autoscalingConfig: config },
    });
    const autoscalingPolicy = { file: "/policy.ts", name: "byHour", kwargs: {} };
    await deployed(h, { spec: { ...spec, autoscalingPolicy }, codeVersions });
    await h.run(2_000, 100);
    expect(asked[0]).toEqual(["Child", "Main"]);
    expect(size(h)).toBe(3);
    const child = h.application("a")?.deployments["Child"];
    expect(child).toMatchObject({
      targetNumReplicas: 2,
      autoscaling: { reason: "the policy byHour says nothing of it" },
    });
    expect(main(h)?.autoscaling?.decisions.map(({ policy }) => policy)).toEqual(["byHour"]);
  });
});
