// Scaling by load with real processes: from none and back, up and down under requests, and by a user's policy that fails
// in every way.
import { renameSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DeploymentDetails } from "../../src/model/status.ts";
import { Harness, type Served } from "./harness.ts";

let harness: Harness;
let served: Served;
let orders: string;

beforeAll(async () => {
  harness = new Harness();
  const script = harness.copy("scaling.ts");
  orders = harness.write("orders.txt", "1");
  served = await harness.startServe(script, orders);
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

const details = async (application: string): Promise<DeploymentDetails> => {
  const found = (await harness.application(application)).deployments["Worker"];
  if (found === undefined) throw new Error(`${application} has no Worker`);
  return found;
};

/** Resolves when so many replicas are there and serve, and that is what is wanted. */
const sized = (application: string, replicas: number): Promise<DeploymentDetails> =>
  harness.waitUntil(
    async () => {
      const found = await details(application);
      const isRight = found.status === "HEALTHY" && found.targetNumReplicas === replicas;
      return isRight && found.replicas.length === replicas && found;
    },
    `${application} has ${replicas} replicas`,
    20_000,
  );

const policyProcesses = (): number[] => harness.processes().filter((pid) => harness.programOf(pid) === "policy");

describe("an application without replicas", () => {
  it("starts one for the first request, answers it, and goes back to none when nobody asks (A1, A3, A5)", async () => {
    expect((await details("zero")).replicas).toEqual([]);
    const answer = await fetch(`${served.url}/zero`);
    expect([answer.status, Number(await answer.text()) > 0]).toEqual([200, true]);
    const { autoscaling } = await sized("zero", 0);
    expect(autoscaling?.decisions.map(({ currNumReplicas }) => currNumReplicas)).toEqual([1, 0]);
    const again = await Promise.all([fetch(`${served.url}/zero`), fetch(`${served.url}/zero`)]);
    expect(again.map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe("an application under load", () => {
  it("grows to what the load needs, loses no request, and shrinks after it (A2, A3)", async () => {
    const load = harness.load(`${served.url}/load?ms=20`, 12);
    const grown = await sized("load", 3);
    expect(grown.autoscaling?.decisions.at(-1)?.reason).toMatch(
      /requests on average over 0.6 s at target 2 per replica/,
    );
    expect((await harness.application("load")).status).toBe("RUNNING");
    const busy = new Set((await load.answeredTo(load.answered + 200)).slice(-100).map(({ body }) => body));
    expect(busy.size).toBe(3);
    expect((await load.stop()).failed).toEqual([]);
    await sized("load", 1);
    const lines = await harness.ask("history", { application: "load", deployment: "Worker" });
    const scaled = lines.filter(({ event }) => event === "deployment.scale").map(({ reason }) => reason);
    expect(scaled.length).toBeGreaterThanOrEqual(2);
    expect(scaled.at(-1)).toMatch(/-> 1: .* requests on average over 0\.6 s .*; held for 0\.5 s$/);
  });
});

describe("an application that is scaled from outside", () => {
  it("has as many replicas as REST asks for, also under the next head", async () => {
    const { admin } = await harness.status();
    const order = { method: "POST", body: JSON.stringify({ target_num_replicas: 2 }) };
    const url = (application: string) => `${admin?.url}/api/v1/applications/${application}/deployments/Worker/scale`;
    expect((await fetch(url("ordered"), order)).status).toBe(200);
    await sized("ordered", 2);
    expect((await fetch(url("load"), order)).status).toBe(412);
    await harness.killHead();
    expect(await harness.running("Worker", "ordered")).toHaveLength(2);
  });
});

describe("a policy of one's own", () => {
  /** At once: a policy that reads half an order, or none, would be told to have no replicas. */
  const told = (order: string): void => {
    writeFileSync(`${orders}.new`, order);
    renameSync(`${orders}.new`, orders);
  };
  const complains = (text: string): Promise<unknown> =>
    harness.waitUntil(
      async () => (await details("told")).autoscaling?.errors.some((error) => error.includes(text)),
      `the policy's mistake is shown: ${text}`,
      20_000,
    );

  it("decides, in a process of its own (A7)", async () => {
    told("3");
    const { autoscaling } = await sized("told", 3);
    expect(autoscaling?.decisions.at(-1)).toMatchObject({
      policy: "Told",
      reason: "the policy says 3: 3 wanted; held for 0.1 s",
    });
    expect(policyProcesses()).toHaveLength(1);
  });

  it("that throws changes nothing, and is heard again when it answers", async () => {
    told("throw");
    await complains("the policy Told threw RangeError: told to");
    expect((await details("told")).targetNumReplicas).toBe(3);
    told("2");
    expect((await sized("told", 2)).autoscaling?.errors).toEqual([]);
  });

  it("that blocks its process is told of, and the process replaced", async () => {
    const [blocked] = policyProcesses();
    told("hang");
    await complains("the policy Told has not answered within 1 s");
    told("3");
    await sized("told", 3);
    expect(policyProcesses()).toHaveLength(1);
    expect(policyProcesses()).not.toContain(blocked);
  });

  it("whose process ends is started again", async () => {
    told("exit");
    await complains("ended");
    expect((await details("told")).targetNumReplicas).toBe(3);
    told("1");
    await sized("told", 1);
  });

  it("goes on under the next head, and no size is lost (K1)", async () => {
    told("2");
    await sized("told", 2);
    const before = await harness.running("Worker", "told");
    await harness.killHead();
    expect(new Set(await harness.running("Worker", "told"))).toEqual(new Set(before));
    told("3");
    await sized("told", 3);
    expect(policyProcesses()).toHaveLength(1);
  });

  it("has no process any more when nobody uses it", async () => {
    await harness.ask("delete", { name: "told" });
    await harness.waitUntil(() => policyProcesses().length === 0, "the policy's process has ended", 20_000);
  });
});
