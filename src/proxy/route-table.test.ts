import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutRootPath, RouteTable } from "./route-table.ts";

const table = (...prefixes: string[]): RouteTable =>
  new RouteTable({
    routes: prefixes.map((prefix) => ({ prefix, application: `app of ${prefix}`, deployment: "Ingress" })),
  });

describe("the longest prefix wins (RT1)", () => {
  const routes = table("/", "/api", "/api/v2", "/x/y");
  it.each([
    ["/", "/"],
    ["/api", "/api"],
    ["/api/", "/api"],
    ["/api/x", "/api"],
    ["/apix", "/"],
    ["/api/v2", "/api/v2"],
    ["/api/v2/", "/api/v2"],
    ["/api/v20", "/api"],
    ["/x", "/"],
    ["/x/y/z", "/x/y"],
    ["/API", "/"],
    ["//api", "/"],
  ])("%s is served by %s", (path, prefix) => {
    expect(routes.find(path)?.prefix).toBe(prefix);
  });

  it("finds nothing where no prefix matches and none catches all", () => {
    expect(table("/api").find("/apix")).toBeUndefined();
    expect(table().find("/")).toBeUndefined();
  });

  it("agrees with the rule as it is written, for any prefixes and path", () => {
    const segment = fc.constantFrom("a", "b", "ab", "");
    const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
    const prefix = path.map((text) => (text === "/" ? "/" : text.replace(/\/+$/, "") || "/"));
    fc.assert(
      fc.property(fc.uniqueArray(prefix, { maxLength: 6 }), path, (prefixes, asked) => {
        const matching = prefixes.filter(
          (p) => asked.startsWith(p) && (p.endsWith("/") || asked.length === p.length || asked[p.length] === "/"),
        );
        const longest = matching.sort((a, b) => b.length - a.length)[0];
        expect(table(...prefixes).find(asked)?.prefix).toBe(longest);
      }),
    );
  });
});

describe("the root path is cut off first (RT3)", () => {
  it.each([
    ["/serve", "/serve", "/"],
    ["/serve/api", "/serve", "/api"],
    ["/serve/", "/serve", "/"],
    ["/server", "/serve", "/server"],
    ["/api", "/serve", "/api"],
    ["/api", "", "/api"],
  ])("%s below %s is %s", (path, rootPath, cut) => {
    expect(cutRootPath(path, rootPath)).toBe(cut);
  });
});

it("shows the application of each prefix (RT4)", () => {
  expect(JSON.stringify(table("/", "/api"))).toBe('{"/":"app of /","/api":"app of /api"}');
});
