import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  applicationDetails,
  deploymentDetails,
  instanceDetails,
  replicaDetails,
} from "../../../tests/fixtures/status.ts";
import { resolveOptions } from "../../config/check-options.ts";
import { resolveDeployment } from "../../config/resolve-deployment.ts";
import type { InstanceStatus, ReplicaDetails } from "../../model/status.ts";
import { formatInstance } from "./format-instance.ts";
import { redactRuntimeEnvs } from "../redact.ts";

/** The complete example of reference 1.4, with our ids, our figures, and without `max_surge_percent`, which is unset. */
const GOLDEN: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../tests/fixtures/rest/instance.json"), "utf8"),
);

const NODE = { nodeId: "node-1", nodeIp: "10.0.0.4" };
const HTTP = { host: "0.0.0.0", port: 8000, url: "http://127.0.0.1:8000" };

function turn(totalMs: number, sleptMs: number) {
  return { totalMs, sleptMs, deploymentsMs: 4, proxiesMs: 2, statusesMs: 3 };
}

const HEALTH = {
  nowMs: 1_795_262_500_000,
  startMs: 1_795_262_390_000,
  loops: 220,
  lastLoopMs: 1_795_262_499_900,
  turns: [turn(10, 0), turn(30, 1500)],
  pending: 12,
  rssBytes: 180 * 2 ** 20,
};

function replica(deployment: string, replicaId: string, pid: number, startTimeS: number): ReplicaDetails {
  const logFilePath = `/serve/replica_app1_${deployment}_${replicaId}.log`;
  return replicaDetails({ replicaId, pid, startTimeS, logFilePath, ...NODE });
}

function example(): InstanceStatus {
  const ingress = deploymentDetails({
    name: "Ingress",
    calls: ["Model"],
    replicas: [replica("Ingress", "k3f9q2zz", 4802, 1_795_262_401.5)],
  });
  const model = deploymentDetails({
    name: "Model",
    options: resolveDeployment({ autoscalingConfig: { maxReplicas: 4 } }, "deployment"),
    replicas: [replica("Model", "p0o9i8u7", 4803, 1_795_262_401.6)],
  });
  const declared = {
    name: "app1",
    route_prefix: "/",
    import_path: "pkg.mod:app",
    deployments: [{ name: "Ingress", max_ongoing_requests: 5 }],
  };
  const application = applicationDetails({
    name: "app1",
    source: "declarative",
    ingress: "Ingress",
    deployedAppConfig: declared,
    deployments: { Ingress: ingress, Model: model },
  });
  const controller = { pid: 4711, logFilePath: "/serve/controller_4711.log", startTimeS: 1_795_262_390, ...NODE };
  const proxy = {
    id: "proxy-1",
    status: "HEALTHY",
    pid: 4801,
    logFilePath: "/serve/proxy_10.0.0.4.log",
    ...NODE,
  } as const;
  return instanceDetails({
    controller,
    httpOptions: { ...resolveOptions("http", {}), host: "0.0.0.0", port: 0, keepAliveTimeoutS: 89.5 },
    proxies: { "node-1": proxy },
    applications: { app1: application },
    http: HTTP,
  });
}

/** One deployment of an instance that has no other, as the answer shows it. */
function shown(given: Parameters<typeof deploymentDetails>[0]): Record<string, unknown> {
  const application = applicationDetails({ name: "a", deployments: { d: deploymentDetails(given) } });
  const answer = formatInstance({ ...example(), applications: { a: application } }, HEALTH, undefined);
  return at(answer, "applications", "a", "deployments", given.name) as Record<string, unknown>;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, key) => (inner as Record<string, unknown>)[key], value);
}

describe("formatInstance", () => {
  it("gives the reference's complete example, key by key in its order (R1)", () => {
    const answer = formatInstance(example(), HEALTH, undefined);
    expect(answer).toEqual(GOLDEN);
    expect(JSON.stringify(answer)).toBe(JSON.stringify(GOLDEN));
  });

  it("gives the empty skeleton where nothing runs (R2)", () => {
    const skeleton = { controller_info: {}, proxies: {}, applications: {}, target_capacity: null };
    expect(formatInstance(instanceDetails(), HEALTH, undefined)).toEqual(skeleton);
  });

  it("leaves out applications of the other source, and nothing else", () => {
    const none = formatInstance(example(), HEALTH, "imperative");
    expect(at(none, "applications")).toEqual({});
    expect(at(none, "target_groups")).toEqual(at(GOLDEN, "target_groups"));
    expect(Object.keys(at(formatInstance(example(), HEALTH, "declarative"), "applications") as object)).toEqual([
      "app1",
    ]);
  });

  it("has no target groups without proxies, and no targets before one listens", () => {
    expect(at(formatInstance({ ...example(), proxies: {} }, HEALTH, undefined), "target_groups")).toEqual([]);
    const starting = formatInstance({ ...example(), http: null }, HEALTH, undefined);
    expect(at(starting, "target_groups", "0", "targets")).toEqual([]);
  });

  it("shows an application that was never built without a topology", () => {
    const application = applicationDetails({ name: "b", status: "DEPLOYING", ingress: "" });
    const answer = formatInstance({ ...example(), applications: { b: application } }, HEALTH, undefined);
    expect(at(answer, "applications", "b")).toMatchObject({ deployments: {}, deployment_topology: null });
  });

  it("shows num_replicas or autoscaling_config, never both", () => {
    const auto = resolveDeployment({ numReplicas: "auto" }, "deployment");
    const { deployment_config: scaled } = shown({ name: "d", options: auto });
    expect(scaled).not.toHaveProperty("num_replicas");
    expect(scaled).toHaveProperty("autoscaling_config.max_replicas", 100);
    const { deployment_config: fixed } = shown({ name: "d" });
    expect(fixed).toHaveProperty("num_replicas", 1);
    expect(fixed).not.toHaveProperty("autoscaling_config");
  });

  it("renames no key that a user chose, and leaves out what Ray's clients refuse", () => {
    const keys = { camelCase: 1, snake_case: 2 };
    const options = resolveDeployment(
      {
        userConfig: keys,
        runtimeEnv: { envVars: { someVar: "x" }, workingDir: "/srv/app" },
        autoscalingConfig: { maxReplicas: 2, policy: { policyFunction: "./p.ts:f", policyKwargs: { upperBound: 3 } } },
        maxSurgePercent: 25,
      },
      "deployment",
    );
    const { deployment_config: config } = shown({ name: "d", options });
    expect(config).toMatchObject({
      user_config: keys,
      ray_actor_options: { runtime_env: { env_vars: { someVar: "x" }, working_dir: "local:///srv/app" } },
      autoscaling_config: { policy: { policy_function: "./p.ts:f", policy_kwargs: { upperBound: 3 } } },
      max_surge_percent: 25,
    });
    const listed = resolveDeployment({ userConfig: [1, 2] }, "deployment");
    expect(shown({ name: "d", options: listed })["deployment_config"]).not.toHaveProperty("user_config");
  });

  it("counts a replica's resources by Ray's names", () => {
    const resources = { cpus: 0, gpus: 0.5, memoryBytes: 1024, custom: { disk: 2 }, acceleratorType: "T4" };
    const { required_resources: required } = shown({
      name: "d",
      options: resolveDeployment({ resources }, "deployment"),
    });
    expect(required).toEqual({ CPU: 0, GPU: 0.5, memory: 1024, disk: 2, "accelerator_type:T4": 0.001 });
  });

  it("echoes what a config file said, with folders in the form that Ray's clients take", () => {
    const sent = {
      import_path: "./app.ts:app",
      runtime_env: { working_dir: "./here", env_vars: { A: "1" } },
      deployments: [{ name: "D", ray_actor_options: { num_cpus: 2, runtime_env: { working_dir: "/abs" } } }],
    };
    const application = applicationDetails({ name: "b", deployedAppConfig: sent });
    const answer = formatInstance({ ...example(), applications: { b: application } }, HEALTH, undefined);
    expect(at(answer, "applications", "b", "deployed_app_config")).toEqual({
      import_path: "./app.ts:app",
      runtime_env: { env_vars: { A: "1" } },
      deployments: [{ name: "D", ray_actor_options: { num_cpus: 2, runtime_env: { working_dir: "local:///abs" } } }],
    });
  });

  it("says of the controller only what was measured", () => {
    const fresh = formatInstance(example(), { ...HEALTH, nowMs: HEALTH.startMs, loops: 0, turns: [] }, undefined);
    expect(at(fresh, "controller_health_metrics")).toMatchObject({ loop_duration_s: null, loops_per_second: 0 });
  });
});

describe("redactRuntimeEnvs", () => {
  it("takes the values out of every env_vars of a runtime_env, however deep, and nothing else", () => {
    const value = {
      a: [{ runtime_env: { env_vars: { A: "1", B: "2" }, working_dir: "x" } }],
      runtime_env: "text",
      user_config: { env_vars: { A: "kept" } },
    };
    expect(redactRuntimeEnvs(value)).toEqual({
      a: [{ runtime_env: { env_vars: { A: "<redacted>", B: "<redacted>" }, working_dir: "x" } }],
      runtime_env: "text",
      user_config: { env_vars: { A: "kept" } },
    });
  });
});
