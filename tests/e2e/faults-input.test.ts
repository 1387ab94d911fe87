// Mistakes of whoever writes or starts an application: what is said, and that nothing is left behind.
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Harness } from "./harness.ts";

let harness: Harness;

beforeEach(() => {
  harness = new Harness();
  harness.showOnFailure();
});
afterEach(() => harness.close());

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
/** A text with all of `texts`, in this order. */
const said = (...texts: string[]): unknown => expect.stringMatching(new RegExp(texts.map(escape).join("[^]*")));
const config = (path: string, received: string, ...message: string[]) => ({
  code: "CONFIG_INVALID",
  details: { path: said(path), received: said(received) },
  message: said(path, received, "expected", ...message),
});

describe("a driver that does everything wrong", () => {
  it("is told path, received and expected each time, and its instance takes no harm", async () => {
    const { code, stdout, stderr } = await harness.run(harness.copy("refusals.ts")).finished();
    expect(stderr).not.toContain("Unhandled");
    expect(code).toBe(0);
    const { answers, statuses } = JSON.parse(stdout) as { answers: Record<string, unknown>; statuses: unknown };
    expect(answers).toMatchObject({
      wrongType: config("maxOngoingRequests", '"5"', "integer"),
      unknownKey: config("maxOngoingRequest", "an unknown option", "did you mean maxOngoingRequests?"),
      outOfBounds: config("numReplicas", "-1"),
      wrongCallOption: config("routePrefix", '"no-slash"'),
      notAnApplication: config("serve.run(...)", "a function", "bind"),
      unsendable: { code: "SERIALIZATION", details: { path: "Plain.bind(...)[0].pools[0].db" } },
      unsendableFunction: { code: "SERIALIZATION", details: { path: "Plain.bind(...)[0][0]" } },
      samePrefixAtOnce: { code: "CONFIG_INVALID", message: said("/same") },
      noFetch: { code: "DEPLOY_FAILED", message: said("Plain", "fetch", "farewell, greet", "routePrefix: null") },
      first: "fine",
      samePrefixLater: { code: "CONFIG_INVALID", message: said("/taken", "first") },
      noRouteNeedsNoFetch: "fine",
      unknownDelete: { code: "APPLICATION_NOT_FOUND", message: said("nobody") },
    });
    // What went wrong is in user code or its use: our own stack would only hide it.
    expect(stdout).not.toMatch(/reviveServeError|control-link/);
    expect(statuses).toEqual({ plain: "DEPLOY_FAILED", first: "RUNNING", inner: "RUNNING" });
    await harness.nothingLeft();
  });
});

describe("a port that is taken", () => {
  it.each([
    ["http", "http: { port: PORT }, admin: { port: 0 }", "http.port"],
    ["admin", "http: { port: 0 }, admin: { port: PORT }", "admin.port"],
  ])("is named, with how to change it; the driver ends with 1 and leaves nothing: %s", async (_, options, cure) => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const port = String((other.address() as AddressInfo).port);
    const source = `
import { deployment, serve } from "manta-serve";
const app = deployment(() => "hi", { name: "hi" }).bind();
await serve.run(app, { ${options.replace("PORT", port)} });
`;
    const { code, stderr } = await harness.run(harness.write("taken.ts", source)).finished();
    other.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`port ${port}.*taken.*${escape(cure)}`));
    await harness.nothingLeft();
  });
});

describe("code that cannot be found", () => {
  it.each([
    ["./nowhere.ts:app", /nowhere\.ts/],
    ["work.ts:ap", /unknown export ap.*app/],
    ["many.ts:VERSION", /VERSION/],
  ])("is named, with what there is: %s", async (target, message) => {
    const folder = harness.copy("work.ts").replace(/work\.ts$/, "");
    harness.copy("many.ts");
    const path = target.startsWith(".") ? target : `${folder}${target}`;
    const { code, stdout, stderr } = await harness.manta("run", path, "--http-port", "0", "--admin-port", "0");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    await harness.nothingLeft();
  });

  it("because the class comes after `serve.run` is told with the cure (api.md Deployments)", async () => {
    const source = `
import { deployment, serve } from "manta-serve";
const at = { http: { port: 0 }, admin: { port: 0 } };
class Early { fetch() { return "early"; } }
if (process.argv[1] !== import.meta.filename) await serve.run(deployment(Early, { name: "Other" }).bind(), at);
await serve.run(deployment(class Late { fetch() { return "late"; } }).bind(), at);
`;
    const { code, stderr } = await harness.run(harness.write("late.ts", source)).finished();
    expect(code).toBe(1);
    expect(stderr).toMatch(/Late.*is defined after.*serve\.run.*late\.ts:5/);
    expect(stderr).toContain("import.meta.main");
    await harness.nothingLeft();
  });
});
