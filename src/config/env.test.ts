import { homedir } from "node:os";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { childEnvironment, readEnv } from "./env.ts";
import { resolveInstance } from "./resolve.ts";

it("gives processes that run users' code everything but the head's secrets", () => {
  const secrets = { MANTA_ADMIN_TOKEN: "t", MANTA_SSL_KEYFILE_PASSWORD: "p" };
  expect(childEnvironment({ PATH: "/bin", MANTA_METRICS: "0", ...secrets })).toEqual({
    PATH: "/bin",
    MANTA_METRICS: "0",
  });
});

describe("readEnv", () => {
  it("has defaults for everything, also for empty variables", () => {
    const expected = {
      home: `${homedir()}/.manta`,
      namespace: "default",
      adminToken: undefined,
      sslKeyfilePassword: undefined,
      dev: false,
      metricsPrefix: "ray_",
      metrics: true,
      buckets: {},
      logClientAddress: false,
      startedByNpm: false,
    };
    expect(readEnv({})).toEqual(expected);
    expect(readEnv({ MANTA_HOME: "", MANTA_NAMESPACE: "", MANTA_ADMIN_TOKEN: "", MANTA_DEV: "" })).toEqual(expected);
  });

  it("reads what is set", () => {
    const env = {
      MANTA_HOME: "/a/../b",
      MANTA_NAMESPACE: "n",
      MANTA_ADMIN_TOKEN: "t",
      MANTA_SSL_KEYFILE_PASSWORD: "s",
      MANTA_DEV: "1",
      MANTA_METRICS_PREFIX: "",
      MANTA_METRICS: "0",
      RAY_SERVE_REQUEST_LATENCY_BUCKETS_MS: "1, 2.5,1e3",
      RAY_SERVE_LOG_CLIENT_ADDRESS: "1",
    };
    const given = { home: "/b", namespace: "n", adminToken: "t", dev: true, metricsPrefix: "", metrics: false };
    const others = { sslKeyfilePassword: "s", buckets: { request: [1, 2.5, 1000] } };
    expect(readEnv(env)).toEqual({ ...given, ...others, logClientAddress: true, startedByNpm: false });
  });

  it("reads the bounds of every set that Ray's variables change", () => {
    const { buckets } = readEnv({
      MODEL_LOAD_LATENCY_BUCKETS_MS: "1",
      RAY_SERVE_REPLICA_STARTUP_SHUTDOWN_LATENCY_BUCKETS_MS: "2",
      RAY_SERVE_BATCH_UTILIZATION_BUCKETS_PERCENT: "50,100",
      RAY_SERVE_BATCH_SIZE_BUCKETS: "3,6",
    });
    expect(buckets).toEqual({ modelLoad: [1], startup: [2], batchUtilization: [50, 100], batchSize: [3, 6] });
  });

  it.each(["2,1", "0,1", "1,,2", "1,x", "1,Infinity"])("refuses the bounds %s", (bounds) => {
    const name = "RAY_SERVE_REPLICA_STARTUP_SHUTDOWN_LATENCY_BUCKETS_MS";
    expect(() => readEnv({ [name]: bounds })).toThrow(`${name}: received "${bounds}", expected positive numbers`);
  });

  it("names the variable whose value cannot be used", () => {
    expect(() => readEnv({ MANTA_NAMESPACE: "a/b" })).toThrow(
      /^MANTA_NAMESPACE: received "a\/b" \(string\), expected 1 to 64/,
    );
    expect(() => readEnv({ MANTA_METRICS_PREFIX: "9" })).toThrow(/^MANTA_METRICS_PREFIX: /);
    expect(() => readEnv({ MANTA_ADMIN_TOKEN: "a b" })).toThrow(/^MANTA_ADMIN_TOKEN: received a string, expected/);
  });
});

describe("resolveInstance", () => {
  const env = readEnv({ MANTA_NAMESPACE: "blue", MANTA_ADMIN_TOKEN: "from-env" });

  it("prefers the option to the environment to the default", () => {
    const given = resolveInstance({ namespace: "green", admin: { token: "own", port: 1 } }, env, "serve.start");
    expect(given).toMatchObject({ namespace: "green", admin: { token: "own", port: 1 }, adminPortChosen: true });
    const absent = resolveInstance(undefined, env, "serve.start");
    expect(absent).toMatchObject({
      namespace: "blue",
      admin: { token: "from-env", port: 8265 },
      adminPortChosen: false,
    });
    expect(resolveInstance({}, readEnv({}), "serve.start").admin.token).toBeUndefined();
  });

  it("wants a token where others can reach the admin server", () => {
    const open = { admin: { host: "0.0.0.0" } };
    expect(() => resolveInstance(open, readEnv({}), "serve.start")).toThrow(ConfigError);
    expect(() => resolveInstance(open, readEnv({}), "serve.start")).toThrow(
      'serve.start.admin.host: received "0.0.0.0" (string) without a token, expected a loopback address, or a token in admin.token or MANTA_ADMIN_TOKEN',
    );
    expect(resolveInstance(open, env, "serve.start").admin.host).toBe("0.0.0.0");
    for (const host of ["localhost", "127.0.0.9", "::1"])
      resolveInstance({ admin: { host } }, readEnv({}), "serve.start");
  });

  it("finds certificate files from here, and the key's password in the environment; a certificate needs its key", () => {
    const http = { sslCertfile: "a.crt", sslKeyfile: "/k/a.key" };
    const own = { MANTA_SSL_KEYFILE_PASSWORD: "s" };
    expect(resolveInstance({ http }, readEnv(own), "serve.start").http).toMatchObject({
      sslCertfile: `${process.cwd()}/a.crt`,
      sslKeyfile: "/k/a.key",
      sslKeyfilePassword: "s",
      sslCaCerts: null,
    });
    const alone = { http: { sslCertfile: "a.crt" } };
    expect(() => resolveInstance(alone, readEnv({}), "serve.start")).toThrow(
      "serve.start.http: received sslCertfile without sslKeyfile, expected both",
    );
  });
});
