import { expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { monitorEventLoop } from "./event-loop-monitor.ts";
import { formatExposition } from "./exposition.ts";
import { MetricRegistry } from "./metrics.ts";

it("measures once in five seconds, and ends without a timer (R1)", async () => {
  const clock = new ManualClock();
  const metrics = new MetricRegistry();
  const stop = monitorEventLoop({ component: "proxy", processId: "p1" }, metrics, () => 7, clock);
  await clock.advance(10_000);
  stop();
  const page = formatExposition(metrics.snapshot());
  const labels = 'component="proxy",loop_type="main",actor_id="p1",application="",deployment=""';
  expect(page).toContain(`ray_serve_event_loop_monitoring_iterations_total{${labels}} 2`);
  expect(page).toContain(`ray_serve_event_loop_tasks{${labels}} 7`);
  expect(page).toContain(`ray_serve_event_loop_scheduling_latency_ms_bucket{${labels},le="1.0"} 2`);
  expect(clock.pending).toBe(0);
});
