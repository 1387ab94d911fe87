import { expect, it } from "vitest";
import type { AccessEntry } from "../telemetry/log-format.ts";
import { MetricRegistry } from "../telemetry/metrics.ts";
import { NO_ROUTE, RequestRecorder } from "./request-recorder.ts";

const route = { prefix: "/api", target: { application: "a", deployment: "D" } };

function recorder() {
  const registry = new MetricRegistry();
  const lines: AccessEntry[] = [];
  const made = new RequestRecorder(registry, { nodeId: "n", nodeIp: "ip" }, (entry) => lines.push(entry));
  const series = (name: string) => registry.snapshot().find(({ definition }) => definition.name === name)?.series ?? [];
  return { made, lines, series };
}

it("counts by route, verb and status, and errors by their deployment as well (reference 3.2)", () => {
  const { made, series } = recorder();
  made.count(route, "GET", 200, 3);
  made.count(route, "GET", 200, 3);
  made.count(route, "GET", 503, 3);
  made.count(NO_ROUTE, "GET", 404, 3);
  const labels = { route: "/api", method: "GET", application: "a" };
  expect(series("serve_num_http_requests")).toEqual([
    { labels: { ...labels, status_code: "200" }, value: 2 },
    { labels: { ...labels, status_code: "503" }, value: 1 },
    { labels: { route: "", method: "GET", application: "", status_code: "404" }, value: 1 },
  ]);
  expect(series("serve_num_http_error_requests").map((one) => one.labels["error_code"])).toEqual(["503", "404"]);
  expect(series("serve_num_deployment_http_error_requests")).toMatchObject([
    { labels: { ...labels, deployment: "D" } },
  ]);
  expect(series("serve_http_request_latency_ms")).toHaveLength(3);
});

it("counts close codes that clients make up by their thousand, once they are many", () => {
  const { made, series } = recorder();
  for (let code = 3000; code < 5000; code++) made.count(route, "WS", code, 1);
  made.count(route, "WS", 1000, 1);
  const counted = series("serve_num_http_requests");
  expect(counted).toHaveLength(52);
  expect(counted.map(({ labels }) => labels["status_code"])).toEqual(expect.arrayContaining(["3049", "4000", "1000"]));
  expect(counted.reduce((sum, one) => sum + ("value" in one ? one.value : 0), 0)).toBe(2001);
});

it("goes on with the same series when a new table brings the same route", () => {
  const { made, series } = recorder();
  made.count(route, "GET", 200, 3);
  made.count({ ...route }, "GET", 200, 3);
  expect(series("serve_num_http_requests")).toMatchObject([{ value: 2 }]);
});

it("writes the route's prefix into the access line (reference 7.2)", () => {
  const { made, lines } = recorder();
  made.log(route, "PUT", 201, 1.25, "id", "10.0.0.1:1");
  expect(lines).toEqual([
    {
      method: "PUT",
      route: "/api",
      status: 201,
      latencyMs: 1.25,
      requestId: "id",
      application: "a",
      call: "",
      client: "",
    },
  ]);
});

it("shows the client's address where it was asked for (reference 7.2)", () => {
  const lines: AccessEntry[] = [];
  const made = new RequestRecorder(undefined, { nodeId: "n", nodeIp: "ip" }, (entry) => lines.push(entry), true);
  made.log(route, "GET", 200, 1, "id", "10.0.0.1:4711");
  expect(lines.map(({ client }) => client)).toEqual(["10.0.0.1:4711"]);
});

it("counts nothing without a registry", () => {
  const made = new RequestRecorder(undefined, { nodeId: "n", nodeIp: "ip" }, () => undefined);
  made.ongoing.inc();
  expect(() => made.count(route, "GET", 200, 1)).not.toThrow();
});

it("drops the counts of an application one look after its route was taken away (R3)", () => {
  const { made, series } = recorder();
  made.count(route, "GET", 500, 3);
  made.count(NO_ROUTE, "GET", 404, 3);
  const left = (...routed: string[]): number[] => {
    made.update(new Set(routed));
    return ["serve_num_http_requests", "serve_http_request_latency_ms", "serve_num_deployment_http_error_requests"].map(
      (name) => series(name).length,
    );
  };
  expect(left("a")).toEqual([2, 2, 1]);
  expect(left()).toEqual([2, 2, 1]);
  expect(left()).toEqual([1, 1, 0]);
  made.count({ ...route }, "GET", 200, 3);
  expect(left("a")).toEqual([2, 2, 0]);
});
