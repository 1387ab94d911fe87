import { describe, expect, it } from "vitest";
import { placeChunk, placeModule } from "./own-place.ts";

describe("import.meta.url in the bundle", () => {
  /** What the expression evaluates to in a chunk at `chunk` of a package at file:///p/. */
  async function evaluate(expression: string, file: string, chunk: string): Promise<string> {
    const code = placeChunk(placeModule(expression, file), chunk).replaceAll(
      "import.meta.url",
      `"file:///p/dist/${chunk}"`,
    );
    const module = (await import(`data:text/javascript,export const value = ${encodeURIComponent(code)}`)) as {
      value: string;
    };
    return module.value;
  }

  it("names a program beside the module's own folder, with the extension of the bundle (R1)", async () => {
    const expression = `new URL("../head/main.ts", import.meta.url).href`;
    expect(await evaluate(expression, "serve/start.ts", "chunks/x.js")).toBe("file:///p/dist/head/main.js");
    expect(await evaluate(expression, "serve/start.ts", "index.js")).toBe("file:///p/dist/head/main.js");
    expect(
      await evaluate(`new URL("../../head/main.ts", import.meta.url).href`, "engines/local/a.ts", "cli/main.js"),
    ).toBe("file:///p/dist/head/main.js");
  });

  it("finds package.json from every chunk", async () => {
    const expression = `new URL("../../package.json", import.meta.url).href`;
    for (const chunk of ["index.js", "cli/main.js", "chunks/x.js"]) {
      expect(await evaluate(expression, "cli/version.ts", chunk)).toBe("file:///p/package.json");
    }
  });

  it("answers a bare import.meta.url with the mirrored place", async () => {
    expect(await evaluate("import.meta.url", "serve/start.ts", "chunks/x.js")).toBe("file:///p/dist/serve/start.js");
  });

  it("answers filename and dirname with the mirrored place", async () => {
    expect(await evaluate("import.meta.filename", "serve/start.ts", "chunks/x.js")).toBe("/p/dist/serve/start.js");
    expect(await evaluate("import.meta.dirname", "engines/local/a.ts", "cli/main.js")).toBe("/p/dist/engines/local");
  });
});
