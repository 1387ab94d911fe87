import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseLogFiles } from "./choose-log-files.ts";
import { applicationOptions, instanceOptions } from "./flags.ts";
import { findTarget, parseArguments } from "./run-target.ts";

describe("flags", () => {
  it("leave out what was not given (R1)", () => {
    expect([instanceOptions({}), applicationOptions({})]).toEqual([{ http: {}, admin: {} }, {}]);
  });

  it("become options of the registry's types", () => {
    expect(instanceOptions({ httpPort: "0", adminHost: "::1", namespace: "a" })).toEqual({
      http: { port: 0 },
      admin: { host: "::1" },
      namespace: "a",
    });
    expect(applicationOptions({ routePrefix: "null", name: "x" })).toEqual({ routePrefix: null, name: "x" });
  });

  it.each([
    [{ httpPort: "80 80" }, /^--http-port: received "80 80"/],
    [{ httpPort: "65536" }, /^--http-port: received 65536/],
    [{ namespace: ".." }, /^--namespace: /],
    [{ httpHost: "" }, /^--http-host: /],
  ])("%j is refused with the flag's name", (flags, message) => {
    expect(() => instanceOptions(flags)).toThrow(message);
  });

  it("refuses a route prefix that no route could have", () => {
    expect(() => applicationOptions({ routePrefix: "shop" })).toThrow(/^--route-prefix: /);
  });
});

describe("parseArguments", () => {
  it("splits at the first equals sign", () => {
    expect(parseArguments(["model=small", "query=a=b"])).toEqual({ model: "small", query: "a=b" });
  });

  it.each(["model", "=x", "model="])("refuses %j", (word) => {
    expect(() => parseArguments([word])).toThrow(/expected <key>=<value>/);
  });
});

describe("findTarget", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "manta-target-"));
    mkdirSync(join(folder, "a/b"), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("takes what is given, and else the nearest app.ts", () => {
    writeFileSync(join(folder, "app.ts"), "");
    expect(findTarget("x.ts:app", folder)).toBe("x.ts:app");
    expect(findTarget(undefined, folder)).toBe("./app.ts");
    expect(findTarget(undefined, join(folder, "a/b"))).toBe("../../app.ts");
  });

  it("takes the nearest manta.yaml, also beside an app.ts", () => {
    writeFileSync(join(folder, "a/app.ts"), "");
    writeFileSync(join(folder, "manta.yaml"), "");
    expect(findTarget(undefined, join(folder, "a/b"))).toBe("../app.ts");
    writeFileSync(join(folder, "a/manta.yaml"), "");
    expect(findTarget(undefined, join(folder, "a/b"))).toBe("../manta.yaml");
  });

  it("says what to do when there is nothing", () => {
    expect(() => findTarget(undefined, folder)).toThrow(/say what to run/);
  });
});

describe("chooseLogFiles", () => {
  const names = [
    "replica_shop_Model_Big_abcd1234.log",
    "proxy_127.0.0.1.log",
    "head.out",
    "controller_12.log",
    "controller_12.log.1",
    "lock",
  ];

  it("takes all current files for no word, sorted", () => {
    expect(chooseLogFiles(names, undefined)).toEqual([
      "controller_12.log",
      "head.out",
      "proxy_127.0.0.1.log",
      "replica_shop_Model_Big_abcd1234.log",
    ]);
  });

  it.each([
    ["proxy", 1],
    ["shop", 1],
    ["Model_Big", 1],
    ["abcd1234", 1],
    ["Mod", 0],
    ["head.out", 1],
    ["12", 1],
  ])("finds files by the whole word %s only (R1)", (word, count) => {
    expect(chooseLogFiles(names, word)).toHaveLength(count);
  });
});
