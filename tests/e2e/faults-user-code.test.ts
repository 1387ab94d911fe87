// User code that misbehaves towards its process: it blocks, exits, throws where nobody catches, never finishes importing.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Harness, type Served } from "./harness.ts";

let harness: Harness;
let served: Served;

beforeAll(async () => {
  harness = new Harness();
  served = await harness.startServe(harness.copy("unruly.ts"));
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

const ask = (path: string, headers: Record<string, string> = {}) => fetch(new URL(path, served.url), { headers });
const json = { accept: "application/json" };

describe("a replica", () => {
  it("whose loop is blocked is chosen last, not killed, and serves again when it is free (P1, H2)", async () => {
    const before = await harness.running();
    const blocked = ask("/block?ms=5000");
    await harness.waitUntil(() => harness.logs("controller").includes("process.silent"), "the head notices");
    const others = await Promise.all(Array.from({ length: 5 }, async () => (await ask("/")).text()));
    const victim = await (await blocked).text();
    expect(others).not.toContain(victim);
    expect(await harness.running()).toEqual(before);
    await harness.waitUntil(async () => (await (await ask("/")).text()) === victim, "it is asked again");
  });

  it("outlives a promise that nobody waits for, and logs what it was rejected with", async () => {
    const before = await harness.running();
    const [pid] = [Number(await (await ask("/reject")).text())];
    expect(before).toContain(pid);
    await harness.waitUntil(
      () => harness.logs("replica_default_Unruly").includes("rejected where nobody waits"),
      "the log",
    );
    expect(await harness.running()).toEqual(before);
  });

  it.each([
    ["/exit", "exit code 3"],
    ["/throw-later", "exit code 1"],
  ])(
    "that ends by its own code fails what it held, is replaced, and the reason is logged (K2): %s",
    async (path, reason) => {
      const before = await harness.running();
      const answer = await ask(path, json);
      expect([answer.status, await answer.json()]).toMatchObject([500, { error: { code: "REPLICA_GONE" } }]);
      expect((await ask("/")).status).toBe(200);
      const after = await harness.waitUntil(async () => {
        const pids = await harness.running();
        return pids.length === 2 && pids.some((pid) => !before.includes(pid)) && pids;
      }, "another takes its place");
      expect(after.filter((pid) => before.includes(pid))).toHaveLength(1);
      expect(harness.logs("controller")).toMatch(new RegExp(`replica.died .*${reason}`));
    },
  );
});

describe("a module that never finishes importing", () => {
  it("is reported by `manta run` at once, with the file (api.md 2)", async () => {
    const file = harness.write("never-run.ts", "await new Promise(() => undefined);\nexport const app = 1;\n");
    const { code, stderr } = await harness.manta("run", file);
    expect(code).toBe(1);
    expect(stderr).toMatch(/importing .*never-run\.ts cannot end: an `await` at its top level never settles/);
  });
});
