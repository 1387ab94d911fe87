import { describe, expect, it } from "vitest";
import type { BuildState } from "../../model/target-state.ts";
import {
  type DeploymentFacts,
  type StatusEvent,
  type StatusInfo,
  afterStatusEvent,
  applicationStatus,
  decideStatus,
} from "./status.ts";
import { afterDeath, afterFailedStart, afterReady, freshMemory, healthyMemory } from "./start-failures.ts";

const info = (
  status: StatusInfo["status"],
  trigger: StatusInfo["trigger"] = "UNSPECIFIED",
  message = "",
): StatusInfo => ({ status, trigger, message });
const facts = (over: Partial<DeploymentFacts> = {}): DeploymentFacts => ({
  target: 2,
  upToDate: 2,
  changing: 0,
  outdated: 0,
  stopping: 0,
  recovering: 0,
  startThreshold: 6,
  note: "",
  ...over,
});
const BUILT = { kind: "none" } as const;
const fresh = freshMemory("v1@1");
const failed = Array.from({ length: 6 }).reduce<typeof fresh>(
  (memory) => afterFailedStart(memory, 0, "no weights", 0),
  fresh,
);

describe("afterStatusEvent", () => {
  it.each<[StatusInfo["status"], StatusEvent, string]>([
    ["UPDATING", "healthy", "HEALTHY CONFIG_UPDATE_COMPLETED"],
    ["UPDATING", "startFailed", "DEPLOY_FAILED REPLICA_STARTUP_FAILED"],
    ["UPDATING", "scaleUp", "UPDATING UNSPECIFIED"],
    ["UPSCALING", "healthy", "HEALTHY UPSCALE_COMPLETED"],
    ["UPSCALING", "scaleDown", "DOWNSCALING CONFIG_UPDATE_STARTED"],
    ["UPSCALING", "startFailed", "UNHEALTHY REPLICA_STARTUP_FAILED"],
    ["DOWNSCALING", "healthy", "HEALTHY DOWNSCALE_COMPLETED"],
    ["HEALTHY", "configUpdate", "UPDATING CONFIG_UPDATE_STARTED"],
    ["HEALTHY", "scaleUp", "UPSCALING CONFIG_UPDATE_STARTED"],
    ["HEALTHY", "replicaDied", "UNHEALTHY HEALTH_CHECK_FAILED"],
    ["UNHEALTHY", "healthy", "HEALTHY UNSPECIFIED"],
    ["UNHEALTHY", "scaleUp", "UNHEALTHY UNSPECIFIED"],
    ["DEPLOY_FAILED", "healthy", "HEALTHY UNSPECIFIED"],
    ["DEPLOY_FAILED", "configUpdate", "UPDATING CONFIG_UPDATE_STARTED"],
    ["DEPLOY_FAILED", "startFailed", "DEPLOY_FAILED UNSPECIFIED"],
    ["UNHEALTHY", "delete", "UPDATING DELETING"],
    ["UPDATING", "autoscaleUp", "UPSCALING AUTOSCALING"],
    ["UPDATING", "autoscaleDown", "DOWNSCALING AUTOSCALING"],
    ["UPSCALING", "autoscaleDown", "DOWNSCALING AUTOSCALING"],
    ["DOWNSCALING", "scaleUp", "UPSCALING CONFIG_UPDATE_STARTED"],
    ["DOWNSCALING", "replicaDied", "UNHEALTHY HEALTH_CHECK_FAILED"],
    ["HEALTHY", "autoscaleUp", "UPSCALING AUTOSCALING"],
    ["UNHEALTHY", "autoscaleUp", "UNHEALTHY UNSPECIFIED"],
    ["UNHEALTHY", "startFailed", "UNHEALTHY REPLICA_STARTUP_FAILED"],
    ["UPSCALING", "rolloutFailed", "DEPLOY_FAILED REPLICA_STARTUP_FAILED"],
    ["DEPLOY_FAILED", "autoscaleUp", "DEPLOY_FAILED UNSPECIFIED"],
    ["DEPLOY_FAILED", "scaleDown", "DEPLOY_FAILED UNSPECIFIED"],
  ])("%s at %s is %s (inventory 2.8)", (status, event, expected) => {
    const after = afterStatusEvent(info(status), event, "");
    expect(`${after.status} ${after.trigger}`).toBe(expected);
  });
});

describe("decideStatus", () => {
  it("is complete when the old replicas are out of the targets, though they drain (D7)", () => {
    expect(decideStatus(info("UPDATING"), facts({ stopping: 1 }), fresh).status).toBe("HEALTHY");
    expect(decideStatus(info("UPDATING"), facts({ outdated: 1 }), fresh).status).toBe("UPDATING");
  });

  it("is scaled down when the surplus is gone", () => {
    expect(decideStatus(info("DOWNSCALING"), facts({ stopping: 1 }), fresh).status).toBe("DOWNSCALING");
    expect(decideStatus(info("DOWNSCALING"), facts(), fresh).status).toBe("HEALTHY");
  });

  it("fails at the threshold, with the error, and says how many tries are left before (D4, D6)", () => {
    const once = afterFailedStart(fresh, 0, "no weights", 0);
    expect(decideStatus(info("UPDATING"), facts({ upToDate: 0 }), once)).toMatchObject({
      status: "UPDATING",
      message: "A replica failed to start with exception. Retrying 5 more time(s). Error:\nno weights",
    });
    expect(decideStatus(info("UPDATING"), facts({ upToDate: 0 }), failed)).toMatchObject({
      status: "DEPLOY_FAILED",
      message: expect.stringContaining("no weights") as string,
    });
  });

  it("is unhealthy when a replica died, and not while replicas were not heard of since the head's restart (K1)", () => {
    expect(decideStatus(info("HEALTHY"), facts({ upToDate: 1 }), fresh).status).toBe("UNHEALTHY");
    expect(decideStatus(info("HEALTHY"), facts({ upToDate: 1, changing: 1, recovering: 1 }), fresh).status).toBe(
      "HEALTHY",
    );
  });

  it("does not fail a rollout because a replica of it died", () => {
    const died = { ...afterReady(fresh, 0), lastError: "killed" };
    expect(decideStatus(info("UPDATING"), facts({ upToDate: 1 }), died)).toMatchObject({
      status: "UPDATING",
      message: "killed",
    });
  });

  it("is unhealthy when a replica dies while it scales (inventory 2.8)", () => {
    const died = afterDeath(afterReady(fresh, 0), 0, 60_000, "killed", 0);
    expect(decideStatus(info("UPSCALING"), facts({ upToDate: 1 }), died)).toMatchObject({
      status: "UNHEALTHY",
      trigger: "HEALTH_CHECK_FAILED",
      message: "killed",
    });
  });

  it("fails a rollout whose replicas run and fail, and tells that it is stopped (reference 4.11)", () => {
    const rollout = { ...afterReady(failed, 0), rollout: true };
    const { status, message } = decideStatus(info("UPDATING"), facts({ upToDate: 1, outdated: 1 }), rollout);
    expect(status).toBe("DEPLOY_FAILED");
    expect(message).toMatch(
      /^The deployment failed to start 6 times in a row during a rolling update\. The update is stopped/,
    );
  });

  it("of a rollout that was given up keeps its reason, whatever else happens (D6)", () => {
    const failure = { message: "why" };
    const stalled = info("DEPLOY_FAILED", "REPLICA_STARTUP_FAILED", "why");
    const before = healthyMemory("v0@1");
    expect(decideStatus(stalled, facts({ upToDate: 0 }), before, failure)).toBe(stalled);
    const { message } = decideStatus(
      stalled,
      facts({ upToDate: 0, note: "code changed on disk: app.ts" }),
      before,
      failure,
    );
    expect(message).toBe("why\ncode changed on disk: app.ts");
    const again = afterFailedStart(before, 0, "no weights", 0);
    expect(decideStatus(stalled, facts({ upToDate: 0 }), again, failure).message).toMatch(/start again: no weights$/);
  });

  it("shows a note while nothing is wrong, and takes it away again", () => {
    const noted = decideStatus(info("HEALTHY"), facts({ note: "replica a: not responding for 4 s" }), fresh);
    expect(noted).toMatchObject({ status: "HEALTHY", message: "replica a: not responding for 4 s" });
    expect(decideStatus(noted, facts(), fresh).message).toBe("");
  });

  it("keeps a deployment that is being deleted as it is", () => {
    expect(decideStatus(info("UPDATING", "DELETING"), facts(), fresh)).toEqual(info("UPDATING", "DELETING"));
  });
});

describe("applicationStatus", () => {
  it.each<[StatusInfo[], string]>([
    [[info("HEALTHY"), info("UPDATING")], "DEPLOYING"],
    [[info("UPDATING"), info("UNHEALTHY")], "UNHEALTHY"],
    [[info("UNHEALTHY"), info("DEPLOY_FAILED")], "DEPLOY_FAILED"],
    [[info("HEALTHY"), info("HEALTHY")], "RUNNING"],
    [[info("UPSCALING", "CONFIG_UPDATE_STARTED")], "DEPLOYING"],
    [[info("UPSCALING", "AUTOSCALING")], "RUNNING"],
  ])("is that of the worst deployment", (infos, expected) => {
    const named = new Map(infos.map((value, index) => [`D${index}`, value]));
    expect(applicationStatus(false, BUILT, named).status).toBe(expected);
    expect(applicationStatus(true, BUILT, named).status).toBe("DELETING");
  });

  it.each<[BuildState, string, string]>([
    [{ kind: "building", generation: 2, sinceMs: 0 }, "DEPLOYING", ""],
    [{ kind: "failed", generation: 2, message: "no such module" }, "DEPLOY_FAILED", "no such module"],
  ])("is that of its build while that says something: %o", (build, status, message) => {
    const infos = new Map([["D", info("UNHEALTHY")]]);
    expect(applicationStatus(false, build, infos)).toEqual({ status, message });
    expect(applicationStatus(true, build, infos).status).toBe("DELETING");
  });

  it("names the deployments that failed and why (D6)", () => {
    const { message } = applicationStatus(
      false,
      BUILT,
      new Map([["Main", info("DEPLOY_FAILED", "UNSPECIFIED", "no weights")]]),
    );
    expect(message).toBe("Failed to update the deployments ['Main'].\nMain: no weights");
  });
});
