import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { store } from "./globals.ts";
import { loadRouter } from "./load-router.ts";
import { requestRouter } from "./request-router.ts";

const folder = mkdtempSync(join(tmpdir(), "routers-"));
afterAll(() => rmSync(folder, { recursive: true }));

const module = (name: string, source: string): string => {
  const file = join(folder, name);
  writeFileSync(file, source);
  return file;
};
const source = (name: string) => `
export class Named { constructor(kwargs) { this.told = [${JSON.stringify(name)}, kwargs]; } choose(all) { return all; } }
export default class { choose() { return []; } }
export class Blank {}
export class Broken { constructor() { throw new RangeError("no"); } choose() {} }
export const notThis = 1;
`;
const load = (name: string, version?: string) =>
  loadRouter({ name, kwargs: { n: 1 }, ...(version === undefined ? {} : { version }) });

describe("loadRouter", () => {
  it("makes the class that the path names, with its kwargs", async () => {
    const file = module("plain.mjs", source("plain"));
    expect(await load(`${file}:Named`)).toMatchObject({ told: ["plain", { n: 1 }] });
    expect((await load(`${file}:default`)).choose([], {} as never, { next: () => 0 })).toEqual([]);
  });

  it("loads the module anew for another version of the deployment's code, and once for each (R1), but not in a driver (R4)", async () => {
    const kept = module("kept.mjs", source("first"));
    await load(`${kept}:Named`, "v1");
    writeFileSync(kept, source("second"));
    expect(await load(`${kept}:Named`, "v2")).toMatchObject({ told: ["first", {}] });
    store.registry.mode = "replica";
    onTestFinished(() => void (store.registry.mode = "driver"));
    const file = module("changing.mjs", source("first"));
    expect(await load(`${file}:Named`, "v1")).toMatchObject({ told: ["first", {}] });
    writeFileSync(file, source("second"));
    expect(await load(`${file}:Named`, "v1")).toMatchObject({ told: ["first", {}] });
    expect(await load(`${file}:Named`, "v2")).toMatchObject({ told: ["second", {}] });
  });

  it("finds a class that only `requestRouter()` knows, also in a module that never ends (R2)", async () => {
    class Local {
      choose() {
        return [];
      }
    }
    const { requestRouterClass } = requestRouter(Local); // under a test runner there is no file
    expect(await load(requestRouterClass as string)).toBeInstanceOf(Local);
    const file = module("hanging.mjs", `globalThis.registerRouter(); await new Promise(() => undefined);`);
    Object.assign(globalThis, { registerRouter: () => store.routers.register(`${file}:Hidden`, Local) });
    expect(await load(`${file}:Hidden`)).toBeInstanceOf(Local);
  });

  it("says in one line what is wrong (R3)", async () => {
    const file = module("wrong.mjs", source("wrong"));
    await expect(load(`${file}:Nmaed`)).rejects.toThrow(/no router Nmaed.*Named, default, Blank, Broken/);
    await expect(load(`${file}:notThis`)).rejects.toThrow(/no router notThis/);
    await expect(load(`${file}:Blank`)).rejects.toThrow(/without choose/);
    await expect(load(`${file}:Broken`)).rejects.toThrow(/could not be made: RangeError: no/);
    await expect(load(join(folder, "nowhere.mjs:X"))).rejects.toThrow(/importing the router's module .*nowhere/);
    await expect(load(`${module("syntax.mjs", "class {")}:X`)).rejects.toThrow(/importing the router's module/);
  });
});

describe("requestRouter", () => {
  it.each([
    [undefined],
    [() => undefined],
    [class Nothing {}],
    [
      class {
        choose() {
          return [];
        }
      },
    ],
  ])("refuses %s", (wrong) => {
    expect(() => requestRouter(wrong as never)).toThrow(/requestRouter/);
  });
});
