import { describe, expect, it } from "vitest";
import { instanceOptionsOf } from "./config-instance.ts";

const instanceOf = (config: object) => instanceOptionsOf({ applications: [], ...config }, "/srv/shop");

describe("instanceOptionsOf", () => {
  it("listens on all addresses where the file says nothing, as Ray Serve does", () => {
    expect(instanceOf({})).toEqual({ http: { host: "0.0.0.0" } });
    expect(instanceOf({ http_options: { host: "::1", port: 80, keep_alive_timeout_s: 5 } })).toEqual({
      http: { host: "::1", port: 80, keepAliveTimeoutS: 5 },
    });
  });

  it("finds the certificate's files from the file's folder", () => {
    const http = { ssl_certfile: "cert.pem", ssl_keyfile: "/etc/key.pem" };
    expect(instanceOf({ http_options: http }).http).toMatchObject({
      sslCertfile: "/srv/shop/cert.pem",
      sslKeyfile: "/etc/key.pem",
    });
  });

  it("takes the proxies' place and the logs", () => {
    const file = { proxy_location: "Disabled", logging_config: { encoding: "JSON" } };
    expect(instanceOf(file)).toMatchObject({ proxyLocation: "Disabled", loggingConfig: { encoding: "JSON" } });
  });
});
