// What each program has loaded when it ends, as V8's coverage lists it: the request path stays lean (architecture 1).
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Harness } from "./harness.ts";

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "manta-loaded-"));
const loaded = new Map<string, readonly string[]>();

beforeAll(async () => {
  const harness = new Harness();
  process.env["NODE_V8_COVERAGE"] = folder;
  try {
    const { process: cli, url } = await harness.startByCommand(join(ROOT, "examples/01-hello/app.ts"));
    expect((await fetch(url)).status).toBe(200);
    await cli.interrupt();
    await harness.nothingLeft();
  } finally {
    delete process.env["NODE_V8_COVERAGE"];
    await harness.close();
  }
  for (const name of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, name), "utf8")) as { result: { url: string }[] };
    const urls = result.map(({ url }) => url);
    const program = urls.map((url) => /\/src\/(\w+)\/main\.ts$/.exec(url)?.[1]).find((found) => found !== undefined);
    if (program !== undefined) loaded.set(program, urls);
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("loaded modules", () => {
  it("are known of every program that stays", () => {
    expect([...loaded.keys()]).toEqual(expect.arrayContaining(["cli", "head", "proxy", "replica"]));
  });

  it.each(["proxy", "replica"])("of a %s hold neither zod nor the schemas", (program) => {
    expect(loaded.get(program)?.filter((url) => /node_modules\/zod|config\/schema\//.test(url))).toEqual([]);
  });

  it("of a proxy hold no user code, no controller and no replica", () => {
    expect(loaded.get("proxy")?.filter((url) => /examples\/|src\/(controller|replica|head|api)\//.test(url))).toEqual(
      [],
    );
  });

  it.each(["head/head.ts", "proxy/run-proxy.ts"])(
    "of %s hold no undici, which node:http brings when imported",
    (file) => {
      const script = `await import(${JSON.stringify(join(ROOT, "src", file))});
      console.log(process.moduleLoadList.filter((name) => name.includes("undici/undici")).length);`;
      const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
      expect(stdout).toBe("0\n");
    },
  );

  it("of a proxy without a certificate hold neither TLS nor HTTP/2", () => {
    const script = `await import(${JSON.stringify(join(ROOT, "src/proxy/run-proxy.ts"))});
    console.log(process.moduleLoadList.filter((name) => /NativeModule (tls|https|http2)$/.test(name)).join());`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    expect(stdout).toBe("\n");
  });

  it("of a head hold no user code (architecture section 1)", () => {
    expect(loaded.get("head")?.filter((url) => url.includes("examples/"))).toEqual([]);
  });
});
