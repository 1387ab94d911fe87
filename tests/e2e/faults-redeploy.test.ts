// Deploying again under load: changed code, broken code, the same code.
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { Harness, type Served } from "./harness.ts";

let harness: Harness;
let served: Served;
let file: string;

beforeAll(async () => {
  harness = new Harness();
  file = harness.copy("many.ts");
  served = await harness.startServe(file);
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

const version = (body: string): string => (JSON.parse(body) as { version: string }).version;
const asVersion = (name: string) => (source: string) =>
  source.replace(/const VERSION = .*/, `const VERSION = "${name}";`);

describe("deploying again", () => {
  it("the same code restarts nothing (D3)", async () => {
    const before = await harness.running();
    await harness.deploy(file);
    expect(await harness.running()).toEqual(before);
  });

  it("changed code fails no request, and after `serve.run` nothing reaches the old version (D2, D7)", async () => {
    const before = await harness.running();
    const load = harness.load(served.url);
    await harness.waitUntil(() => load.answered > 50, "the load is under way");
    harness.copy("many.ts", asVersion("two"));
    const { deployedMs } = await harness.deploy<{ deployedMs: number }>(file);
    const answered = load.answered;
    await harness.waitUntil(() => load.answered > answered + 50, "the load goes on");
    const { failed, all, sent } = await load.stop();
    expect(failed).toEqual([]);
    expect(all).toHaveLength(sent);
    expect(new Set(all.map(({ body }) => version(body)))).toEqual(new Set(["one", "two"]));
    const later = all.filter(({ startMs }) => startMs > deployedMs);
    expect(later.length).toBeGreaterThan(20);
    expect(new Set(later.map(({ body }) => version(body)))).toEqual(new Set(["two"]));
    const after = await harness.waitUntil(async () => {
      const pids = await harness.running();
      return pids.length === 2 && pids;
    }, "two replicas are left");
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
  });

  it("broken code leaves the old version serving, with DEPLOY_FAILED and the reason (D4, D6)", async () => {
    const before = await harness.running();
    const load = harness.load(served.url);
    await harness.waitUntil(() => load.answered > 20, "the load is under way");
    harness.copy("many.ts", (source) =>
      source.replace(
        "async fetch()",
        'constructor() {\n    throw new Error("no weights at /w");\n  }\n  async fetch()',
      ),
    );
    const { code, stderr } = await harness.run(file).finished();
    expect(code).toBe(1);
    expect(stderr).toContain("DEPLOY_FAILED");
    expect(stderr).toContain("no weights at /w");
    const { status, message } = await harness.application();
    expect([status, message]).toEqual(["DEPLOY_FAILED", expect.stringContaining("no weights at /w")]);
    const answered = load.answered;
    await harness.waitUntil(() => load.answered > answered + 50, "the old version serves");
    const { failed, all } = await load.stop();
    expect(failed).toEqual([]);
    expect(new Set(all.map(({ body }) => version(body)))).toEqual(new Set(["two"]));
    expect((await harness.replicas()).map(({ pid }) => pid)).toEqual(before);
    harness.copy("many.ts", asVersion("three"));
    await harness.deploy(file);
    expect(version(await (await fetch(served.url)).text())).toBe("three");
  });
});

describe("a first deploy that fails", () => {
  it("rejects in the driver with the first lines of the error, ends it with 1, and leaves nothing running (D4)", async () => {
    const other = new Harness();
    onTestFinished(() => other.close());
    other.showOnFailure();
    const source = `
import { deployment, serve } from "manta-serve";
class Broken {
  constructor() { throw new RangeError("model of 9 GB does not fit"); }
  fetch() { return "never"; }
}
await serve.run(deployment(Broken).bind(), { http: { port: 0 }, admin: { port: 0 } });
`;
    const { code, stderr } = await other.run(other.write("broken.ts", source)).finished();
    expect(code).toBe(1);
    expect(stderr).toContain("DEPLOY_FAILED");
    expect(stderr).toContain("RangeError: model of 9 GB does not fit");
    expect(stderr).toMatch(/at new Broken .*broken\.ts:4/);
    await other.nothingLeft();
  });
});
