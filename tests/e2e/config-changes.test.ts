// What a further config file does to what is there: replacement, failures, requests that wait, heads that die.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Declared, FIXTURES, shop } from "./declared.ts";

let declared: Declared;
let folder: string;

beforeEach(async () => {
  declared = new Declared();
  declared.harness.showOnFailure();
  await declared.start();
  folder = declared.write("word.ts", module("one"));
});
afterEach(() => declared.harness.close());

/** A module whose application answers with a word, after so long an import. */
function module(word: string, importMs = 0): string {
  return `import { deployment } from "manta-serve";
    ${importMs === 0 ? "" : `await new Promise((resolve) => setTimeout(resolve, ${importMs}));`}
    class Word { fetch() { return ${JSON.stringify(word)}; } }
    export const app = deployment(Word).bind();`;
}

const word = (name: string, more = {}) => ({
  name,
  route_prefix: `/${name}`,
  import_path: "./word.ts:app",
  ...more,
});

const deploy = (applications: readonly object[], wait = true) =>
  declared.send({ applications }, { workingDir: folder, wait });

const text = async (path: string): Promise<string> => (await declared.get(path)).text();

describe("a further file", () => {
  it("ends what it does not name, and leaves alone what serve.run deployed (full replacement)", async () => {
    await declared.harness.deploy(declared.harness.copy("side.ts"), "run:side:/side");
    await deploy([word("a"), word("b")]);
    await deploy([word("b")]);
    await declared.harness.waitUntil(
      async () => !("a" in (await declared.harness.status()).applications),
      "application a is gone",
    );
    const { applications } = await declared.harness.status();
    expect(Object.values(applications).map(({ name, source }) => [name, source])).toEqual([
      ["side", "imperative"],
      ["b", "declarative"],
    ]);
    expect((await declared.get("/a")).status).toBe(404);
    expect((await declared.get("/side")).status).toBe(200);
    const clash = deploy([word("b"), word("c", { route_prefix: "/side" })]);
    await expect(clash).rejects.toThrow(
      /applications\[1\]\.route_prefix: received "\/side", which application "side" has/,
    );
    await deploy([word("side")]);
    expect(await text("/side")).toBe("one");
    expect(await declared.harness.application("side")).toMatchObject({ source: "declarative" });
  });

  it("that cannot be built leaves what served, says why, and the next one mends it", async () => {
    await deploy([word("a"), word("b")]);
    const [before] = await declared.harness.running("Word", "a");
    declared.write("word.ts", `import { nothing } from "./missing.ts"; export const app = nothing;`);
    await expect(deploy([word("a"), word("b", { import_path: "./other.ts:app" })])).rejects.toThrow(
      /application [ab]: Deploying app/,
    );
    expect(await declared.failure("b")).toContain("no file");
    expect(await declared.failure("a")).toMatch(/^Deploying app 'a' failed with exception:\n.*missing\.ts/);
    declared.write("word.ts", "export const app = {{;");
    await expect(deploy([word("a")])).rejects.toMatchObject({ code: "DEPLOY_FAILED" });
    expect(await declared.failure("a")).toMatch(/word\.ts/);
    expect(await text("/a")).toBe("one");
    expect((await declared.harness.replicas("Word", "a")).map(({ pid }) => pid)).toEqual([before]);
    declared.write("word.ts", module("two"));
    await deploy([word("a")]);
    expect(await text("/a")).toBe("two");
    expect(await declared.harness.application("a")).toMatchObject({ status: "RUNNING", message: "" });
  });

  it("makes the builds of the one before void, however long they take", async () => {
    declared.write("slow.ts", module("late", 60_000));
    await deploy([word("a", { import_path: "./slow.ts:app" }), word("b", { import_path: "./slow.ts:app" })], false);
    await deploy([word("a"), word("b")]);
    expect(await Promise.all(["/a", "/b"].map(text))).toEqual(["one", "one"]);
  });

  it("is refused for a key that nobody knows, unless those are allowed, and is taken whole or not at all", async () => {
    const document = { applications: [{ ...word("a"), route_prefx: "/x" }] };
    await expect(declared.send(document, { workingDir: folder })).rejects.toThrow(/route_prefx.*route_prefix/s);
    expect(Object.keys((await declared.harness.status()).applications)).toEqual([]);
    expect(await declared.harness.ask("config", null)).toBeNull();
    const warnings = await declared.send(document, { workingDir: folder, wait: true, allowUnknownKeys: true });
    expect(warnings.join()).toMatch(/applications\[0\]\.route_prefx/);
    const more = { ...document, proxy_location: "Disabled", http_options: { port: 1, root_path: "" } };
    expect((await declared.send(more, { workingDir: folder, allowUnknownKeys: true })).slice(1)).toEqual([
      'proxy_location: the running instance ignores "Disabled"; it keeps "EveryNode"',
      "http_options.port: the running instance ignores 1; it keeps 0",
    ]);
  });
});

describe("while an application is built for the first time", () => {
  it("requests and handles wait for it (RT5)", async () => {
    declared.write("slow.ts", module("at last", 1500));
    await deploy([word("a", { import_path: "./slow.ts:app" })], false);
    expect(await declared.harness.application("a")).toMatchObject({ status: "DEPLOYING", deployments: {} });
    expect(await text("/-/routes")).toBe('{"/a":"a"}');
    const handle = declared.harness.ask("locate", { application: "a", deployment: null });
    const waiting = text("/a");
    const late = await declared.get("/a", { headers: { "x-request-timeout-seconds": "0.2" } });
    expect(late.status).toBe(408);
    expect(await waiting).toBe("at last");
    expect(await handle).toEqual({ deployment: "Word" });
  });

  it("they are told when that fails, at once and later (RT5)", async () => {
    declared.write("slow.ts", `${module("never", 1000)}\nthrow new Error("no weights");`);
    await deploy([word("a", { import_path: "./slow.ts:app" })], false);
    const waiting = declared.get("/a");
    const handle = declared.harness.ask("locate", { application: "a", deployment: null });
    handle.catch(() => undefined);
    expect([(await waiting).status, (await declared.get("/a")).status]).toEqual([503, 503]);
    await expect(handle).rejects.toMatchObject({ code: "DEPLOYMENT_UNAVAILABLE" });
    expect(await declared.failure("a")).toContain("no weights");
  });
});

describe("a head that dies while it builds", () => {
  it("is followed by one that finishes what was accepted, at the routes that were accepted (K1)", async () => {
    await deploy([word("a")]);
    declared.write("slow.ts", module("after all", 1200));
    const applications = [
      word("a"),
      word("b", { import_path: "./slow.ts:app" }),
      word("c", { import_path: "./slow.ts:app" }),
    ];
    await deploy(applications, false);
    const waiting = text("/b");
    await declared.harness.killHead();
    expect(await text("/a")).toBe("one");
    await declared.harness.running("Word", "c", 20_000);
    await declared.harness.running("Word", "b", 20_000);
    expect(await waiting).toBe("after all");
    expect(await text("/c")).toBe("after all");
    expect(await declared.harness.ask("config", null)).toMatchObject({ applications });
    await deploy([]);
    await declared.harness.waitUntil(
      async () => Object.keys((await declared.harness.status()).applications).length === 0,
      "all are gone",
    );
  });
});

describe("serve.deploy", () => {
  it("starts an instance as the file says, deploys, and tells what is wrong", async () => {
    await declared.harness.ask("shutdown", null);
    const driver = declared.harness.run(join(FIXTURES, "deploy.ts"));
    const say = async (line: string): Promise<Record<string, unknown>> => {
      const from = driver.stdout.length;
      driver.child.stdin!.write(`${line}\n`);
      await declared.harness.waitUntil(() => driver.stdout.slice(from).includes("\n"), "an answer", 20_000);
      return JSON.parse(driver.stdout.slice(from)) as Record<string, unknown>;
    };
    expect(await say(join(folder, "none.yaml"))).toMatchObject({ code: "CONFIG_INVALID" });
    expect(await say('{"applications":[{"name":"a"}]}')).toMatchObject({ code: "CONFIG_INVALID" });
    declared.write(
      "config.yaml",
      `http_options:\n  root_path: /base\napplications:\n  - import_path: ./word.ts:app\n    route_prefix: /word\n`,
    );
    const up = await say(join(folder, "config.yaml"));
    expect(up).toMatchObject({ applications: ["default"], httpOptions: { host: "0.0.0.0", rootPath: "/base" } });
    const port = new URL(String(up["url"])).port;
    expect(await (await fetch(`http://127.0.0.1:${port}/base/word`)).text()).toBe("one");
    const broken = JSON.stringify({ applications: [shop("x", { import_path: join(folder, "gone.ts:app") })] });
    expect(await say(broken)).toMatchObject({
      code: "DEPLOY_FAILED",
      message: expect.stringMatching(/application x: .*gone\.ts/s),
    });
    expect(await say('{"applications":[]}')).toMatchObject({ applications: expect.arrayContaining([]) });
    driver.child.stdin!.end();
    await driver.interrupt("SIGTERM");
    await declared.harness.nothingLeft();
  });

  it("starts no proxy where the file says so", async () => {
    await declared.harness.ask("shutdown", null);
    const driver = declared.harness.run(join(FIXTURES, "deploy.ts"));
    const ready = driver.ready();
    const applications = [{ import_path: `${folder}/word.ts:app` }];
    driver.child.stdin!.write(`${JSON.stringify({ proxy_location: "Disabled", applications })}\n`);
    expect(await ready).toMatchObject({ url: null, httpOptions: null, proxyLocation: "Disabled" });
    expect(await declared.harness.status()).toMatchObject({
      proxies: {},
      applications: { default: { status: "RUNNING" } },
    });
    driver.child.stdin!.end();
    await driver.interrupt("SIGTERM");
  });
});
