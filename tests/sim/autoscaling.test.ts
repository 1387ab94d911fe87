// Autoscaling through a whole instance in this process: callers that report, the controller, policies.
import { describe, expect, it } from "vitest";
import { autoscalingPolicy } from "../../src/api/autoscaling-policy.ts";
import { deployment } from "../../src/api/deployment.ts";
import type { DeploymentOptions } from "../../src/config/options.generated.ts";
import { ManualClock } from "../../src/core/clock.ts";
import type { AutoscalingContext } from "../../src/model/autoscaling-context.ts";
import { type InMemoryInstance, runInMemory } from "../../src/testing/run-in-memory.ts";

type Autoscaling = NonNullable<DeploymentOptions["autoscalingConfig"]>;

const gates: PromiseWithResolvers<string>[] = [];
class Model {
  work(): Promise<string> {
    const gate = Promise.withResolvers<string>();
    gates.push(gate);
    return gate.promise;
  }
}
const open = (): void => gates.splice(0).forEach((gate) => gate.resolve("done"));

async function start(autoscalingConfig: Autoscaling, Class: new () => Model = Model) {
  const clock = new ManualClock();
  const Deployed = deployment(Class, { name: "Model", autoscalingConfig });
  const instance = await runInMemory(Deployed.bind(), { clock, routePrefix: null });
  const details = async () => (await instance.status()).applications["default"]?.deployments["Model"];
  /** Moves time until `done`. */
  const until = async (done: () => Promise<boolean>, limitMs = 60_000): Promise<void> => {
    for (let passed = 0; !(await done()); passed += 50) {
      if (passed > limitMs) expect.fail(`not within ${limitMs} ms: ${JSON.stringify(await details(), null, 1)}`);
      await clock.advance(50);
    }
  };
  const untilTarget = (n: number) => until(async () => (await details())?.targetNumReplicas === n);
  const untilRunning = (n: number) =>
    until(async () => {
      const found = await details();
      return found?.status === "HEALTHY" && found.replicas.filter(({ state }) => state === "RUNNING").length === n;
    });
  return { clock, instance, details, until, untilTarget, untilRunning };
}

const QUICK = { lookBackPeriodS: 2, metricsIntervalS: 1, upscaleDelayS: 1, downscaleDelayS: 4 } as const;

async function close(instance: InMemoryInstance<unknown>): Promise<void> {
  open();
  await instance.close();
}

describe("an autoscaled deployment", () => {
  it("begins without replicas, starts one for the first request and answers it (A1, A5)", async () => {
    const { instance, details, until, clock } = await start({ ...QUICK, minReplicas: 0, maxReplicas: 3 });
    expect((await details())?.replicas).toEqual([]);
    expect(await details()).toMatchObject({ status: "HEALTHY", targetNumReplicas: 0 });
    const askedMs = clock.now();
    const answer = instance.handle.work();
    await until(async () => gates.length === 1);
    expect(clock.now() - askedMs).toBeLessThan(100);
    open();
    expect(await answer).toBe("done");
    expect((await details())?.autoscaling?.decisions[0]).toMatchObject({
      prevNumReplicas: 0,
      currNumReplicas: 1,
      policy: "default",
      reason: "requests wait and no replica serves: 1 wanted",
    });
    await close(instance);
  });

  it("grows with the load, shrinks without it, and gets back to none", async () => {
    const { instance, details, untilTarget, untilRunning } = await start({
      ...QUICK,
      minReplicas: 0,
      initialReplicas: 1,
      maxReplicas: 4,
      targetOngoingRequests: 2,
    });
    await untilRunning(1);
    const answers = Array.from({ length: 7 }, () => instance.handle.work());
    await untilTarget(4);
    await untilRunning(4);
    open();
    await Promise.all(answers);
    await untilTarget(1);
    await untilTarget(0);
    await untilRunning(0);
    const { autoscaling, statusTrigger } = (await details()) ?? {};
    expect(statusTrigger).toBe("DOWNSCALE_COMPLETED");
    expect(autoscaling).toMatchObject({ scalingStatus: "STABLE", metricsHealth: "healthy", errors: [] });
    expect(autoscaling?.decisions.map(({ currNumReplicas }) => currNumReplicas).slice(-2)).toEqual([1, 0]);
    expect(autoscaling?.decisions.at(-2)?.reason).toMatch(
      /requests on average over 2 s at target 2 per replica: 0 wanted; held for 4 s/,
    );
    await close(instance);
  });

  it("asks a user's function, with its state (A7)", async () => {
    const seen: AutoscalingContext[] = [];
    const byCount = (context: AutoscalingContext, kwargs: Readonly<Record<string, unknown>>) => {
      seen.push(context);
      const calls = ((context.policyState as { calls?: number }).calls ?? 0) + 1;
      return [calls >= 3 ? Number(kwargs["most"]) : 1, { calls }] as const;
    };
    const { instance, details, untilRunning } = await start({
      ...QUICK,
      upscaleDelayS: 0,
      maxReplicas: 5,
      policy: autoscalingPolicy(byCount, { most: 3 }),
    });
    await untilRunning(3);
    expect(seen[0]).toMatchObject({ deploymentName: "Model", appName: "default", deploymentId: "default#Model" });
    expect(seen[0]).toMatchObject({ capacityAdjustedMinReplicas: 1, capacityAdjustedMaxReplicas: 5, policyState: {} });
    expect((await details())?.autoscaling?.decisions.at(-1)).toMatchObject({ policy: "byCount", currNumReplicas: 3 });
    await close(instance);
  });

  it("keeps its size when a policy throws, and says why once", async () => {
    const broken = (): number => {
      throw new RangeError("no idea");
    };
    const { instance, details, until, clock } = await start({
      ...QUICK,
      minReplicas: 1,
      initialReplicas: 2,
      maxReplicas: 5,
      downscaleDelayS: 0,
      policy: autoscalingPolicy(broken),
    });
    await until(async () => (await details())?.autoscaling?.errors.length === 1);
    await clock.advance(10_000);
    expect(await details()).toMatchObject({ targetNumReplicas: 2, autoscaling: { decisions: [] } });
    expect((await details())?.autoscaling?.errors).toEqual(["the policy broken threw RangeError: no idea"]);
    expect(await details()).toMatchObject({
      status: "HEALTHY",
      message: "the policy broken threw RangeError: no idea; the number of replicas is kept",
    });
    await close(instance);
  });

  it("keeps its size when a policy takes longer than a second", async () => {
    class Slow {
      decide(): Promise<number> {
        return new Promise(() => undefined);
      }
    }
    const { instance, details, until } = await start({ ...QUICK, maxReplicas: 5, policy: autoscalingPolicy(Slow) });
    await until(
      async () => (await details())?.autoscaling?.errors[0] === "the policy Slow has not answered within 1 s",
    );
    expect((await details())?.targetNumReplicas).toBe(1);
    await close(instance);
  });

  it("shows a policy what replicas record of themselves", async () => {
    class Loaded extends Model {
      recordAutoscalingStats(): Record<string, number> {
        return { temperature: 4 };
      }
    }
    const byTemperature = ({ aggregatedMetrics }: AutoscalingContext): number =>
      Object.values(aggregatedMetrics["temperature"] ?? {})[0] ?? 1;
    const policy = autoscalingPolicy(byTemperature);
    const { instance, details, until, untilRunning } = await start(
      { ...QUICK, upscaleDelayS: 0, maxReplicas: 5, policy },
      Loaded,
    );
    await untilRunning(4);
    await until(async () => (await details())?.autoscaling?.metrics["temperature"] === 16);
    await close(instance);
  });
});
