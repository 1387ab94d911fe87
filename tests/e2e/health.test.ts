// Replicas that are not well: health checks that fail, loops that block, and what status says of both (H1, H2).
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Harness, type Served } from "./harness.ts";

const SOURCE = `
import { deployment, serve } from "manta-serve";
class Patient {
  sick = "";
  async fetch(request) {
    const url = new URL(request.url);
    this.sick = url.searchParams.get("sick") ?? this.sick;
    if (url.searchParams.has("die")) {
      console.error("FATAL: out of cheese");
      process.exit(7);
    }
    const blockMs = Number(url.searchParams.get("block") ?? 0);
    const until = Date.now() + blockMs;
    while (Date.now() < until);
    return String(process.pid);
  }
  checkHealth() {
    if (this.sick !== "") throw new Error(this.sick);
  }
}
const app = deployment(Patient, { healthCheckPeriodS: 0.2, healthCheckTimeoutS: 20 }).bind();
await serve.run(app, { http: { port: 0 }, admin: { port: 0 } });
console.log(JSON.stringify(await serve.status()));
`;

let harness: Harness;
let served: Served;

beforeEach(async () => {
  harness = new Harness();
  harness.showOnFailure();
  served = await harness.startServe(harness.write("patient.ts", SOURCE));
});
afterEach(() => harness.close());

const message = async (): Promise<string> => (await harness.application()).deployments["Patient"]?.message ?? "";
const ask = async (query: string): Promise<string> => (await fetch(`${served.url}/?${query}`)).text();

describe("a replica", () => {
  it("whose health check fails three times in a row is replaced, and its reason is kept (H1)", async () => {
    const before = await ask("sick=the%20database%20is%20away");
    const said = await harness.waitUntil(
      async () => /3 health checks failed in a row.*/.exec(await message())?.[0],
      "status says why",
    );
    expect(said).toContain("Last error: Error: the database is away");
    const [after] = await harness.running("Patient");
    expect(String(after)).not.toBe(before);
    expect(await ask("")).toBe(String(after));
    const reasons = (await harness.ask("history", { deployment: "Patient" })).map(({ reason }) => reason);
    expect(reasons.some((reason) => reason.includes("3 health checks failed in a row"))).toBe(true);
  });

  it("that ends its process says with what, and what it printed last", async () => {
    await ask("die=1");
    const died = await harness.waitUntil(async () => {
      const told = await harness.ask("history", { deployment: "Patient" });
      return told.find(({ event }) => event === "replica.died")?.reason;
    }, "its end is told");
    expect(died).toMatch(/exit code 7; see manta logs \w+\nFATAL: out of cheese$/);
  });

  it("whose event loop is blocked is seen from outside, and goes on when the loop does (H2)", async () => {
    const before = await ask("");
    const blocked = ask("block=12000");
    const said = await harness.waitUntil(
      async () => /not responding.*blocked\)/.exec(await message())?.[0],
      "it is seen",
      12_000,
    );
    expect(said).toMatch(/^not responding for \d+ s \(its event loop is blocked\)$/);
    expect(await blocked).toBe(before);
    await harness.waitUntil(async () => (await message()) === "", "it is heard again");
    expect((await harness.application()).status).toBe("RUNNING");
  });
});
