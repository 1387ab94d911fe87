import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adminParts, ask } from "../../../tests/fixtures/admin.ts";
import { applicationDetails, deploymentDetails, instanceDetails } from "../../../tests/fixtures/status.ts";
import { resolveDeployment } from "../../config/resolve-deployment.ts";
import type { HistoryFilter } from "../../model/history.ts";
import type { DeploymentDetails } from "../../model/status.ts";
import type { AdminParts } from "../admin-parts.ts";

async function body(parts: AdminParts, line: string): Promise<unknown> {
  return JSON.parse((await ask(parts, line)).body as string) as unknown;
}

describe("/api/manta/v1/history", () => {
  const entry = {
    application: "a",
    deployment: "D",
    replicaId: "k3f9q2zz",
    event: "replica.start",
    reason: "below target",
  };
  const filters: HistoryFilter[] = [];
  const history = (filter: HistoryFilter) => {
    filters.push(filter);
    return [1000, 2000, 3000].map((timeMs) => ({ ...entry, timeMs }));
  };
  const parts = adminParts({ commands: { history } });

  it("hands on the filter and shows the newest entries last", async () => {
    const shown = {
      application: "a",
      deployment: "D",
      replica_id: "k3f9q2zz",
      event: "replica.start",
      reason: "below target",
    };
    expect(await body(parts, "GET /api/manta/v1/history?limit=2")).toEqual({
      entries: [
        { timestamp_s: 2, ...shown },
        { timestamp_s: 3, ...shown },
      ],
    });
    await ask(parts, "GET /api/manta/v1/history?application=a&deployment=D&replica=k3f9q2zz");
    expect(filters).toEqual([{}, { application: "a", deployment: "D", replicaId: "k3f9q2zz" }]);
  });

  it("refuses a query that it does not understand", async () => {
    for (const query of ["app=x", "limit=0", "limit=x", "limit=10001", "application=a&application=b"]) {
      expect((await ask(parts, `GET /api/manta/v1/history?${query}`)).status, query).toBe(400);
    }
  });
});

describe("/api/manta/v1/applications/{application}/deployments/{deployment}", () => {
  function partsWith(deployment: DeploymentDetails): AdminParts {
    const application = applicationDetails({ name: "a", deployments: { [deployment.name]: deployment } });
    return adminParts({ commands: { status: () => instanceDetails({ applications: { a: application } }) } });
  }

  it("shows each option by its name in config files, with its value and where it comes from", async () => {
    const options = resolveDeployment({ maxOngoingRequests: 7, userConfig: { camelCase: 1 } }, "deployment");
    const origins = { maxOngoingRequests: "code", userConfig: "file", runtimeEnv: "application" } as const;
    const deployment = deploymentDetails({ name: "D", options, origins });
    expect(await body(partsWith(deployment), "GET /api/manta/v1/applications/a/deployments/D")).toMatchObject({
      application: "a",
      name: "D",
      code_version: "v1",
      autoscaling: null,
      options: {
        max_ongoing_requests: { value: 7, origin: "code" },
        max_queued_requests: { value: -1, origin: "default" },
        user_config: { value: { camelCase: 1 }, origin: "file" },
        ray_actor_options: { value: { num_cpus: 1 }, origin: "application" },
        max_surge_percent: { value: null, origin: "default" },
        max_constructor_retry_count: { value: 20, origin: "default" },
        logging_config: { value: null, origin: "default" },
      },
    });
  });

  it("shows a browser the names of environment variables only", async () => {
    const options = resolveDeployment({ runtimeEnv: { envVars: { KEY: "value" } } }, "deployment");
    const headers = { "user-agent": "Mozilla/5.0" };
    const line = "GET /api/manta/v1/applications/a/deployments/D";
    const { body: shown } = await ask(partsWith(deploymentDetails({ name: "D", options })), line, { headers });
    expect(shown).toContain('"env_vars":{"KEY":"<redacted>"}');
  });

  it("has no option that is not in the table of options, and shows a logging config that is set", async () => {
    const options = resolveDeployment({ loggingConfig: { encoding: "JSON" }, numReplicas: "auto" }, "deployment");
    const shown = (await body(
      partsWith(deploymentDetails({ name: "D", options })),
      "GET /api/manta/v1/applications/a/deployments/D",
    )) as { options: Record<string, { value: unknown }> };
    expect(shown.options["logging_config"]?.value).toMatchObject({ encoding: "JSON", log_level: "INFO" });
    expect(shown.options).not.toHaveProperty("num_replicas");
    expect(shown.options).not.toHaveProperty("name");
  });

  it("shows what its autoscaler sees and did, with the policy's own names of metrics", async () => {
    const decision = { timestampS: 5, reason: "load", prevNumReplicas: 1, currNumReplicas: 2, policy: "default" };
    const autoscaling = {
      scalingStatus: "UPSCALING",
      reason: "4 wanted",
      decisions: [decision],
      metrics: { ownMetric: 3 },
      metricsHealth: "healthy",
      errors: [],
    } as const;
    const deployment = deploymentDetails({ name: "D", autoscaling });
    expect(await body(partsWith(deployment), "GET /api/manta/v1/applications/a/deployments/D")).toMatchObject({
      autoscaling: {
        scaling_status: "UPSCALING",
        reason: "4 wanted",
        decisions: [{ timestamp_s: 5, reason: "load", prev_num_replicas: 1, curr_num_replicas: 2, policy: "default" }],
        metrics: { ownMetric: 3 },
        metrics_health: "healthy",
        errors: [],
      },
    });
  });
});

describe("/api/manta/v1/instance", () => {
  it("says which instance it is", async () => {
    expect(await body(adminParts(), "GET /api/manta/v1/instance")).toMatchObject({ namespace: "test", http_url: null });
  });
});

describe("/api/manta/v1/logs", () => {
  const root = mkdtempSync(join(tmpdir(), "manta-logs-"));
  const folder = join(root, "serve");
  const logs = (query: string) =>
    ask(adminParts({ info: { ...adminParts().info, logsDir: folder } }), `GET /api/manta/v1/logs${query}`);

  beforeAll(() => {
    mkdirSync(join(folder, "inner"), { recursive: true });
    writeFileSync(join(root, "secret.log"), "secret\n");
    writeFileSync(join(folder, "inner", "x.log"), "inner\n");
    symlinkSync(join(root, "secret.log"), join(folder, "link.log"));
    writeFileSync(join(folder, "controller_1.log"), Array.from({ length: 500 }, (_, i) => `line ${i}\n`).join(""));
    writeFileSync(join(folder, "replica_a_D_k3f9q2zz.log"), "log of a replica\n");
    writeFileSync(join(folder, "replica_a_D_k3f9q2zz.out"), "printed by a replica");
    writeFileSync(join(folder, "large.log"), `${"x".repeat(3 << 20)}\nlast\n`);
    writeFileSync(join(folder, "empty.log"), "");
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it("lists the plain files of the log folder", async () => {
    const { files } = JSON.parse((await logs("")).body as string) as { files: { name: string; size_bytes: number }[] };
    expect(files.map(({ name }) => name)).toEqual([
      "controller_1.log",
      "empty.log",
      "large.log",
      "replica_a_D_k3f9q2zz.log",
      "replica_a_D_k3f9q2zz.out",
    ]);
    expect(files[1]).toMatchObject({ name: "empty.log", size_bytes: 0 });
  });

  it("shows the last lines of a file, named as listed or as the status names it", async () => {
    expect((await logs("?file=controller_1.log&lines=2")).body).toBe("line 498\nline 499\n");
    expect((await logs("?file=/serve/controller_1.log&lines=1")).body).toBe("line 499\n");
    expect(((await logs("?file=controller_1.log")).body as string).split("\n")).toHaveLength(101);
    expect((await logs("?file=empty.log")).body).toBe("");
  });

  it("shows the log of a replica, or what it printed", async () => {
    expect((await logs("?replica=k3f9q2zz")).body).toBe("log of a replica\n");
    expect((await logs("?replica=k3f9q2zz&stream=out")).body).toBe("printed by a replica\n");
  });

  it("reads a bounded part of a large file and shows no line that is cut (R2)", async () => {
    expect((await logs("?file=large.log")).body).toBe("last\n");
  });

  it("serves nothing but files that the folder lists (R1)", async () => {
    for (const file of [
      "../secret.log",
      "..%2Fsecret.log",
      "/serve/../secret.log",
      "inner",
      "inner/x.log",
      "link.log",
      "",
      ".",
      "controller_1.log%00",
      "/etc/passwd",
    ]) {
      expect((await logs(`?file=${file}`)).status, file).toBe(404);
    }
    for (const replica of ["", "nobody", "../../x", "D_k3f9q2zz.log"]) {
      expect((await logs(`?replica=${replica}`)).status, replica).toBe(404);
    }
  });

  it("refuses a query that it does not understand", async () => {
    for (const query of [
      "?lines=0&file=x",
      "?file=a&replica=b",
      "?replica=k3f9q2zz&stream=err",
      "?name=x",
      "?lines=1e3&file=x",
    ]) {
      expect((await logs(query)).status, query).toBe(400);
    }
  });
});
