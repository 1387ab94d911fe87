import { describe, expect, it } from "vitest";
import { OPTIONS } from "../config/options.generated.ts";
import { parseServeConfig } from "../config/serve-config.ts";
import type { ApplicationSpec, DeploymentSpec } from "../model/application-spec.ts";
import { configOf } from "./build-config.ts";
import { toFileForm } from "./file-form.ts";

const application = (...deployments: Pick<DeploymentSpec, "name" | "input">[]): ApplicationSpec =>
  ({ name: "default", deployments }) as unknown as ApplicationSpec;

const built = (importPath: string, ...applications: ApplicationSpec[]) => ({ importPath, result: { applications } });

describe("toFileForm", () => {
  it("gives options Ray's names, groups included, and leaves users' data alone (R1)", () => {
    const options = {
      maxOngoingRequests: 3,
      userConfig: { maxTokens: 4 },
      autoscalingConfig: { minReplicas: 2, policy: { policyFunction: "./p.ts:byHour" } },
      numReplicas: undefined,
    };
    expect(toFileForm(OPTIONS.deployment, options)).toEqual({
      max_ongoing_requests: 3,
      user_config: { maxTokens: 4 },
      autoscaling_config: { min_replicas: 2, policy: { policy_function: "./p.ts:byHour" } },
    });
  });

  it("puts resources and runtimeEnv into ray_actor_options (R2)", () => {
    const options = { resources: { cpus: 2, custom: { disk: 1 } }, runtimeEnv: { envVars: { A: "1" } } };
    expect(toFileForm(OPTIONS.deployment, options)).toEqual({
      ray_actor_options: { num_cpus: 2, resources: { disk: 1 }, runtime_env: { env_vars: { A: "1" } } },
    });
  });

  it("leaves out what only code has", () => {
    expect(toFileForm(OPTIONS.deployment, { maxConstructorRetryCount: 3 })).toEqual({});
  });
});

describe("configOf", () => {
  it("names several applications and gives each a route; one has /", () => {
    const one = built("./a.ts:app", application({ name: "Model", input: { name: "Other", numReplicas: 2 } }));
    const config = configOf([one, built("./b.ts", application())]);
    expect(config.applications).toEqual([
      {
        name: "app1",
        route_prefix: "/app1",
        import_path: "./a.ts:app",
        runtime_env: {},
        deployments: [{ name: "Model", num_replicas: 2 }],
      },
      { name: "app2", route_prefix: "/app2", import_path: "./b.ts", runtime_env: {}, deployments: [] },
    ]);
    expect(configOf([one]).applications[0]?.route_prefix).toBe("/");
  });

  it("writes what a deploy takes without a warning", () => {
    const config = configOf([built("./a.ts:app", application({ name: "Model", input: { numReplicas: "auto" } }))]);
    expect(parseServeConfig(JSON.parse(JSON.stringify(config)))).toEqual({ config, warnings: [] });
  });

  it("refuses a file that runs several applications", () => {
    expect(() => configOf([built("./a.ts", application(), application())])).toThrow(/runs 2 applications/);
  });
});
