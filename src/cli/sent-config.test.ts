import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configOfImportPath, ignoredFlags, readConfig } from "./sent-config.ts";

describe("configOfImportPath", () => {
  it("is what Ray's serve deploy sends", () => {
    const { document, workingDir } = configOfImportPath("./app.ts:build", ["word=a"], { name: "shop" });
    expect(document).toEqual({
      applications: [{ name: "shop", import_path: "./app.ts:build", runtime_env: {}, args: { word: "a" } }],
    });
    expect(workingDir).toBe(process.cwd());
  });

  it("puts flags into the runtime environment", () => {
    const flags = { runtimeEnvJson: '{"env_vars": {"A": "1"}}', workingDir: "/srv/my code" };
    expect(configOfImportPath("./app.ts", [], flags).config.applications[0]?.runtime_env).toEqual({
      env_vars: { A: "1" },
      working_dir: "local:///srv/my%20code",
    });
  });

  it.each([
    [{ runtimeEnvJson: "{" }, /--runtime-env-json: /],
    [{ runtimeEnvJson: "[]" }, /expected an object/],
    [{ runtimeEnvJson: "{}", runtimeEnv: "env.yaml" }, /expected one of them/],
    [{ routePrefix: "shop" }, /--route-prefix: /],
  ])("refuses %j", (flags, message) => {
    expect(() => configOfImportPath("./app.ts", [], { ...flags })).toThrow(message);
  });
});

describe("ignoredFlags", () => {
  it("names the flags as they were typed", () => {
    expect(ignoredFlags({ routePrefix: "/a", runtimeEnvJson: "{}" })).toBe(
      "ignored: --route-prefix, --runtime-env-json; the config file says what holds",
    );
    expect(ignoredFlags({ namespace: "a" })).toBeUndefined();
  });
});

describe("readConfig", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "manta-config-"));
    file = join(folder, "manta.yaml");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("refuses unknown keys with the nearest one, unless they are allowed", () => {
    writeFileSync(file, "applications:\n- import_path: ./a.ts\n  nam: shop\n");
    expect(() => readConfig(file, false)).toThrow(/applications\[0\].nam: .*name\?; --allow-unknown-keys/);
    expect(readConfig(file, true)).toMatchObject({ workingDir: folder, warnings: [expect.stringContaining("nam")] });
  });

  it("says where in the file a value is wrong", () => {
    writeFileSync(file, "applications:\n- name: shop\n");
    expect(() => readConfig(file, false)).toThrow(/manta.yaml:2:\d+ applications\[0\].import_path: received nothing/);
  });
});
