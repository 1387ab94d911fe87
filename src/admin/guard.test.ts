import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { hasToken, isBrowserLike, isOwnHost, refuse } from "./guard.ts";

const own = { host: "localhost:8265" };
const apps = "/api/serve/applications/";

describe("admin guard", () => {
  it("takes loopback names and the bound host for its own, with and without port (R1)", () => {
    for (const host of ["localhost", "LOCALHOST:8265", "127.0.0.1:1", "127.9.9.9", "[::1]:8265", "10.0.0.5:8265"]) {
      expect(isOwnHost(host, "10.0.0.5"), host).toBe(true);
    }
    for (const host of [undefined, "", "evil.example", "127.0.0.1.evil.example", "localhost.evil", "10.0.0.6"]) {
      expect(isOwnHost(host, "10.0.0.5"), String(host)).toBe(false);
    }
    expect(
      refuse({ method: "GET", path: apps, headers: { host: "evil.example" } }, "127.0.0.1", undefined),
    ).toMatchObject({ status: 403, body: expect.stringContaining("unknown Host evil.example") as unknown });
  });

  it("takes exactly the token (R2)", () => {
    expect(hasToken("Bearer secret", "secret")).toBe(true);
    for (const header of [undefined, "", "secret", "Bearer secre", "Bearer secrets", "Basic secret"]) {
      expect(hasToken(header, "secret"), String(header)).toBe(false);
    }
  });

  it("looks for the token in Authorization, then X-Ray-Authorization, then the cookie (R2)", () => {
    const reply = (headers: IncomingHttpHeaders): number | undefined =>
      refuse({ method: "GET", path: apps, headers }, "0.0.0.0", "secret")?.status;
    expect(refuse({ method: "GET", path: apps, headers: {} }, "0.0.0.0", "secret")).toEqual({
      status: 401,
      headers: { "content-type": "text/plain; charset=utf-8", "www-authenticate": "Bearer" },
      body: "Unauthorized: Missing authentication token",
    });
    expect(refuse({ method: "GET", path: apps, headers: { authorization: "Bearer x" } }, "h", "secret")).toMatchObject({
      status: 403,
      body: "Forbidden: Invalid authentication token",
    });
    expect(reply({ authorization: "Bearer secret" })).toBeUndefined();
    expect(reply({ "x-ray-authorization": "Bearer secret" })).toBeUndefined();
    expect(reply({ cookie: "a=b; ray-authentication-token=secret" })).toBeUndefined();
    expect(reply({ authorization: "Bearer wrong", cookie: "ray-authentication-token=secret" })).toBe(403);
    expect(reply({ cookie: "xray-authentication-token=secret" })).toBe(401);
  });

  it("asks nobody who probes health for the token (R2)", () => {
    for (const path of [
      "/-/healthz",
      "/api/healthz",
      "/api/gcs_healthz",
      "/api/local_raylet_healthz",
      "/static/x.js",
    ]) {
      expect(refuse({ method: "GET", path, headers: {} }, "0.0.0.0", "secret"), path).toBeUndefined();
    }
    expect(refuse({ method: "GET", path: "/metrics", headers: {} }, "0.0.0.0", "secret")?.status).toBe(401);
  });

  it("knows a browser by its name or by what only a browser sends", () => {
    for (const headers of [
      { "user-agent": "Mozilla/5.0" },
      { origin: "null" },
      { referer: "http://x" },
      { "sec-fetch-mode": "cors" },
      { "access-control-request-method": "PUT" },
    ]) {
      expect(isBrowserLike(headers), JSON.stringify(headers)).toBe(true);
    }
    expect(isBrowserLike({ "user-agent": "python-requests/2.32", accept: "*/*" })).toBe(false);
  });

  it("does not take Node's fetch for a browser (R4)", () => {
    expect(isBrowserLike({ "user-agent": "node", "sec-fetch-mode": "cors" })).toBe(false);
    expect(isBrowserLike({ "sec-fetch-mode": "cors" })).toBe(true);
    expect(isBrowserLike({ "user-agent": "node", "sec-fetch-mode": "cors", "sec-fetch-site": "same-site" })).toBe(true);
  });

  it("lets a browser look, and write only with the token from a page of our own (R3)", () => {
    const browser = { ...own, "user-agent": "Mozilla/5.0" };
    for (const method of ["GET", "HEAD", "OPTIONS"]) {
      expect(refuse({ method, path: apps, headers: browser }, "127.0.0.1", undefined), method).toBeUndefined();
    }
    const refusal = { status: 405, body: "'PUT' method not allowed for browser traffic." };
    const put = (headers: IncomingHttpHeaders, token?: string): unknown =>
      refuse({ method: "PUT", path: apps, headers }, "h", token);
    expect(put(browser)).toMatchObject(refusal);
    expect(put({ ...own, origin: "http://localhost:8265" })).toMatchObject(refusal);
    const authorization = "Bearer secret";
    expect(put({ ...own, authorization, origin: "http://evil.example" }, "secret")).toMatchObject(refusal);
    expect(put({ ...own, authorization, origin: "http://localhost:8265" }, "secret")).toBeUndefined();
    expect(put({ ...own, authorization }, "secret")).toBeUndefined();
  });
});
