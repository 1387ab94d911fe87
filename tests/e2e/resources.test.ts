// An instance that counts its cpus: who does not fit waits and status says for what, and rollouts replace (D2).
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Harness, type Served } from "./harness.ts";

/** Runs as many replicas as its argument says, and waits for them unless they are more than fit. */
const source = (version: string): string => `
import { deployment, serve } from "manta-serve";
const numReplicas = import.meta.main ? Number(process.argv[2] ?? 2) : 1;
class Sized {
  fetch() { return "${version}"; }
}
const app = deployment(Sized, { numReplicas }).bind();
if (import.meta.main) {
  const running = serve.run(app, { numCpus: 2, http: { port: 0 }, admin: { port: 0 } });
  if (numReplicas <= 2) await running;
  else running.catch(() => undefined);
  console.log(JSON.stringify(await serve.status()));
}
`;

let harness: Harness;
let served: Served;

beforeEach(async () => {
  harness = new Harness();
  harness.showOnFailure();
  served = await harness.startServe(harness.write("sized.ts", source("one")));
});
afterEach(() => harness.close());

describe("counted cpus", () => {
  it("let a third replica wait for one of two cpus", async () => {
    const file = harness.write("sized.ts", source("one"));
    harness.run(file, "3");
    const message = async () => (await harness.application()).deployments["Sized"]?.message;
    await harness.waitUntil(
      async () => (await message()) === "waiting for the engine (busy): needs 1 cpus, 0 of 2 free",
      "status says what the replica waits for",
    );
    const states = (await harness.replicas()).map(({ state }) => state).sort((a, b) => a.localeCompare(b));
    expect(states).toEqual(["RUNNING", "RUNNING", "STARTING"]);
    await harness.deploy(file, "1");
    expect(await harness.running()).toHaveLength(1);
  });

  it("make a rollout replace, one replica at a time, without a failed request", async () => {
    const load = harness.load(served.url);
    await harness.waitUntil(() => load.answered > 20, "the load is under way");
    await harness.deploy(harness.write("sized.ts", source("two")));
    const { answered } = load;
    await harness.waitUntil(() => load.answered > answered + 20, "the load goes on");
    const { failed, all } = await load.stop();
    expect(failed).toEqual([]);
    expect(new Set(all.map(({ body }) => body))).toEqual(new Set(["one", "two"]));
  });
});
