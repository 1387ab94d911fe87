import { describe, expect, it } from "vitest";
import { adminParts, ask } from "../../tests/fixtures/admin.ts";
import { applicationDetails, instanceDetails } from "../../tests/fixtures/status.ts";
import { ServeError } from "../core/errors.ts";

const apps = "/api/serve/applications/";

describe("answerRequest", () => {
  it("answers what is not there in the words of Ray's server, with a way out (R3)", async () => {
    expect(await ask(adminParts(), "GET /api/serve/applications")).toMatchObject({
      status: 404,
      body: `404: Not Found: nothing at /api/serve/applications; there is ${apps}`,
    });
    expect(await ask(adminParts(), "GET /nowhere?x=1")).toMatchObject({
      status: 404,
      body: "404: Not Found: nothing at /nowhere; docs/reference/rest.md lists the paths",
    });
    expect(await ask(adminParts(), `POST ${apps}`)).toMatchObject({
      status: 405,
      headers: { allow: "GET, PUT, DELETE, HEAD, OPTIONS" },
      body: `405: Method Not Allowed: POST is not allowed at ${apps}; there are GET, PUT, DELETE, HEAD, OPTIONS`,
    });
    expect(await ask(adminParts(), `OPTIONS ${apps}`)).toMatchObject({
      status: 204,
      headers: { allow: "GET, PUT, DELETE, HEAD, OPTIONS" },
    });
  });

  it("answers errors below /api/manta/ as JSON of one shape (R3)", async () => {
    const errorOf = async (line: string): Promise<unknown> => {
      const { status, body } = await ask(adminParts(), line);
      return { status, ...(JSON.parse(body as string) as object) };
    };
    expect(await errorOf("GET /api/manta/v1/nothing")).toMatchObject({
      status: 404,
      error: { code: "ROUTE_NOT_FOUND", details: { path: "/api/manta/v1/nothing" } },
    });
    expect(await errorOf("PUT /api/manta/v1/history")).toMatchObject({ status: 405, error: { code: "BAD_REQUEST" } });
    expect(await errorOf("GET /api/manta/v1/history?aplication=x")).toMatchObject({
      status: 400,
      error: { code: "CONFIG_INVALID", details: { path: "query.aplication", nearest: "application" } },
    });
    expect(await errorOf("GET /api/manta/v1/applications/a/deployments/d")).toMatchObject({
      status: 404,
      error: { code: "APPLICATION_NOT_FOUND", message: "there is no application a; none is deployed" },
    });
  });

  it("asks who it is before it says what there is (R1)", async () => {
    expect((await ask(adminParts(), "GET /nowhere", { token: "secret" })).status).toBe(401);
    expect((await ask(adminParts(), "GET /nowhere", { headers: { host: "evil.example" } })).status).toBe(403);
    const browser = { "user-agent": "Mozilla/5.0" };
    expect(await ask(adminParts(), `PUT ${apps}`, { headers: browser })).toMatchObject({ status: 405 });
  });

  it("takes targets in absolute form", async () => {
    expect((await ask(adminParts(), "GET http://localhost:8265/api/ray/version?x")).status).toBe(200);
  });

  it("answers probes only until the controller has taken up what an earlier head left (R2)", async () => {
    const parts = adminParts({ isReady: () => false });
    expect(await ask(parts, `GET ${apps}`)).toMatchObject({ status: 503 });
    expect(await ask(parts, "GET /api/manta/v1/history")).toMatchObject({ status: 503 });
    expect(await ask(parts, "GET /api/gcs_healthz")).toMatchObject({ status: 503 });
    expect(await ask(parts, "GET /-/healthz")).toMatchObject({ status: 200 });
  });

  it("answers what nobody expected with 500 and its text", async () => {
    const status = (): never => {
      throw new ServeError("INTERNAL", "a bug");
    };
    expect(await ask(adminParts({ commands: { status } }), `GET ${apps}`)).toMatchObject({ status: 500 });
  });
});

describe("probes and versions", () => {
  it("answers as Ray's servers do (reference 1.1, 1.3)", async () => {
    for (const path of ["/api/gcs_healthz", "/api/local_raylet_healthz"]) {
      const type = { "content-type": "application/text" };
      expect(await ask(adminParts(), `GET ${path}`), path).toEqual({ status: 200, headers: type, body: "success" });
    }
    expect((await ask(adminParts(), "GET /api/healthz")).body).toBe("raylet: success\ngcs: success");
    for (const path of ["/api/ray/version", "/api/version"]) {
      const { body } = await ask(adminParts(), `GET ${path}`);
      expect(JSON.parse(body as string), path).toMatchObject({
        version: "4",
        ray_version: "2.60.0",
        session_name: "test",
        name: "manta-serve",
      });
    }
  });
});

describe("GET /api/serve/applications/", () => {
  const details = instanceDetails({
    controller: { pid: 1, nodeId: "local", nodeIp: "127.0.0.1", logFilePath: "", startTimeS: 1 },
    applications: {
      a: applicationDetails({ name: "a" }),
      b: applicationDetails({
        name: "b",
        source: "declarative",
        deployedAppConfig: { import_path: "x:y", runtime_env: { env_vars: { KEY: "value" } } },
      }),
    },
  });
  const parts = adminParts({ commands: { status: () => details } });

  it("filters by api_type, whatever its case, and refuses another value", async () => {
    const names = async (query: string): Promise<string[]> => {
      const { body } = await ask(parts, `GET ${apps}${query}`);
      return Object.keys((JSON.parse(body as string) as { applications: object }).applications);
    };
    expect(await names("")).toEqual(["a", "b"]);
    expect(await names("?api_type=")).toEqual(["a", "b"]);
    expect(await names("?api_type=Imperative")).toEqual(["a"]);
    expect(await names("?api_type=declarative")).toEqual(["b"]);
    expect(await ask(parts, `GET ${apps}?api_type=unknown`)).toMatchObject({
      status: 400,
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: "Invalid 'api_type' value: 'unknown'. Must be one of: imperative, declarative",
    });
  });

  it("shows environment variables to clients, and their names only to a browser", async () => {
    expect((await ask(parts, `GET ${apps}`)).body).toContain('"KEY":"value"');
    const headers = { "user-agent": "Mozilla/5.0" };
    expect((await ask(parts, `GET ${apps}`, { headers })).body).toContain('"KEY":"<redacted>"');
  });
});
