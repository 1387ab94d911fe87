import { describe, expect, it } from "vitest";
import { adminParts, ask } from "../../../tests/fixtures/admin.ts";
import { instanceDetails } from "../../../tests/fixtures/status.ts";
import { ServeError } from "../../core/errors.ts";

const LINE = "POST /api/v1/applications/my%20app/deployments/Model/scale";
const controller = { pid: 1, nodeId: "local", nodeIp: "127.0.0.1", logFilePath: "", startTimeS: 1 };
const running = () => instanceDetails({ controller });
const BODY = '{"target_num_replicas": 3}';

/** The reply when the controller refuses with `error`. */
async function refused(error: Error): Promise<unknown> {
  const scale = (): never => {
    throw error;
  };
  const { status, body } = await ask(adminParts({ commands: { status: running, scale } }), LINE, { body: BODY });
  return [status, JSON.parse(body as string) as unknown];
}

describe("POST .../scale (reference 1.1, table of the scale endpoint)", () => {
  it("hands on application, deployment and number", async () => {
    const seen: unknown[] = [];
    const scale = (...given: unknown[]): void => void seen.push(given);
    const parts = adminParts({ commands: { status: running, scale } });
    for (const body of [
      '{"target_num_replicas": 0, "extra": 1}',
      '{"target_num_replicas": "4"}',
      '{"target_num_replicas": 2.0}',
    ]) {
      expect(await ask(parts, LINE, { body })).toEqual({
        status: 200,
        headers: { "content-type": "application/json; charset=utf-8" },
        body: '{"message":"Scaling request received. Deployment will get scaled asynchronously."}',
      });
    }
    expect(seen).toEqual([
      ["my app", "Model", 0],
      ["my app", "Model", 4],
      ["my app", "Model", 2],
    ]);
  });

  it("answers 400 to a body that says no number of replicas", async () => {
    const parts = adminParts({ commands: { status: running } });
    for (const body of [
      "",
      "{",
      "[]",
      "null",
      "{}",
      '{"target_num_replicas": -1}',
      '{"target_num_replicas": 1.5}',
      '{"target_num_replicas": null}',
    ]) {
      const reply = await ask(parts, LINE, { body });
      expect(reply.status, body).toBe(400);
      expect(reply.body, body).toMatch(/^\{"error":"Invalid request body: \S/);
    }
  });

  it("answers 503 where nothing runs", async () => {
    const { status, body } = await ask(adminParts(), LINE, { body: BODY });
    expect([status, body]).toEqual([503, '{"error":"Serve controller is not available"}']);
  });

  it("answers what the controller refuses by the table", async () => {
    const disabled = new ServeError("CONFIG_INVALID", "x", { reason: "external scaler disabled" });
    expect(await refused(disabled)).toEqual([
      412,
      {
        error:
          "The replicas of deployment 'Model' of application 'my app' are not scaled from outside: external_scaler_enabled " +
          "is false; set external_scaler_enabled to true in the application's configuration and deploy it again.",
      },
    ]);
    const deleting = new ServeError("CONFIG_INVALID", "x", { reason: "deleting" });
    expect(await refused(deleting)).toEqual([412, { error: "Deployment is deleted" }]);
    for (const code of ["APPLICATION_NOT_FOUND", "DEPLOYMENT_NOT_FOUND"] as const) {
      expect(await refused(new ServeError(code, "x"))).toEqual([404, { error: "Application or Deployment not found" }]);
    }
    expect(await refused(new ServeError("ENGINE", "x"))).toEqual([503, { error: "Internal Server Error" }]);
    expect(await refused(new TypeError("x"))).toEqual([503, { error: "Internal Server Error" }]);
  });
});
