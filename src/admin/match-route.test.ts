import { describe, expect, it } from "vitest";
import { text } from "./exchange.ts";
import { matchRoute, type Route, slashTwin } from "./match-route.ts";

const answer = (): ReturnType<typeof text> => text(200, "");
const routes: readonly Route[] = [
  { method: "GET", path: "/api/apps/", answer },
  { method: "PUT", path: "/api/apps/", answer },
  { method: "POST", path: "/api/{app}/scale", answer },
];

describe("matchRoute", () => {
  it("matches paths part by part, with the slash at the end as a part (R1)", () => {
    expect(matchRoute(routes, "GET", "/api/apps/").kind).toBe("route");
    for (const path of [
      "/api/apps",
      "/api/apps//",
      "/API/apps/",
      "/api//scale",
      "/api/a/b/scale",
      "/api/%zz/scale",
      "",
    ]) {
      expect(matchRoute(routes, "GET", path).kind, path).toBe("none");
    }
    expect(slashTwin(routes, "/api/apps")).toBe("/api/apps/");
    expect(slashTwin(routes, "/api/other")).toBeUndefined();
  });

  it("decodes parameters", () => {
    const match = matchRoute(routes, "POST", "/api/a%2Fb%20%C3%BC/scale");
    expect(match).toMatchObject({ kind: "route", params: { app: "a/b ü" } });
  });

  it("answers HEAD as GET, and names the methods for OPTIONS and for what is not allowed (R2)", () => {
    expect(matchRoute(routes, "HEAD", "/api/apps/")).toMatchObject({ kind: "route", route: { method: "GET" } });
    const allow = ["GET", "PUT", "HEAD", "OPTIONS"];
    expect(matchRoute(routes, "OPTIONS", "/api/apps/")).toEqual({ kind: "options", allow });
    expect(matchRoute(routes, "PATCH", "/api/apps/")).toEqual({ kind: "method", allow });
    expect(matchRoute(routes, "GET", "/api/x/scale")).toEqual({ kind: "method", allow: ["POST", "OPTIONS"] });
    expect(matchRoute(routes, "HEAD", "/api/x/scale").kind).toBe("method");
  });
});
