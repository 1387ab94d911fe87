// Many deploys in a row under constant load: no request fails, and every answer says which version made it (D2, D6, D7).
// REDEPLOYS=100 makes the long run of it.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Declared } from "./declared.ts";
import { kill } from "./harness.ts";

const REDEPLOYS = Number(process.env["REDEPLOYS"] ?? 6);
const LIMIT_MS = 30_000 + 5_000 * REDEPLOYS;

let declared: Declared;
let folder: string;

beforeAll(async () => {
  declared = new Declared();
  await declared.start();
});
beforeEach(() => declared.harness.showOnFailure());
afterAll(() => declared.harness.close());

/** A module whose replicas answer with its version, after a pause; `broken` ones fail to start. */
function version(name: string, isBroken = false): void {
  folder = declared.write(
    "versioned.ts",
    `import { deployment } from "manta-serve";
     class Versioned {
       constructor() { if (${isBroken}) throw new Error("no weights for ${name}"); }
       async fetch() {
         await new Promise((resolve) => setTimeout(resolve, 10));
         return "${name}";
       }
     }
     export const app = deployment(Versioned, { maxOngoingRequests: 50 }).bind();`,
  );
}

function deploy(options: object, wait = true) {
  const deployments = [{ name: "Versioned", num_replicas: 3, ...options }];
  const application = { name: "app", route_prefix: "/app", import_path: "./versioned.ts:app", deployments };
  return declared.send({ applications: [application] }, { workingDir: folder, wait });
}

describe("deploys under load", () => {
  it.each([{}, { max_surge_percent: 0 }, { max_surge_percent: 100 }])(
    "fail no request with %o, and each is over when it says so (D2, D7)",
    async (options) => {
      version("v0");
      await deploy(options);
      const load = declared.harness.load(new URL("/app", declared.url).href);
      const done: { readonly name: string; readonly atMs: number }[] = [];
      for (let n = 1; n <= REDEPLOYS; n++) {
        version(`v${n}`);
        await deploy(options);
        done.push({ name: `v${n}`, atMs: Date.now() });
        const { answered } = load;
        await declared.harness.waitUntil(() => load.answered > answered + 20, "the load goes on");
      }
      const { all, failed, sent, answered } = await load.stop();
      expect(failed).toEqual([]);
      expect(answered).toBe(sent);
      const seen = new Set(all.map(({ body }) => body));
      for (const { name } of done) expect(seen).toContain(name);
      for (const [index, { name, atMs }] of done.entries()) {
        const untilMs = done[index + 1]?.atMs ?? Infinity;
        const started = all.filter(({ startMs }) => startMs > atMs && startMs < untilMs);
        const older = started.filter(({ body }) => Number(body.slice(1)) < Number(name.slice(1)));
        expect(older).toEqual([]);
      }
      process.stdout.write(
        `${JSON.stringify(options)}: ${REDEPLOYS} deploys, ${sent} sent, ${answered} answered 200\n`,
      );
    },
    LIMIT_MS,
  );

  it("of broken code fail no request and keep the size, even when an old replica dies afterwards (D6)", async () => {
    version("good");
    await deploy({});
    const load = declared.harness.load(new URL("/app", declared.url).href);
    version("bad", true);
    await expect(deploy({})).rejects.toMatchObject({ code: "DEPLOY_FAILED" });
    const failure = await declared.failure("app");
    expect(failure).toMatch(/failed to start 9 times in a row during a rolling update\. The update is stopped/);
    expect(failure).toContain("no weights for bad");
    const { answered } = load;
    await declared.harness.waitUntil(() => load.answered > answered + 50, "the old version serves");
    const { failed, all } = await load.stop();
    expect(failed).toEqual([]);
    expect(new Set(all.map(({ body }) => body))).toEqual(new Set(["good"]));
    // The file still holds the broken code: what starts from it is not the old version, and says so.
    version("good");
    kill((await declared.harness.replicas("Versioned", "app"))[0]?.pid);
    await declared.harness.waitUntil(async () => {
      const replicas = await declared.harness.replicas("Versioned", "app");
      return replicas.length === 3 && replicas.every(({ state }) => state === "RUNNING");
    }, "the deployment has its size again");
    expect((await declared.harness.application("app")).status).toBe("DEPLOY_FAILED");
  });
});
