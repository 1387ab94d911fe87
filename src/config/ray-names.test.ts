import { expect, it } from "vitest";
import { RAY_POLICY, rayPolicy, rayRouter, rayRouterClass } from "./ray-names.ts";

it.each([
  ["ray.serve._private.request_router:PowerOfTwoChoicesRequestRouter", "pow2"],
  ["ray.serve._private.request_router.pow_2_router:PowerOfTwoChoicesRequestRouter", "pow2"],
  ["ray.serve.experimental.round_robin_router.RoundRobinRouter", "round-robin"],
  ["ray.serve.experimental.consistent_hash_router:ConsistentHashRouter", "consistent-hash"],
  ["least-loaded", "least-loaded"],
  ["mine.routers:RoundRobinRouter", "mine.routers:RoundRobinRouter"],
])("takes %s for %s", (given, router) => {
  expect(rayRouter(given)).toBe(router);
});

it("shows what is built in by Ray's names", () => {
  for (const router of ["pow2", "round-robin", "consistent-hash"])
    expect(rayRouter(rayRouterClass(router))).toBe(router);
  expect(rayRouterClass("./routers.ts:Mine")).toBe("./routers.ts:Mine");
});

it("takes Ray's default policy, by both of its names, for the built-in one", () => {
  expect(rayPolicy(RAY_POLICY)).toBeNull();
  expect(rayPolicy("ray.serve.autoscaling_policy.replica_queue_length_autoscaling_policy")).toBeNull();
  expect(rayPolicy(undefined)).toBeNull();
  expect(rayPolicy("./policies.ts:byHour")).toBe("./policies.ts:byHour");
});
