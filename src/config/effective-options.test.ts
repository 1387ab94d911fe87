import { describe, expect, it } from "vitest";
import { resolveOptions } from "./check-options.ts";
import { effectiveOptions, loggingOf, policyOf } from "./effective-options.ts";
import type { DeploymentOptions, ResolvedDeploymentOptions } from "./options.generated.ts";
import type { JsonObject } from "./serve-config.ts";

const of = (code: DeploymentOptions, file?: JsonObject, inherited = {}) =>
  effectiveOptions(code, file && { name: "D", ...file }, { logging: null, ...inherited });

describe("effectiveOptions", () => {
  it.each<[string, DeploymentOptions, JsonObject, keyof ResolvedDeploymentOptions, unknown, string]>([
    ["nobody says anything", {}, {}, "maxOngoingRequests", 5, "default"],
    ["code says it", { maxOngoingRequests: 7 }, {}, "maxOngoingRequests", 7, "code"],
    ["the file says it", { maxOngoingRequests: 7 }, { max_ongoing_requests: 9 }, "maxOngoingRequests", 9, "file"],
    [
      "the file says the default",
      { maxOngoingRequests: 7 },
      { max_ongoing_requests: 5 },
      "maxOngoingRequests",
      5,
      "file",
    ],
    ["null is a value", { userConfig: { a: 1 } }, { user_config: null }, "userConfig", null, "file"],
    ["null is a value", { numReplicas: 7 }, { num_replicas: null }, "numReplicas", 1, "file"],
    [
      "a number ends code's autoscaling",
      { autoscalingConfig: { maxReplicas: 5 } },
      { num_replicas: 3 },
      "autoscalingConfig",
      null,
      "file",
    ],
    [
      "null ends code's autoscaling",
      { numReplicas: "auto" },
      { autoscaling_config: null },
      "autoscalingConfig",
      null,
      "file",
    ],
    [
      "autoscaling ends code's number",
      { numReplicas: 7 },
      { autoscaling_config: { max_replicas: 5 } },
      "numReplicas",
      1,
      "file",
    ],
    ["the name in the file only finds the deployment", { name: "Code" }, {}, "name", "Code", "code"],
    [
      "a level of Python",
      {},
      { logging_config: { log_level: "FATAL" } },
      "loggingConfig",
      resolveOptions("logging", { logLevel: "ERROR" }),
      "file",
    ],
  ])("%s: %j and %j (R1)", (_, code, file, name, value, origin) => {
    const { options, origins } = of(code, file);
    expect([options[name], origins[name]]).toEqual([value, origin]);
  });

  it("restores the code's value when an override is gone (R2)", () => {
    const code = { numReplicas: 2, maxOngoingRequests: 3 };
    expect(of(code, { num_replicas: 9, max_ongoing_requests: 9 }).options).not.toEqual(of(code).options);
    expect(of(code, {})).toEqual(of(code));
  });

  it("lets null replicas be beside autoscaling in code", () => {
    expect(
      of({ autoscalingConfig: { maxReplicas: 5 } }, { num_replicas: null }).options.autoscalingConfig?.maxReplicas,
    ).toBe(5);
  });

  it("merges auto in the file with code's autoscaling", () => {
    const { options } = of({ autoscalingConfig: { minReplicas: 2, maxReplicas: 5 } }, { num_replicas: "auto" });
    expect(options.autoscalingConfig).toMatchObject({ minReplicas: 2, maxReplicas: 5 });
  });

  it("replaces resources and environment of the code as a whole by ray_actor_options (R3)", () => {
    const code = { resources: { gpus: 1 }, runtimeEnv: { envVars: { A: "1" }, nodeOptions: ["-a"] } };
    const { options, origins } = of(code, { ray_actor_options: { num_cpus: 2, memory: null } });
    expect(options.resources).toMatchObject({ cpus: 2, gpus: 0, memoryBytes: null });
    expect(options.runtimeEnv).toMatchObject({ envVars: {}, nodeOptions: [] });
    expect([origins["resources"], origins["runtimeEnv"]]).toEqual(["file", "file"]);
  });

  it("puts the application's environment below, name by name, and its logs (R4)", () => {
    const inherited = {
      logging: resolveOptions("logging", { encoding: "JSON" }),
      runtimeEnv: { env_vars: { A: "1", B: "1" }, working_dir: "local:///srv/app%20one" },
    };
    const { options, origins } = of({ runtimeEnv: { envVars: { B: "2" } } }, undefined, inherited);
    expect(options.runtimeEnv).toMatchObject({ envVars: { A: "1", B: "2" }, workingDir: "/srv/app one" });
    expect(options.loggingConfig?.encoding).toBe("JSON");
    expect([origins["loggingConfig"], origins["runtimeEnv"]]).toEqual(["application", "code"]);
    expect(of({}, { logging_config: {} }, inherited).options.loggingConfig?.encoding).toBe("TEXT");
  });

  it.each<[JsonObject, string]>([
    [
      { conda: "env.yml" },
      'runtime_env.conda: received "env.yml" (string), expected only env_vars, working_dir, node_options, pip: no engine of this version can honour conda',
    ],
    [
      { working_dir: "s3://bucket/app.zip" },
      'runtime_env.working_dir: received "s3://bucket/app.zip" (string), expected a folder of this machine',
    ],
    [{ pip: { packages: [1] } }, "runtime_env.pip: received an object, expected a list of packages"],
  ])("refuses an environment that nobody can honour: %j", (runtimeEnv, message) => {
    expect(() => of({}, undefined, { runtimeEnv })).toThrow(message);
  });

  it("passes over what asks for nothing, and over how Ray sets an environment up", () => {
    const runtimeEnv = {
      conda: null,
      py_modules: [],
      excludes: ["a"],
      config: { setup_timeout_seconds: 1 },
      pip: { packages: ["a"] },
    };
    expect(of({}, undefined, { runtimeEnv }).options.runtimeEnv.pip).toEqual(["a"]);
    expect(of({}, undefined, { runtimeEnv: { pip: "requirements.txt" } }).options.runtimeEnv.pip).toEqual([
      "-r requirements.txt",
    ]);
  });

  it("takes Ray's paths of built-in routers and of the default policy for ours", () => {
    const policy = { policy_function: "ray.serve.autoscaling_policy:default_autoscaling_policy" };
    const { options } = of(
      {},
      {
        request_router_config: { request_router_class: "ray.serve.experimental.round_robin_router.RoundRobinRouter" },
        autoscaling_config: { policy },
      },
    );
    expect(options.requestRouterConfig.requestRouterClass).toBe("round-robin");
    expect(options.autoscalingConfig?.policy).toBeNull();
    const own = of({}, { autoscaling_config: { policy: { policy_function: "./p.ts:f" } } }).options.autoscalingConfig;
    expect(own?.policy).toEqual({ policyFunction: "./p.ts:f", policyKwargs: {} });
  });

  it("says which deployment cannot be as file and code together want it", () => {
    expect(() => of({ placementGroupBundles: [{ CPU: 1 }] }, { max_replicas_per_node: 2 })).toThrow(
      'deployment "D".maxReplicasPerNode: received 2 (number), expected nothing beside placementGroupBundles',
    );
  });
});

it("completes the logs of an application or an instance", () => {
  expect(loggingOf({ log_level: "WARN" })).toMatchObject({ logLevel: "WARNING", encoding: "TEXT" });
  expect(loggingOf(null)).toBeNull();
});

it("gives an application's own policy", () => {
  expect(policyOf({ policy_function: "./p.ts:f", policy_kwargs: { a: 1 } })).toEqual({
    policyFunction: "./p.ts:f",
    policyKwargs: { a: 1 },
  });
  expect(policyOf(undefined)).toBeNull();
});
