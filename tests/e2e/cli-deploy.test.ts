// `manta deploy`, `config`, `build` and config files with `manta run`, as a user gives them.
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConfigFile } from "../../src/config/read-config-file.ts";
import { Place, Project } from "./cli.ts";

let place: Place;
let project: Project;

beforeEach(() => {
  place = new Place();
  project = new Project();
  place.cwd = project.folder;
  project.write("app.ts", APP);
  project.write("manta.yaml", CONFIG);
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") process.stderr.write(`${place.output()}\n`);
  await place.run("shutdown", "-y");
  await place.close();
  project.close();
});

const APP = `import { deployment } from "manta-serve";
class Model {
  #word;
  constructor(word: string) { this.#word = word; }
  reconfigure(config: { word: string } | undefined) { if (config) this.#word = config.word; }
  fetch() { return { word: this.#word, env: process.env.MARK ?? null }; }
}
const ModelDeployment = deployment(Model, { maxOngoingRequests: 7, userConfig: { word: "code" } });
export const app = ModelDeployment.bind("none");
export const build = ({ word }: { word: string }) => ModelDeployment.options({ userConfig: { word } }).bind(word);
class Broken { constructor() { throw new Error("no model at /models/big"); } fetch() {} }
export const broken = deployment(Broken, { maxConstructorRetryCount: 1 }).bind();
`;

const CONFIG = `http_options: {host: 127.0.0.1, port: 0}
applications:
- name: shop
  route_prefix: /shop
  import_path: ./app.ts:app
  runtime_env: {env_vars: {MARK: set}}
  deployments:
  - name: Model
    user_config: {word: file}
- {name: text, route_prefix: /text, import_path: "./app.ts:build", args: {word: given}}
`;

const json = async (url: string): Promise<unknown> => (await fetch(url)).json();

/** Where applications answer, as the command says it. */
const places = (stdout: string): Record<string, string> =>
  Object.fromEntries(Array.from(stdout.matchAll(/^(\w+) runs at (\S+)$/gm), ([, name, url]) => [name, url]));

describe("manta deploy", () => {
  it("starts an instance where none runs, waits until everything runs, and shows it again with config", async () => {
    const { code, stdout, stderr } = await place.run("deploy", "manta.yaml");
    expect([code, stderr]).toEqual([0, expect.stringContaining("no instance ran in namespace cli: started one")]);
    const urls = places(stdout);
    expect(await json(urls["shop"]!)).toEqual({ word: "file", env: "set" });
    expect(await json(urls["text"]!)).toEqual({ word: "given", env: null });
    const config = await place.run("config");
    expect(config.stdout).toMatch(/^name: shop\n[^]*\n\n---\n\nname: text\n/);
    expect((await place.run("config", "-n", "none")).stdout).toBe(
      'No config has been deployed for application "none".\n',
    );

    project.write("manta.yaml", CONFIG.replace("word: file", "word: other").replace("port: 0", "port: 1"));
    const again = await place.run("deploy", "manta.yaml", "--json");
    expect(again.stderr).toMatch(/warning: .*http_options.port/);
    expect(JSON.parse(again.stdout)).toMatchObject({
      applications: [{ name: "shop", status: "RUNNING" }, { name: "text" }],
    });
    expect(await json(urls["shop"]!)).toEqual({ word: "other", env: "set" });
  });

  it("fails with the reasons when an application does; --no-wait ends at once", async () => {
    project.write("manta.yaml", CONFIG.replace("./app.ts:build", "./app.ts:broken").replace(/, args: .*}}/, "}"));
    const failed = await place.run("deploy", "manta.yaml");
    expect([failed.code, failed.stderr]).toEqual([
      1,
      expect.stringMatching(/application text: [^]*no model at \/models\/big/),
    ]);
    const sent = await place.run("deploy", "manta.yaml", "--no-wait");
    expect([sent.code, sent.stdout]).toEqual([0, expect.stringMatching(/^\nSent deploy request successfully.\n \* /)]);
  });

  it("refuses what is wrong before anything starts, with its place and the nearest key", async () => {
    project.write("manta.yaml", CONFIG.replace("user_config", "user_confg"));
    const unknown = await place.run("deploy", "manta.yaml");
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringMatching(/user_confg.*did you mean user_config\?/),
    ]);
    project.write("manta.yaml", CONFIG.replace("name: Model", "name: Model\n    num_replicas: -1"));
    const wrong = await place.run("deploy", "manta.yaml", "--allow-unknown-keys");
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringMatching(/manta.yaml:9:5 .*num_replicas: received -1/),
    ]);
    expect((await place.run("deploy", "manta.yaml", "word=x")).code).toBe(1);
    expect(place.processes()).toEqual([]);
  });

  it("deploys an import path with arguments, a name and an environment; and all of it through the REST API", async () => {
    const { admin } = JSON.parse((await place.run("start", "--http-port", "0", "--admin-port", "0", "--json")).stdout);
    const env = '{"env_vars": {"MARK": "json"}}';
    const flags = ["--name", "text", "--route-prefix", "/t", "--runtime-env-json", env];
    const deployed = await place.run("deploy", "./app.ts:build", "word=typed", ...flags);
    expect(await json(places(deployed.stdout)["text"]!)).toEqual({ word: "typed", env: "json" });

    project.write("rest.yaml", CONFIG.replaceAll("./app.ts", project.path("app.ts")));
    const rest = await place.run("deploy", "rest.yaml", "--address", admin);
    expect(await json(places(rest.stdout)["shop"]!)).toEqual({ word: "file", env: "set" });
    const [there, here] = [await place.run("status", "--address", admin), await place.run("status")];
    expect(there.stdout).toBe(here.stdout);
    expect((await place.run("config", "-n", "shop", "--address", admin)).stdout).toMatch(/^name: shop\n/);
    expect((await place.run("shutdown", "--address", admin, "-y")).code).toBe(0);
    expect((await place.run("status")).stdout).toContain("applications: {}");
    const nobody = await place.run("status", "--address", "http://127.0.0.1:1");
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringMatching(/^error: nobody answers at .*\n$/)]);
  });
});

describe("manta build", () => {
  it("writes a config that deploys as it is, from another folder too", async () => {
    const printed = await place.run("build", "app.ts:app");
    expect(printed.stdout).toMatch(
      /^# This file was generated using the `manta build` command on Manta v\S+\.\n\nproxy_location: EveryNode\n\nhttp_options:\n {2}host: 0.0.0.0\n {2}port: 8000\n\ngrpc_options:\n/,
    );
    const written = await place.run("build", "app.ts:app", "./app.ts:app", "-o", "node_modules/built.yaml");
    expect(written).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(readConfigFile(project.path("node_modules/built.yaml"))).toMatchObject({
      applications: [
        { name: "app1", route_prefix: "/app1", import_path: "../app.ts:app", runtime_env: {} },
        {
          name: "app2",
          deployments: [{ name: "Model", max_ongoing_requests: 7, user_config: { word: "code" } }],
        },
      ],
    });
    const free = readFileSync(project.path("node_modules/built.yaml"), "utf8").replace("port: 8000", "port: 0");
    project.write("node_modules/free.yaml", free);
    const { code, stdout, stderr } = await place.run("deploy", "node_modules/free.yaml");
    expect([code, stderr.includes("warning")]).toEqual([0, false]);
    expect(await json(places(stdout)["app2"]!.replace("0.0.0.0", "127.0.0.1"))).toEqual({ word: "code", env: null });
  });

  it("says what a builder says, and leaves nothing behind", async () => {
    const { code, stdout, stderr } = await place.run("build", "app.ts:none");
    expect([code, stdout, stderr]).toEqual([1, "", expect.stringMatching(/unknown export none.*app, broken, build/)]);
    expect((await place.run("build", "--output-path", "no/such/folder.yaml", "app.ts:app")).code).toBe(1);
  });
});

describe("manta run with a config file", () => {
  it("runs the nearest manta.yaml until Ctrl-C and leaves nothing running", async () => {
    const run = place.manta("run", "--json", "--admin-port", "0");
    const { applications } = (await run.ready()) as unknown as { applications: { name: string; url: string }[] };
    expect(applications.map(({ name }) => name)).toEqual(["shop", "text"]);
    expect(await json(applications[1]!.url)).toEqual({ word: "given", env: null });
    expect((await run.interrupt()).code).toBe(0);
    await expect.poll(() => place.processes(), { timeout: 20_000 }).toEqual([]);
  });
});
