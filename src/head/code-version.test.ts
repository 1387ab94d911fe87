import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveDeployment } from "../config/resolve-deployment.ts";
import type { DeploymentOptions } from "../config/options.generated.ts";
import { IMPERATIVE, type ApplicationSpec } from "../model/application-spec.ts";
import { CodeVersions } from "./code-version.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "manta-code-"));
  write("app.ts", `import { help } from "./lib/help.ts"; import "#inner"; import { x } from "pkg"; import "node:fs";`);
  write("lib/help.ts", `export const help = 1; const lazy = () => import("./lazy.ts");`);
  write("lib/lazy.ts", "export {};");
  write("inner.js", "export {};");
  write("unused.ts", "export {};");
  write("package.json", JSON.stringify({ name: "user", type: "module", imports: { "#inner": "./inner.js" } }));
  write("node_modules/pkg/package.json", JSON.stringify({ name: "pkg", version: "1.0.0", main: "index.js" }));
  write("node_modules/pkg/index.js", "exports.x = 1;");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function specOf(input: DeploymentOptions = {}, initArgs = Uint8Array.of(1)): ApplicationSpec {
  const entry = { file: join(folder, "app.ts"), exportName: "app", args: null };
  const options = resolveDeployment(input, "deployment");
  const known = { name: "A", registeredName: "A", kind: "class", calls: [], file: null } as const;
  const deployment = { ...known, entry, initArgs, input, options };
  return {
    name: "default",
    routePrefix: "/",
    ingress: "A",
    deployments: [deployment],
    workingDir: folder,
    ...IMPERATIVE,
  };
}

const versionOf = (spec: ApplicationSpec): string | undefined => new CodeVersions().stamp(spec).codeVersions["A"];

describe("code version (D3)", () => {
  it("stays the same for unchanged code, and for changes outside of it", () => {
    const before = versionOf(specOf());
    write("unused.ts", "export const changed = true;");
    expect(versionOf(specOf({ numReplicas: 7, userConfig: { a: 1 } }))).toBe(before);
  });

  const changes: readonly [string, () => ApplicationSpec][] = [
    ["the entry", () => (write("app.ts", "// another"), specOf())],
    ["a file imported by name", () => (write("lib/help.ts", "export const help = 2;"), specOf())],
    ["a file imported lazily by an imported one", () => (write("lib/lazy.ts", "export const y = 1;"), specOf())],
    ["a file behind a # name", () => (write("inner.js", "export const z = 1;"), specOf())],
    [
      "the version of a package",
      () => (write("node_modules/pkg/package.json", `{"name":"pkg","version":"1.0.1","main":"index.js"}`), specOf()),
    ],
    ["the init args", () => specOf({}, Uint8Array.of(2))],
    ["an option of kind restart", () => specOf({ runtimeEnv: { envVars: { A: "1" } } })],
  ];
  for (const [what, change] of changes) {
    it(`changes with ${what}`, () => {
      const before = versionOf(specOf());
      expect(versionOf(change())).not.toBe(before);
    });
  }

  it("covers all of a working directory that was set, installed packages and history left out", () => {
    const withFolder = (): ApplicationSpec => specOf({ runtimeEnv: { workingDir: join(folder, "data") } });
    write("data/deep/prices.json", "1");
    const before = versionOf(withFolder());
    write("data/node_modules/pkg/index.js", "1");
    write("data/.git/HEAD", "1");
    expect(versionOf(withFolder())).toBe(before);
    write("data/deep/prices.json", "2");
    expect(versionOf(withFolder())).not.toBe(before);
  });

  it("names the files edited since a deploy, and the entry alone after a restart of the head", () => {
    const versions = new CodeVersions();
    const stamped = versions.stamp(specOf());
    const [deployment] = stamped.spec.deployments;
    if (deployment === undefined) throw new Error("no deployment");
    const version = stamped.codeVersions["A"] as string;
    expect(versions.changedSince("default", deployment, version)).toEqual([]);
    write("lib/help.ts", "export const help = 3;");
    expect(versions.changedSince("default", deployment, version)).toEqual([join(folder, "lib/help.ts")]);
    expect(new CodeVersions().changedSince("default", deployment, version)).toEqual([join(folder, "app.ts")]);
  });
});
