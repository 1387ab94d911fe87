// Limits and queues (Q1, Q2, Q4) as every caller meets them: the proxy and drivers, at once.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Harness, type Served } from "./harness.ts";

interface Held {
  readonly pid: number;
  readonly seen: number;
}

let harness: Harness;
let served: Served;
let caller: string;

beforeAll(async () => {
  harness = new Harness();
  served = await harness.startServe(harness.copy("limits.ts"));
  caller = harness.copy("limits-caller.ts");
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

describe("maxOngoingRequests", () => {
  it("holds for all callers together, and every slot is used (Q1)", async () => {
    const load = harness.load(`${served.url}/limited?ms=10`, 12);
    const byDrivers = await Promise.all([
      harness.deploy<Held[]>(caller, "60", "10"),
      harness.deploy<Held[]>(caller, "60", "10"),
    ]);
    const { failed, all } = await load.stop();
    expect(failed).toEqual([]);
    const answers = [...byDrivers.flat(), ...all.map(({ body }) => JSON.parse(body) as Held)];
    expect(byDrivers.map((held) => held.length)).toEqual([60, 60]);
    expect(Math.max(...answers.map(({ seen }) => seen))).toBe(2);
    const busiest = Map.groupBy(answers, ({ pid }) => pid);
    expect([...busiest.values()].map((held) => Math.max(...held.map(({ seen }) => seen)))).toEqual([2, 2]);
  });
});

describe("maxQueuedRequests", () => {
  it("refuses at once with 503 and Retry-After, through an ingress that lets it through (Q2, RT8)", async () => {
    const ask = (accept: string, ms: number) => fetch(`${served.url}/narrow?ms=${ms}`, { headers: { accept } });
    const first = ask("*/*", 400);
    const rest = await Promise.all([ask("*/*", 0), ask("*/*", 0), ask("*/*", 0), ask("application/json", 0)]);
    const refused = rest.filter(({ status }) => status !== 200);
    expect((await first).status).toBe(200);
    expect(refused.map(({ status, headers }) => [status, headers.get("retry-after")])).toEqual(
      refused.map(() => [503, "1"]),
    );
    expect(refused.length).toBeGreaterThanOrEqual(1);
    const bodies = await Promise.all(refused.map((answer) => answer.text()));
    for (const body of bodies) {
      if (body.startsWith("{")) {
        const details = { deployment: "Narrow", queued: 2, limit: 2 };
        expect(JSON.parse(body)).toMatchObject({ error: { code: "BACK_PRESSURE", details } });
      } else {
        expect(body).toBe("Request dropped due to backpressure (num_queued_requests=2, max_queued_requests=2).");
      }
    }
  });

  it("is each caller's own, and a typed error with both numbers for a driver (Q2)", async () => {
    const outcomes = await harness.deploy<unknown[]>(caller, "refused");
    expect(outcomes.slice(0, 3)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
    expect(outcomes[3]).toMatchObject({
      code: "BACK_PRESSURE",
      details: { application: "narrow", deployment: "Narrow", queued: 2, limit: 2 },
      message: expect.stringMatching(/2 of 2 requests queued/) as string,
    });
  });
});
