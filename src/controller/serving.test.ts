import { describe, expect, it } from "vitest";
import { resolveOptions } from "../config/check-options.ts";
import { addressOf, servingNow, servingOf } from "./serving.ts";

const started = { http: resolveOptions("http", { port: 18_000 }), proxyLocation: "EveryNode" } as const;
const applications: never[] = [];

describe("servingNow", () => {
  it("is what the head was started with, unless the config file brought its own (R1, R2)", () => {
    const serving = { http: null, proxyLocation: "Disabled" } as const;
    expect(servingNow(null, started)).toBe(started);
    expect(servingNow({ serving: null }, started)).toBe(started);
    expect(servingNow({ serving }, started)).toBe(serving);
  });
});

describe("servingOf", () => {
  it("is what the file says itself, over what the head was started with (R2)", () => {
    const http_options = { root_path: "/base", ssl_certfile: "cert.pem", ssl_keyfile: "/key.pem" };
    const { http, proxyLocation } = servingOf({ applications, http_options }, "/srv", started);
    expect(http).toEqual({
      ...started.http,
      rootPath: "/base",
      sslCertfile: "/srv/cert.pem",
      sslKeyfile: "/key.pem",
    });
    expect(proxyLocation).toBe("EveryNode");
  });

  it("opens the proxies to other machines only where the file says the host", () => {
    expect(servingOf({ applications, http_options: { port: 9 } }, "/", started).http).toMatchObject({
      host: "127.0.0.1",
      port: 9,
    });
    const open = servingOf({ applications, http_options: { host: "0.0.0.0" } }, "/", started);
    expect(open.http).toMatchObject({ host: "0.0.0.0", port: 18_000 });
  });

  it("has no proxies where the file wants none, and has them where only the head did not", () => {
    expect(servingOf({ applications, proxy_location: "Disabled" }, "/", started)).toEqual({
      http: null,
      proxyLocation: "Disabled",
    });
    const none = { http: null, proxyLocation: "Disabled" } as const;
    expect(servingOf({ applications, proxy_location: "EveryNode" }, "/", none).http).toMatchObject({ port: 8000 });
    expect(servingOf({ applications }, "/", none)).toEqual(none);
  });
});

describe("addressOf", () => {
  const before = { host: "127.0.0.1", port: 40_123 };
  const next = (http_options: Record<string, unknown>): unknown => {
    const config = { applications, http_options };
    return addressOf(config, servingOf(config, "/", started), before);
  };

  it("is where the proxies listened, unless the file says another (R2)", () => {
    expect(next({})).toEqual(before);
    expect(next({ port: 9 })).toEqual({ ...before, port: 9 });
    expect(next({ host: "0.0.0.0" })).toEqual({ ...before, host: "0.0.0.0" });
  });

  it("is nowhere where none listened", () => {
    expect(addressOf({ applications }, started, null)).toBeNull();
  });
});
