import { describe, expect, it } from "vitest";
import { adminParts, ask } from "../../../tests/fixtures/admin.ts";
import { ManualClock } from "../../core/clock.ts";
import { ConfigError, ServeError } from "../../core/errors.ts";

const PUT = "PUT /api/serve/applications/";
const DELETE = "DELETE /api/serve/applications/";

const empty = { status: 200, headers: { "content-type": "application/octet-stream" }, body: "" };

describe("PUT /api/serve/applications/", () => {
  it("hands the document over as it is and answers 200 without content", async () => {
    const seen: unknown[] = [];
    const deployConfig = (document: unknown): Promise<string[]> => Promise.resolve((seen.push(document), []));
    const body = '{"applications": [], "http_options": {"port": 1}}';
    expect(await ask(adminParts({ deployConfig }), PUT, { body })).toEqual(empty);
    expect(seen).toEqual([{ applications: [], http_options: { port: 1 } }]);
  });

  it("names unknown keys in a header of one bounded line of ASCII", async () => {
    const warnings = ["applications[0].nam: unknown key; did you mean name?", "ü\r\n: unknown key"];
    const some = await ask(adminParts({ deployConfig: () => Promise.resolve(warnings) }), PUT, { body: "{}" });
    const line = "applications[0].nam: unknown key; did you mean name?; ???: unknown key";
    expect(some).toEqual({ ...empty, headers: { ...empty.headers, "x-manta-warnings": line } });
    const many = Array.from({ length: 1000 }, () => "a warning");
    const all = await ask(adminParts({ deployConfig: () => Promise.resolve(many) }), PUT, { body: "{}" });
    expect(all.headers["x-manta-warnings"]).toHaveLength(4004);
  });

  it("answers 400 with the reason when the body is no JSON or no config (R1)", async () => {
    expect(await ask(adminParts(), PUT, { body: "{" })).toMatchObject({
      status: 400,
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: expect.stringMatching(/^the body is not JSON: /) as unknown,
    });
    const refuse = (): Promise<never> =>
      Promise.reject(new ConfigError({ path: "applications", received: "nothing", expected: "a list" }));
    const refused = await ask(adminParts({ deployConfig: refuse }), PUT, { body: "{}" });
    expect(refused).toMatchObject({ status: 400, body: "applications: received nothing, expected a list" });
    const fail = (): Promise<never> => Promise.reject(new ServeError("ENGINE", "the store refuses"));
    const failed = await ask(adminParts({ deployConfig: fail }), PUT, { body: "{}" });
    expect(failed).toMatchObject({ status: 500, body: "the store refuses" });
  });
});

describe("DELETE /api/serve/applications/", () => {
  it("answers when nothing is left, but after 30 s in any case (R2)", async () => {
    const clock = new ManualClock();
    const { promise, resolve } = Promise.withResolvers<void>();
    const parts = adminParts({ commands: { removeAll: () => promise } });
    let answered = 0;
    const first = ask(parts, DELETE, { clock }).finally(() => answered++);
    await clock.advance(29_999);
    expect(answered).toBe(0);
    await clock.advance(1);
    expect(await first).toEqual(empty);
    const second = ask(parts, DELETE, { clock });
    resolve();
    expect(await second).toEqual(empty);
  });

  it("answers 500 when it cannot be accepted", async () => {
    const removeAll = (): Promise<never> => Promise.reject(new ServeError("ENGINE", "the store refuses"));
    expect(await ask(adminParts({ commands: { removeAll } }), DELETE)).toMatchObject({ status: 500 });
  });
});
