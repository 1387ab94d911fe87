import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError } from "../core/errors.ts";
import { appBuilder, type ArgsSchema } from "./app-builder.ts";
import type { Application } from "./types.ts";

const app = {} as Application<{ size: number }>;

describe("appBuilder", () => {
  const schema = z.object({
    model: z.object({ size: z.coerce.number().int() }),
    tags: z.array(z.string()).default([]),
  });

  it("gives the function the arguments as the schema completed them", async () => {
    const seen: z.output<typeof schema>[] = [];
    const build = appBuilder(schema, (args) => {
      seen.push(args);
      return app;
    });
    expect(await build({ model: { size: "3" } })).toBe(app);
    expect(seen).toEqual([{ model: { size: 3 }, tags: [] }]);
  });

  it("names the path of a wrong argument, and tells of the others", async () => {
    const build = appBuilder(schema, () => app);
    const error = await build({ model: { size: "big" }, tags: ["a", 7] }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).details.path).toBe("args.model.size");
    expect((error as ConfigError).message).toMatch(
      /^args\.model\.size: received "big" \(string\), expected what the schema allows: .*; args\.tags\.1: /,
    );
  });

  it("takes no arguments for none", async () => {
    await expect(appBuilder(schema, () => app)()).rejects.toThrow(/^args\.model: received undefined/);
  });

  it("takes any schema that follows the standard, one that checks asynchronously too", async () => {
    const own: ArgsSchema<string> = {
      "~standard": {
        version: 1,
        validate: async (value) => (typeof value === "string" ? { value } : { issues: [{ message: "a string" }] }),
      },
    };
    const build = appBuilder(own, () => app);
    expect(await build("x")).toBe(app);
    await expect(build(1)).rejects.toThrow("args: received 1 (number), expected what the schema allows: a string");
  });

  it("refuses what is no schema", () => {
    expect(() => appBuilder({} as never, () => app)).toThrow(/expected a schema of zod/);
  });
});
