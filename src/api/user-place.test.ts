import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { findPlace, isInside, ownFolderOf, type Frame } from "./user-place.ts";

const own = "/home/u/node_modules/manta-serve/dist/";
const frame = (file: string, line = 1): Frame => ({ file, line });
const deploymentCall = frame(`file://${own}index.js`);

describe("the user's file", () => {
  it("is the outermost one outside of node_modules and this package (R1)", () => {
    const stack = [
      deploymentCall,
      frame("file:///home/u/lib.ts", 3),
      frame("file:///home/u/my%20app/main.ts", 9),
      frame(`file://${own}builder/main.js`),
      frame("node:internal/modules/esm/module_job"),
    ];
    expect(findPlace(stack, own)).toEqual({ file: "/home/u/my app/main.ts", line: 9 });
  });

  it("may be named as a path, or as a URL with a query", () => {
    expect(findPlace([frame("/home/u/app.js", 2)], own)).toEqual({ file: "/home/u/app.js", line: 2 });
    expect(findPlace([frame("file:///home/u/app.ts?v=1", 2)], own)).toEqual({ file: "/home/u/app.ts", line: 2 });
  });

  it("is missing for code inside node_modules, which is told apart from our own", () => {
    const stack = [deploymentCall, frame("file:///home/u/node_modules/models/index.js")];
    expect(findPlace(stack, own)).toMatchObject({
      received: "code inside node_modules (/home/u/node_modules/models/index.js)",
    });
    expect(findPlace([deploymentCall], own)).toMatchObject({ received: "no user file on the stack" });
  });

  it.each(["[stdin]", "file:///home/u/[eval1]", "REPL1", "data:text/javascript,1"])(
    "is missing for %s (R2)",
    (file) => {
      expect(findPlace([deploymentCall, frame(file)], own)).toMatchObject({
        received: "code from stdin, --eval or a REPL",
      });
    },
  );
});

describe("this package's own folder", () => {
  it("is found from source and from a bundle", () => {
    expect(ownFolderOf("file:///home/u/manta/src/api/user-place.ts")).toBe("/home/u/manta/src/");
    expect(ownFolderOf("file:///home/u/src/app/node_modules/manta-serve/dist/replica/main.js")).toBe(
      "/home/u/src/app/node_modules/manta-serve/dist/",
    );
  });
});

describe("a line of a stack", () => {
  it("is inside where it lies in this package or in Node", () => {
    const own = new URL("../replica/replica.ts", import.meta.url).href;
    expect(isInside(`    at async Replica.load (${own}:2212:4)`)).toBe(true);
    expect(isInside("    at listenInCluster (node:internal/net:1:1)")).toBe(true);
    expect(isInside("    at new Model (file:///home/u/app.ts:4:72)")).toBe(false);
    expect(isInside(`Error: cannot read ${own}`)).toBe(false);
  });
});

describe("in a process of its own", () => {
  const url = new URL("./user-place.ts", import.meta.url).href;
  const code = `const { placeOfCaller } = await import(${JSON.stringify(url)}); console.log(JSON.stringify(placeOfCaller()));`;

  it("code from --eval has no place", () => {
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], { encoding: "utf8" });
    expect(JSON.parse(stdout)).toMatchObject({ received: "code from stdin, --eval or a REPL" });
  });
});
