import { describe, expect, it } from "vitest";
import type { JsonObject } from "./config-types.ts";
import { resolveDeployment } from "./resolve-deployment.ts";

const resolve = (requestRouterClass: string, requestRouterKwargs: JsonObject) =>
  resolveDeployment({ requestRouterConfig: { requestRouterClass, requestRouterKwargs } }, "X").requestRouterConfig;

describe("the arguments of the router consistent-hash", () => {
  it.each<[JsonObject, string]>([
    [{ num_virtual_nodes: 0 }, "num_virtual_nodes: received 0 (number), expected an integer from 1 to 1000"],
    [{ num_virtual_nodes: 1_000_000 }, "num_virtual_nodes: received 1000000 (number)"],
    [{ num_fallback_replicas: -1 }, "num_fallback_replicas: received -1 (number), expected an integer >= 0"],
    [{ num_fallback_replicas: "2" }, 'num_fallback_replicas: received "2" (string)'],
    [{ virtual_nodes: 10 }, "expected one of num_virtual_nodes, num_fallback_replicas"],
  ])("%j are refused with the path", (kwargs, message) => {
    expect(() => resolve("consistent-hash", kwargs)).toThrow(`X.requestRouterConfig.requestRouterKwargs.`);
    expect(() => resolve("consistent-hash", kwargs)).toThrow(message);
  });

  it("are Ray's, by Ray's name of the router, too", () => {
    const kwargs = { num_virtual_nodes: 50, num_fallback_replicas: 0 };
    const ray = "ray.serve.experimental.consistent_hash_router:ConsistentHashRouter";
    expect(resolve(ray, kwargs)).toMatchObject({ requestRouterClass: "consistent-hash", requestRouterKwargs: kwargs });
  });

  it("are not looked at for a router of the user's", () => {
    expect(resolve("./router.ts:Mine", { key: "hits" }).requestRouterKwargs).toEqual({ key: "hits" });
  });
});
