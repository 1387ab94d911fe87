import { describe, expect, it } from "vitest";
import { applicationDetails, deploymentDetails, instanceDetails, replicaDetails } from "../../tests/fixtures/status.ts";
import type { DeploymentDetails } from "../model/status.ts";
import { formatStatusTable } from "./status-table.ts";
import { formatStatusYaml } from "./status-yaml.ts";

const replica = (replicaId: string, state: "RUNNING" | "STARTING", pid: number | null) =>
  replicaDetails({ replicaId, state, pid });

const deployment = (name: string, message = ""): DeploymentDetails =>
  deploymentDetails({
    name,
    status: message === "" ? "HEALTHY" : "UPDATING",
    message,
    targetNumReplicas: 2,
    replicas: [replica("aaaaaaaa", "RUNNING", 11), replica("bbbbbbbb", "STARTING", null)],
  });

const deployments = { Ingress: deployment("Ingress"), "no: 1": deployment("no: 1", "it's\nslow\n") };
const status = instanceDetails({
  proxies: { local: { id: "proxy-1", nodeId: "local", nodeIp: "::1", status: "HEALTHY", pid: 7, logFilePath: "" } },
  applications: { shop: applicationDetails({ name: "shop", routePrefix: "/shop", deployments }) },
  http: { host: "127.0.0.1", port: 8000, url: "http://127.0.0.1:8000/" },
});

describe("formatStatusYaml", () => {
  it("has the shape of Ray Serve's", () => {
    expect(formatStatusYaml(status)).toBe(`proxies:
  local: HEALTHY

applications:
  shop:
    status: RUNNING
    message: ''
    last_deployed_time_s: 1795262400.12
    deployments:
      Ingress:
        status: HEALTHY
        status_trigger: CONFIG_UPDATE_COMPLETED
        replica_states:
          RUNNING: 1
          STARTING: 1
        message: ''
      'no: 1':
        status: UPDATING
        status_trigger: CONFIG_UPDATE_COMPLETED
        replica_states:
          RUNNING: 1
          STARTING: 1
        message: |
          it's
          slow

target_capacity: null
`);
  });

  it("shows an instance without anything as empty maps", () => {
    expect(formatStatusYaml(instanceDetails())).toBe("proxies: {}\n\napplications: {}\n\ntarget_capacity: null\n");
  });

  it("writes whole floats as Python does, and a message without its colours", () => {
    const shop = { ...status.applications["shop"]!, message: "\u001b[31mred\u001b[0m", lastDeployedTimeS: 7 };
    const yaml = formatStatusYaml({ ...status, applications: { shop }, targetCapacity: 50 });
    expect(yaml).toContain("    message: red\n    last_deployed_time_s: 7.0\n");
    expect(yaml).toMatch(/\n\ntarget_capacity: 50.0\n$/);
  });
});

describe("formatStatusTable", () => {
  it("says each name once, one line a replica, and messages below", () => {
    expect(formatStatusTable(status, 61_000 + 1_000_000)).toBe(`http   http://127.0.0.1:8000/

PROXY  STATUS   PID
local  HEALTHY  7

APPLICATION  ROUTE  STATUS   DEPLOYMENT  STATUS    REPLICA   STATE     PID  UP
shop         /shop  RUNNING  Ingress     HEALTHY   aaaaaaaa  RUNNING   11   1 min
                                                   bbbbbbbb  STARTING  -    1 min
                             no: 1       UPDATING  aaaaaaaa  RUNNING   11   1 min
                                                   bbbbbbbb  STARTING  -    1 min

shop#no: 1: it's
slow
`);
  });
});
