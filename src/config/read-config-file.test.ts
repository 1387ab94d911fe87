import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { placeInFile, readConfigFile } from "./read-config-file.ts";
import { parseServeConfig } from "./serve-config.ts";

const folder = mkdtempSync(join(tmpdir(), "manta-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(text: string, name = "config.yaml"): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe("readConfigFile", () => {
  it("reads YAML as Python's reader does (R1)", () => {
    const text =
      "{a: yes, b: Off, n: 1, y: 0o17, m: 010, h: 0x1f, e: 1e3, f: 1.5e+3, g: 1_000, t: 1:30, d: 2024-01-01, z: ~}";
    expect(readConfigFile(write(text))).toEqual({
      a: true,
      b: false,
      n: 1,
      y: "0o17",
      m: 8,
      h: 31,
      e: "1e3",
      f: 1500,
      g: 1000,
      t: 90,
      d: "2024-01-01",
      z: null,
    });
    expect(readConfigFile(write("x: &x {a: 1}\ny: {<<: *x, b: 2}"))).toEqual({ x: { a: 1 }, y: { a: 1, b: 2 } });
  });

  it("reads JSON", () => {
    expect(readConfigFile(write('{"a": [1e3, "yes"]}', "config.json"))).toEqual({ a: [1000, "yes"] });
  });

  it("gives null for an empty file", () => {
    expect(readConfigFile(write("# nothing\n"))).toBeNull();
  });

  it.each([
    ["a: [1\nb: 2", "config.yaml", "2:1"],
    ["a: 1\na: 2", "config.yaml", "2:1"],
    ["a: !mine 1", "config.yaml", "1:4"],
    ["a: 1\n---\nb: 2", "config.yaml", "2:1"],
    ["a:\n  - *gone", "config.yaml", "2:5"],
    ["\ta: 1", "config.yaml", "1:1"],
    ['{"a": 1,\n "b" 2}', "config.json", "2:6"],
    ['{"a": 1', "config.json", "1:8"],
  ])("says where %j is wrong (R2)", (text, name, place) => {
    const file = write(text, name);
    expect(() => readConfigFile(file)).toThrow(ConfigError);
    expect(() => readConfigFile(file)).toThrow(`${file}:${place}: received `);
  });

  it("says how several applications are written: `manta config` prints a document for each", () => {
    expect(() => readConfigFile(write("name: a\n---\nname: b\n"))).toThrow(
      "received a second document, expected one document with a list of `applications`",
    );
  });

  it("says what a path is that is no file", () => {
    expect(() => readConfigFile(join(folder, "none.yaml"))).toThrow(
      "none.yaml: received no such file, expected a config file",
    );
    expect(() => readConfigFile(folder)).toThrow("received a folder");
  });
});

describe("placeInFile", () => {
  it.each([
    ["applications:\n  - import_path: a:b\n    deployments:\n      - name: D\n        num_replicas: many\n", "5:9"],
    ["applications:\n  - name: a\n", "2:5"],
    ["http_options: &h {port: x}\napplications: []\n", "1:19"],
    ["applications:\n  - import_path: a:b\n    args: {'a b': .nan}\n", "3:12"],
    ["- a\n", "1:1"],
    ["base: &b\n  import_path: a:b\n  name: 3\napplications: [*b]\n", "3:3"],
  ])("finds the key of a fault in %j", (text, place) => {
    const file = write(text);
    try {
      parseServeConfig(readConfigFile(file));
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const placed = placeInFile(error, file);
      expect(placed.details.path).toBe(`${file}:${place} ${error.details.path}`);
      expect(placed.details.expected).toBe(error.details.expected);
    }
  });
});
