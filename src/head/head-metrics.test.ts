import { expect, it } from "vitest";
import { applicationDetails, deploymentDetails, replicaDetails } from "../../tests/fixtures/status.ts";
import type { DeploymentDetails, InstanceStatus } from "../model/status.ts";
import { ManualClock } from "../core/clock.ts";
import { LOGGING_KEY, ROUTES_KEY, targetsKey } from "../protocol/control.ts";
import { formatExposition } from "../telemetry/exposition.ts";
import { MetricRegistry } from "../telemetry/metrics.ts";
import { HeadMetrics } from "./head-metrics.ts";

const CART = { application: "shop", deployment: "Cart" };

function statusOf(...deployments: DeploymentDetails[]): Pick<InstanceStatus, "applications" | "proxies"> {
  const byName = Object.fromEntries(deployments.map((one) => [one.name, one]));
  const shop = applicationDetails({ name: "shop", status: "DEPLOYING", deployments: byName });
  const proxy = { id: "proxy-1", nodeId: "local", nodeIp: "ip", status: "DRAINING", pid: 1, logFilePath: "" } as const;
  return { applications: { shop }, proxies: { local: proxy } };
}

function measured() {
  const clock = new ManualClock();
  const metrics = new HeadMetrics(new MetricRegistry(), () => "ip", clock);
  const page = (status = statusOf(), subscriptions: readonly ReadonlySet<string>[] = []): string =>
    formatExposition(metrics.snapshot({ status, subscriptions }));
  return { metrics, page, clock };
}

it("shows statuses as Ray Serve's numbers (reference 2.7)", () => {
  const page = measured().page(
    statusOf(deploymentDetails({ name: "Cart" }), deploymentDetails({ name: "Till", status: "UPDATING" })),
  );
  expect(page).toContain('ray_serve_application_status{application="shop"} 5');
  expect(page).toContain('ray_serve_deployment_status{deployment="Cart",application="shop"} 6');
  expect(page).toContain('ray_serve_deployment_status{deployment="Till",application="shop"} 3');
  expect(page).toContain('ray_serve_proxy_status{node_id="local",node_ip_address="ip"} 4');
});

it("calls a replica healthy while it serves and its last check passed; gone replicas are gone (R1)", () => {
  const { metrics, page } = measured();
  const replicas = [replicaDetails({ replicaId: "r1" }), replicaDetails({ replicaId: "r2", state: "STARTING" })];
  const status = statusOf(deploymentDetails({ name: "Cart", replicas }));
  const health = (id: string, text: string): string | undefined =>
    new RegExp(`replica_healthy\\{deployment="Cart",replica="${id}",application="shop"\\} (\\d)`).exec(text)?.[1];
  expect([health("r1", page(status)), health("r2", page(status))]).toEqual(["1", "0"]);
  metrics.healthChecked({ ...CART, replicaId: "r1" }, 3, false);
  expect(health("r1", page(status))).toBe("0");
  metrics.healthChecked({ ...CART, replicaId: "r1" }, 3, true);
  expect(health("r1", page(status))).toBe("1");
  expect(page()).not.toContain('replica="r2"');
});

it("drops what it counted for a deployment or replica one look after its end (R2)", () => {
  const { metrics, page } = measured();
  const status = statusOf(deploymentDetails({ name: "Cart", replicas: [replicaDetails({ replicaId: "r1" })] }));
  metrics.startedReplica(CART, 120);
  metrics.stopped(CART, 30);
  metrics.healthChecked({ ...CART, replicaId: "r1" }, 3, false);
  page(status);
  const last = page();
  expect(last).toContain('ray_serve_replica_startup_latency_ms_count{deployment="Cart",application="shop"} 1');
  expect(last).toContain('ray_serve_replica_shutdown_duration_ms_sum{deployment="Cart",application="shop"} 30');
  expect(last).toContain('ray_serve_health_check_failures_total{deployment="Cart",replica="r1",application="shop"} 1');
  expect(page()).not.toContain("Cart");
});

it("shows what an autoscaler knows, and nothing of a deployment that has none", () => {
  const { page } = measured();
  const known = {
    totalRequests: 7,
    desiredReplicas: 4,
    targetOngoingRequests: 3,
    policyExecutionTimeMs: 12,
    ownStat: 1,
  };
  const autoscaling = {
    scalingStatus: "STABLE",
    reason: "",
    decisions: [],
    metrics: known,
    metricsHealth: "healthy",
    errors: [],
  } as const;
  const text = page(
    statusOf(
      deploymentDetails({ name: "Cart", targetNumReplicas: 2, autoscaling }),
      deploymentDetails({ name: "Till" }),
    ),
  );
  const values = [...text.matchAll(/ray_serve_autoscaling_(\w+)\{deployment="(\w+)",application="shop"(.*)\} (\d+)/g)];
  expect(values.map(([, ...rest]) => rest)).toEqual([
    ["target_replicas", "Cart", "", "2"],
    ["target_ongoing_requests", "Cart", "", "3"],
    ["total_requests", "Cart", "", "7"],
    ["desired_replicas", "Cart", "", "4"],
    ["policy_execution_time_ms", "Cart", ',policy_scope="deployment"', "12"],
  ]);
});

it("counts the change feed under the names of Ray's long poll", () => {
  const { metrics, page } = measured();
  for (const key of [ROUTES_KEY, LOGGING_KEY, targetsKey("a", "b"), targetsKey("a", "c")]) {
    metrics.sent(key);
    metrics.acknowledged(key, 2);
  }
  const text = page(statusOf(), [new Set([ROUTES_KEY, targetsKey("a", "b"), targetsKey("a", "c")]), new Set()]);
  expect(text).toContain(
    'ray_serve_long_poll_host_transmission_counter_total{namespace_or_state="DEPLOYMENT_TARGETS"} 2',
  );
  expect(text).toContain('ray_serve_long_poll_latency_ms_count{namespace="GLOBAL_LOGGING_CONFIG"} 1');
  expect(text).toContain('ray_serve_long_poll_pending_clients{namespace="DEPLOYMENT_TARGETS"} 1');
  expect(text).toContain('ray_serve_long_poll_pending_clients{namespace="ROUTE_TABLE"} 1');
});

it("tells the turns of the control loop in seconds", async () => {
  const { metrics, page, clock } = measured();
  metrics.ticked({ proxiesMs: 1, deploymentsMs: 2, statusesMs: 3 });
  await clock.advance(1004);
  metrics.ticked({ proxiesMs: 1, deploymentsMs: 1, statusesMs: 2 });
  const text = page();
  expect(text).toContain("ray_serve_controller_control_loop_duration_s 0.004");
  expect(text).toContain("ray_serve_controller_sleep_duration_s 1\n");
  expect(text).toContain("ray_serve_controller_deployment_state_update_duration_s 0.001");
  expect(text).toContain('ray_serve_controller_num_control_loops{actor_id="controller"} 2');
});
