import { expect, it } from "vitest";
import { formatExposition } from "../telemetry/exposition.ts";
import { MetricRegistry } from "../telemetry/metrics.ts";
import { RouterMetrics, type RouterCounts } from "./router-metrics.ts";

const CART = { application: "shop", deployment: "Cart" };
const AT_HANDLE = 'deployment="Cart",application="shop",handle="p1",actor_id="p1"';
const AT_ROUTER = 'deployment="Cart",actor_id="p1",application="shop",handle_source="PROXY"';

function measured() {
  const registry = new MetricRegistry();
  const metrics = new RouterMetrics(registry, { processId: "p1", source: "PROXY" });
  const lines = (): string[] =>
    formatExposition(registry.snapshot())
      .split("\n")
      .filter((line) => line.startsWith("ray_") && !line.includes("_bucket"));
  return { metrics, lines };
}

it("sets gauges of what there is now, and drops those of what is gone (R2)", () => {
  const { metrics, lines } = measured();
  const counts: RouterCounts = {
    ...CART,
    queued: 5,
    queuedForSlot: 3,
    ongoing: 4,
    isAvailable: true,
    replicas: [
      { id: "r1", load: 4 },
      { id: "r2", load: 2 },
    ],
  };
  metrics.update([counts]);
  expect(lines()).toEqual([
    `ray_serve_deployment_queued_queries{${AT_HANDLE}} 5`,
    `ray_serve_num_ongoing_requests_at_replicas{${AT_HANDLE}} 4`,
    `ray_serve_num_scheduling_tasks{app="shop",${AT_ROUTER}} 5`,
    `ray_serve_num_scheduling_tasks_in_backoff{app="shop",${AT_ROUTER}} 3`,
    `ray_serve_request_router_queue_len{${AT_ROUTER},replica_id="r1"} 4`,
    `ray_serve_request_router_queue_len{${AT_ROUTER},replica_id="r2"} 2`,
  ]);
  metrics.update([{ ...counts, replicas: [{ id: "r2", load: 1 }] }]);
  expect(lines().filter((line) => line.includes("replica_id"))).toHaveLength(1);
  const over = { ...counts, queued: 0, queuedForSlot: 0, ongoing: 0, isAvailable: false, replicas: [] };
  metrics.update([over]);
  expect(lines()).toEqual([]);
  metrics.routed(over, "/");
  metrics.forget(over);
  metrics.update([]);
  expect(lines()).toEqual([`ray_serve_num_router_requests_total{${AT_HANDLE},route="/"} 1`]);
  metrics.update([]);
  expect(lines()).toEqual([]);
});

it("counts calls by deployment and route, and how long their arguments and they themselves waited (R1)", () => {
  const { metrics, lines } = measured();
  metrics.routed(CART, "/");
  metrics.routed(CART, "/");
  metrics.handled(CART, "", 0);
  metrics.handled(CART, "", 30);
  metrics.fulfillment(CART).observe(12);
  expect(lines()).toEqual([
    `ray_serve_num_router_requests_total{${AT_HANDLE},route="/"} 2`,
    'ray_serve_handle_request_counter_total{application="shop",deployment="Cart",route="",handle="p1"} 2',
    `ray_serve_router_args_resolution_latency_ms_sum{${AT_HANDLE}} 30`,
    `ray_serve_router_args_resolution_latency_ms_count{${AT_HANDLE}} 2`,
    `ray_serve_request_router_fulfillment_time_ms_sum{${AT_ROUTER}} 12`,
    `ray_serve_request_router_fulfillment_time_ms_count{${AT_ROUTER}} 1`,
  ]);
});
