// What a config file says of a deployment, beside its code: options, environment, logs, capacity, and how it is taken back.
import { mkdirSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Declared, FIXTURES, shop } from "./declared.ts";

const declared = new Declared();
const { harness } = declared;

beforeAll(() => declared.start());
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

const sizes = async (name = "shop"): Promise<Record<string, number>> => {
  const { deployments } = await harness.application(name);
  return Object.fromEntries(Object.values(deployments).map((one) => [one.name, one.targetNumReplicas]));
};

describe("an override", () => {
  it("goes before the code, is the code's again without it, and restarts nothing that it need not", async () => {
    await declared.deploy([shop("shop")]);
    const [pid] = await harness.running("Price", "shop");
    expect((await declared.shop("/shop")).priced).toMatchObject({ price: 20, pid });
    await declared.deploy([shop("shop", { deployments: [{ name: "Price", user_config: { factor: 3 } }] })]);
    expect((await declared.shop("/shop")).priced).toMatchObject({ price: 6, pid });
    await declared.deploy([shop("shop", { deployments: [{ name: "Price", user_config: {}, num_replicas: 2 }] })]);
    expect((await declared.shop("/shop")).priced.price).toBe(2);
    expect(await sizes()).toEqual({ Price: 2, Shop: 1 });
    const { deployments } = await harness.application("shop");
    expect(deployments["Price"]?.origins).toMatchObject({ numReplicas: "file", userConfig: "file" });
    await declared.deploy([shop("shop")]);
    expect((await declared.shop("/shop")).priced).toMatchObject({ price: 20 });
    expect(await sizes()).toEqual({ Price: 1, Shop: 1 });
  });

  it("of a deployment that does not exist fails the build, and what served goes on", async () => {
    await declared.send({ applications: [shop("shop", { deployments: [{ name: "Cart", num_replicas: 2 }] })] });
    expect(await declared.failure("shop")).toContain("Deployment 'Cart' does not exist. Available: ['Price', 'Shop']");
    expect((await declared.shop("/shop")).word).toBe("plain");
    await declared.deploy([shop("shop")]);
    expect((await harness.application("shop")).message).toBe("");
  });

  it("that the engine cannot honour fails the deploy by name", async () => {
    const deployments = [{ name: "Price", placement_group_bundles: [{ CPU: 1 }] }];
    await declared.send({ applications: [shop("shop", { deployments })] });
    expect(await declared.failure("shop")).toMatch(/deployment Price: placementGroupBundles: the local engine cannot/);
  });

  it("says what a full queue answers (Q2)", async () => {
    const folder = declared.write(
      "busy.ts",
      `import { deployment } from "manta-serve";
       class Busy { async fetch() { await new Promise((go) => setTimeout(go, 500)); return "x"; } }
       export const app = deployment(Busy, { maxOngoingRequests: 1, maxQueuedRequests: 1 }).bind();`,
    );
    const deployments = [{ name: "Busy", backpressure_config: { status_code: 429, retry_after_s: 2.2 } }];
    const application = { name: "busy", route_prefix: "/busy", import_path: "./busy.ts", deployments };
    await declared.send({ applications: [application] }, { workingDir: folder, wait: true });
    const answers = await Promise.all(Array.from({ length: 3 }, () => fetch(`${declared.url}/busy`)));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.map(({ status, headers }) => [status, headers.get("retry-after")])).toEqual([[429, "3"]]);
  });

  it("cannot leave autoscaling in the code beside an external scaler", async () => {
    const folder = declared.write(
      "scaling.ts",
      `import { deployment } from "manta-serve";
       class Main { fetch() { return "x"; } }
       export const app = deployment(Main, { autoscalingConfig: { maxReplicas: 3 } }).bind();`,
    );
    const application = { name: "scaling", route_prefix: "/scaling", import_path: "./scaling.ts" };
    const document = { applications: [{ ...application, external_scaler_enabled: true }] };
    await declared.send(document, { workingDir: folder });
    expect(await declared.failure("scaling")).toMatch(/external_scaler_enabled: received true, but .*: "Main"/);
    await declared.send({ applications: [application] }, { workingDir: folder, wait: true });
    expect(await harness.application("scaling")).toMatchObject({ externalScalerEnabled: false });
  });
});

describe("the environment", () => {
  it("of an application is that of its deployments, key by key, and its folder the working directory", async () => {
    const env = { SHOP_LEVEL: "application", SHOP_ONLY: "all" };
    const actor = { runtime_env: { env_vars: { SHOP_LEVEL: "deployment" } } };
    const deployments = [{ name: "Price", ray_actor_options: actor }];
    await declared.deploy([shop("shop", { runtime_env: { env_vars: env }, deployments })]);
    const answer = await declared.shop("/shop");
    expect(answer).toMatchObject({ env: "application", only: "all", priced: { env: "deployment" } });
    expect(answer.cwd).toBe(realpathSync(FIXTURES));
  });

  it("has a local folder, from which import paths start and whose content is part of the code", async () => {
    const base = join(harness.paths.root, "..", "configs");
    const folder = join(base, "code");
    mkdirSync(folder, { recursive: true });
    const link = (text: string): void => declared.writeAt(join(folder, "note.txt"), text);
    declared.writeAt(join(folder, "main.ts"), NOTE);
    declared.linkPackage(folder);
    link("one");
    const deploy = (working_dir: string) =>
      declared.send(
        {
          applications: [
            { name: "note", route_prefix: "/note", import_path: "./main.ts:app", runtime_env: { working_dir } },
          ],
        },
        { workingDir: base, wait: true },
      );
    await deploy("./code");
    expect(await (await declared.get("/note")).text()).toBe(`one ${realpathSync(folder)}`);
    const before = await harness.running("Note", "note");
    await deploy("./code");
    expect(await harness.running("Note", "note")).toEqual(before);
    link("two");
    await deploy(`local://${folder}`);
    expect(await (await declared.get("/note")).text()).toBe(`two ${realpathSync(folder)}`);
  });

  it.each([
    [
      "a folder that is not there",
      { working_dir: "./nowhere" },
      /runtime_env\.working_dir: received "\.\/nowhere" \(no folder/,
    ],
    ["a package archive", { working_dir: "https://x.example/a.zip" }, /runtime_env\.working_dir: received "https:/],
    ["a conda environment", { conda: "env" }, /runtime_env\.conda: received "env"/],
  ])("cannot be %s", async (_what, runtime_env, message) => {
    await declared.send({ applications: [shop("odd", { runtime_env })] });
    expect(await declared.failure("odd")).toMatch(message);
  });
});

const NOTE = `import { readFileSync } from "node:fs";
import { deployment } from "manta-serve";
class Note {
  #text = readFileSync("note.txt", "utf8");
  fetch() { return \`\${this.#text} \${process.cwd()}\`; }
}
export const app = deployment(Note).bind();
`;

describe("logs", () => {
  /** Whether each line of a deployment's only replica is JSON. */
  const encodings = async (deployment: string): Promise<readonly boolean[]> => {
    await declared.shop("/shop");
    const [replica] = await harness.replicas(deployment, "shop");
    const lines = harness
      .logs(basename(replica?.logFilePath ?? "none"))
      .trim()
      .split("\n");
    return lines.map((line) => line.startsWith("{"));
  };

  it("change while replicas serve, and a deployment's own go before its application's and the file's", async () => {
    await declared.deploy([shop("shop")]);
    const pids = await harness.running(undefined, "shop");
    expect(await encodings("Shop")).not.toContain(true);
    const deployments = [{ name: "Price", logging_config: { encoding: "TEXT" } }];
    await declared.deploy([shop("shop", { deployments })], { logging_config: { encoding: "JSON" } });
    expect(await harness.running(undefined, "shop")).toEqual(pids);
    await harness.waitUntil(async () => (await encodings("Shop")).at(-1), "Shop logs JSON");
    expect((await encodings("Price")).at(-1)).toBe(false);
    expect((await harness.application("shop")).deployedAppConfig).toMatchObject({
      logging_config: { encoding: "JSON" },
    });
    await declared.deploy([shop("shop")]);
    await harness.waitUntil(async () => (await encodings("Shop")).at(-1) === false, "Shop logs text again");
  });
});

describe("target_capacity", () => {
  it("is the share of the replicas that run, in every application, and goes with the file", async () => {
    const deployments = [{ name: "Price", num_replicas: 4 }];
    await declared.deploy([shop("shop", { deployments })]);
    expect(await sizes()).toEqual({ Price: 4, Shop: 1 });
    await declared.deploy([shop("shop", { deployments })], { target_capacity: 50 });
    expect(await sizes()).toEqual({ Price: 2, Shop: 1 });
    expect((await harness.status()).targetCapacity).toBe(50);
    await declared.deploy([shop("shop", { deployments })]);
    expect(await sizes()).toEqual({ Price: 4, Shop: 1 });
  });
});
