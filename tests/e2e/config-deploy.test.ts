// What a config file makes of an instance: applications, arguments, options, environments, and what a later one changes.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Declared, shop } from "./declared.ts";

const declared = new Declared();
const { harness } = declared;

beforeAll(() => declared.start());
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

describe("several applications of one file", () => {
  it("are built side by side and serve at their routes, with their arguments", async () => {
    await declared.deploy([
      shop("plain"),
      shop("built", { import_path: "./shop.ts:build", args: { word: "hello", size: "3" } }),
      shop("loose", { import_path: "shop.ts:loose" }),
    ]);
    const words = await Promise.all(
      ["/plain", "/built", "/loose"].map(async (path) => (await declared.shop(path)).word),
    );
    expect(words).toEqual(["plain", "hello", "loose"]);
    const { applications } = await harness.status();
    expect(applications["built"]).toMatchObject({
      status: "RUNNING",
      source: "declarative",
      routePrefix: "/built",
      ingress: "Shop",
      deployedAppConfig: { name: "built", args: { word: "hello", size: "3" } },
      deployments: { Shop: { calls: ["Price"] }, Price: { calls: [] } },
    });
    expect(await harness.ask("config", null)).toMatchObject({ applications: [{ name: "plain" }, {}, {}] });
  });

  it("do not change when the same file is deployed again", async () => {
    const before = await harness.running("Shop", "plain");
    await declared.deploy([shop("plain")]);
    expect(await harness.running("Shop", "plain")).toEqual(before);
  });
});

describe("a wrong argument", () => {
  it("fails its application with the argument's path, and no other one", async () => {
    const applications = [shop("plain"), shop("built", { import_path: "./shop.ts:build", args: { word: "x" } })];
    const reason = await declared.deploy(applications).catch((error: unknown) => String(error));
    expect(reason).toMatch(/application built: .*args\.word: received "x" \(string\)/s);
    expect(await harness.application("built")).toMatchObject({ status: "DEPLOY_FAILED", deployments: {} });
    expect((await declared.shop("/plain")).word).toBe("plain");
    const refused = await declared.get("/built");
    expect([refused.status, await refused.text()]).toEqual([
      503,
      "Application 'built' is unavailable because it failed to deploy.",
    ]);
  });

  it("is any argument of an application that is none's builder", async () => {
    await declared.send({ applications: [shop("plain", { args: { word: "x" } })] });
    expect(await declared.failure("plain")).toMatch(
      /received arguments word, expected none, because it is an application/,
    );
  });
});
