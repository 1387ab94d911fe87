import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { RAY_ACTOR_OPTIONS, toCamelCase, toSnakeCase } from "../names.ts";
import type * as options from "../options.generated.ts";
import { OPTIONS } from "../options.generated.ts";
import { describeGroup } from "./describe.ts";
import { applicationSchema, handleSchema } from "./application.ts";
import { autoscalingPolicySchema, autoscalingSchema } from "./autoscaling.ts";
import { deploymentSchema } from "./deployment.ts";
import { optionGroups, runSchema } from "./groups.ts";
import { adminSchema, httpSchema, instanceSchema } from "./instance.ts";
import { loggingSchema } from "./logging.ts";
import { optionDocs } from "./option-docs.ts";
import { deploymentActorSchema, fallbackSchema, gangSchema, resourcesSchema, runtimeEnvSchema } from "./placement.ts";
import { backpressureSchema, requestRouterSchema } from "./routing.ts";

/** Resolved types are read-only all the way down. */
type Frozen<T> = T extends AbortSignal ? T : T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;
type Output<S extends z.ZodType> = Frozen<z.output<S>>;
/** `resolve-deployment.ts` makes a number of "auto". */
type DeploymentOutput = Omit<Output<typeof deploymentSchema>, "numReplicas"> & { readonly numReplicas: number };

describe("the generated types", () => {
  it("are what the schemas take", () => {
    expectTypeOf<options.AutoscalingPolicyOptions>().toEqualTypeOf<z.input<typeof autoscalingPolicySchema>>();
    expectTypeOf<options.AutoscalingOptions>().toEqualTypeOf<z.input<typeof autoscalingSchema>>();
    expectTypeOf<options.BackpressureOptions>().toEqualTypeOf<z.input<typeof backpressureSchema>>();
    expectTypeOf<options.RequestRouterOptions>().toEqualTypeOf<z.input<typeof requestRouterSchema>>();
    expectTypeOf<options.FallbackOptions>().toEqualTypeOf<z.input<typeof fallbackSchema>>();
    expectTypeOf<options.ResourceOptions>().toEqualTypeOf<z.input<typeof resourcesSchema>>();
    expectTypeOf<options.GangSchedulingOptions>().toEqualTypeOf<z.input<typeof gangSchema>>();
    expectTypeOf<options.DeploymentActorOptions>().toEqualTypeOf<z.input<typeof deploymentActorSchema>>();
    expectTypeOf<options.RuntimeEnvOptions>().toEqualTypeOf<z.input<typeof runtimeEnvSchema>>();
    expectTypeOf<options.DeploymentOptions>().toEqualTypeOf<z.input<typeof deploymentSchema>>();
    expectTypeOf<options.HandleOptions>().toEqualTypeOf<z.input<typeof handleSchema>>();
    expectTypeOf<options.ApplicationOptions>().toEqualTypeOf<z.input<typeof applicationSchema>>();
    expectTypeOf<options.HttpOptions>().toEqualTypeOf<z.input<typeof httpSchema>>();
    expectTypeOf<options.AdminOptions>().toEqualTypeOf<z.input<typeof adminSchema>>();
    expectTypeOf<options.LoggingOptions>().toEqualTypeOf<z.input<typeof loggingSchema>>();
    expectTypeOf<options.InstanceOptions>().toEqualTypeOf<z.input<typeof instanceSchema>>();
    expectTypeOf<options.RunOptions>().toEqualTypeOf<z.input<typeof runSchema>>();
  });

  it("are what the schemas give", () => {
    expectTypeOf<options.ResolvedAutoscalingOptions>().toEqualTypeOf<Output<typeof autoscalingSchema>>();
    expectTypeOf<options.ResolvedBackpressureOptions>().toEqualTypeOf<Output<typeof backpressureSchema>>();
    expectTypeOf<options.ResolvedRequestRouterOptions>().toEqualTypeOf<Output<typeof requestRouterSchema>>();
    expectTypeOf<options.ResolvedFallbackOptions>().toEqualTypeOf<Output<typeof fallbackSchema>>();
    expectTypeOf<options.ResolvedResourceOptions>().toEqualTypeOf<Output<typeof resourcesSchema>>();
    expectTypeOf<options.ResolvedGangSchedulingOptions>().toEqualTypeOf<Output<typeof gangSchema>>();
    expectTypeOf<options.ResolvedDeploymentActorOptions>().toEqualTypeOf<Output<typeof deploymentActorSchema>>();
    expectTypeOf<options.ResolvedRuntimeEnvOptions>().toEqualTypeOf<Output<typeof runtimeEnvSchema>>();
    expectTypeOf<options.ResolvedDeploymentOptions>().branded.toEqualTypeOf<DeploymentOutput>();
    expectTypeOf<options.ResolvedHandleOptions>().toEqualTypeOf<Output<typeof handleSchema>>();
    expectTypeOf<options.ResolvedApplicationOptions>().toEqualTypeOf<Output<typeof applicationSchema>>();
    expectTypeOf<options.ResolvedHttpOptions>().toEqualTypeOf<Output<typeof httpSchema>>();
    expectTypeOf<options.ResolvedAdminOptions>().toEqualTypeOf<Output<typeof adminSchema>>();
    expectTypeOf<options.ResolvedLoggingOptions>().toEqualTypeOf<Output<typeof loggingSchema>>();
    expectTypeOf<options.ResolvedInstanceOptions>().toEqualTypeOf<Output<typeof instanceSchema>>();
    expectTypeOf<options.ResolvedRunOptions>().toEqualTypeOf<Output<typeof runSchema>>();
  });
});

describe("the registry", () => {
  it("holds every option, and the generated data is what it says (R1)", () => {
    for (const { name, schema } of optionGroups) {
      expect(OPTIONS[name as options.OptionGroup]).toEqual(describeGroup(schema));
    }
  });

  it("refuses an option without an entry (R1)", () => {
    expect(() => describeGroup(z.strictObject({ left: z.int() }))).toThrow("option left is not registered");
  });

  it("refuses a bound that the plain data cannot tell (R2)", () => {
    const doc = { text: "", unit: null, update: "live", rayName: null, since: "0" } as const;
    const option = z.number().multipleOf(2).register(optionDocs, doc);
    expect(() => describeGroup(z.strictObject({ option }))).toThrow("multipleOf (R2)");
  });

  it("names Ray's options mechanically, with one exception", () => {
    for (const [name, facts] of Object.entries({ ...OPTIONS.deployment, ...OPTIONS.http, ...OPTIONS.logging })) {
      expect(toCamelCase(toSnakeCase(name))).toBe(name);
      if (name === "runtimeEnv") expect(facts.rayName).toBe(`${RAY_ACTOR_OPTIONS.snake}.runtime_env`);
      else if (name === "resources") expect(facts.rayName).toBe(RAY_ACTOR_OPTIONS.snake);
      else if (facts.rayName !== null) expect(facts.rayName).toBe(toSnakeCase(name));
    }
  });

  it("joins what serve.run takes from its two groups", () => {
    expect(Object.keys(OPTIONS.run)).toEqual(Object.keys({ ...OPTIONS.instance, ...OPTIONS.application }));
  });

  it("has Ray's defaults (reference 2.2 to 2.4)", () => {
    const defaults = Object.entries(OPTIONS.deployment).map(([name, f]) => [
      toSnakeCase(name),
      "default" in f ? f.default : undefined,
    ]);
    expect(Object.fromEntries(defaults)).toMatchObject({
      num_replicas: 1,
      max_ongoing_requests: 5,
      max_queued_requests: -1,
      user_config: null,
      graceful_shutdown_wait_loop_s: 2,
      graceful_shutdown_timeout_s: 20,
      health_check_period_s: 10,
      health_check_timeout_s: 30,
      rolling_update_percentage: 0.2,
      max_constructor_retry_count: 20,
    });
  });

  it("has Ray's update costs (reference 2.6)", () => {
    const costs = Object.groupBy(Object.entries(OPTIONS.deployment), ([, { update }]) => update);
    const namesOf = (cost: keyof typeof costs) => (costs[cost] ?? []).map(([name]) => toSnakeCase(name)).toSorted();
    const lightWeight = ["num_replicas", "max_queued_requests", "rolling_update_percentage", "max_surge_percent"];
    const controllerOnly = [
      "graceful_shutdown_timeout_s",
      "health_check_period_s",
      "health_check_timeout_s",
      "max_constructor_retry_count",
    ];
    expect(namesOf("live")).toEqual([...lightWeight, ...controllerOnly].toSorted());
    expect(namesOf("reconfigure")).toEqual([
      "autoscaling_config",
      "backpressure_config",
      "graceful_shutdown_wait_loop_s",
      "logging_config",
      "max_ongoing_requests",
      "request_router_config",
      "user_config",
    ]);
    const noticed = Object.entries(OPTIONS.autoscaling).filter(([, { update }]) => update !== "live");
    expect(noticed.map(([name]) => toSnakeCase(name))).toEqual(["metrics_interval_s", "look_back_period_s"]);
  });
});
