import { describe, expect, it } from "vitest";
import { resolveOptions } from "../config/check-options.ts";
import { instanceOptionsOf } from "../config/config-instance.ts";
import type { ServeConfig } from "../config/serve-config.ts";
import type { InstanceStatus } from "../model/status.ts";
import { ignoredOptions } from "./ignored-options.ts";

const RUNNING = { proxyLocation: "EveryNode", httpOptions: resolveOptions("http", { port: 8000 }) } as const;
const lines = (
  more: object,
  running: Pick<InstanceStatus, "proxyLocation" | "httpOptions"> = RUNNING,
): readonly string[] => {
  const config: ServeConfig = { applications: [], ...more };
  return ignoredOptions(config, instanceOptionsOf(config, "/srv"), running);
};

describe("ignoredOptions", () => {
  it("names what the file says and the running instance does not follow", () => {
    expect(lines({ proxy_location: "Disabled", http_options: { port: 9000, root_path: "", host: "0.0.0.0" } })).toEqual(
      [
        'proxy_location: the running instance ignores "Disabled"; it keeps "EveryNode"',
        "http_options.port: the running instance ignores 9000; it keeps 8000",
        'http_options.host: the running instance ignores "0.0.0.0"; it keeps "127.0.0.1"',
      ],
    );
  });

  it("says nothing of what is the same, of any free port, and where there is no proxy to compare with", () => {
    expect(lines({ http_options: { port: 0 }, proxy_location: "EveryNode" })).toEqual([]);
    const none = { proxyLocation: "Disabled", httpOptions: null } as const;
    expect(lines({ http_options: { port: 1 } }, none)).toEqual([]);
  });

  it("says nothing of a path that is the same from the folder of the file", () => {
    const httpOptions = resolveOptions("http", { sslCertfile: "/srv/c.pem", sslKeyfile: "/srv/k.pem" });
    const running = { ...RUNNING, httpOptions };
    expect(lines({ http_options: { ssl_certfile: "c.pem", ssl_keyfile: "./k.pem" } }, running)).toEqual([]);
  });

  it("shows no password", () => {
    expect(lines({ http_options: { ssl_keyfile_password: "x" } })).toEqual([
      "http_options.ssl_keyfile_password: the running instance ignores the change",
    ]);
  });

  it("tells what this version does nothing with, where it is asked for", () => {
    const asked = {
      grpc_options: { grpc_servicer_functions: ["a.b:c"] },
      tracing_config: { enabled: true },
      controller_options: { runtime_env: { env_vars: { A: "b" } } },
    };
    expect(lines(asked)).toEqual([
      "grpc_options.grpc_servicer_functions: this version has no gRPC proxy",
      "tracing_config.enabled: this version exports no traces",
      "controller_options.runtime_env: the head keeps the environment that it was started with",
    ]);
    const unasked = { grpc_options: { port: 9000 }, tracing_config: { enabled: false }, controller_options: null };
    expect(lines(unasked)).toEqual([]);
  });
});
