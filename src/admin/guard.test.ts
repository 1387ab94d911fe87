import { describe, expect, it } from "vitest";
import { hasToken, isOwnHost } from "./guard.ts";

describe("admin guard", () => {
  it("takes loopback names and the bound host for its own, with and without port (R1)", () => {
    for (const host of ["localhost", "LOCALHOST:8265", "127.0.0.1:1", "127.9.9.9", "[::1]:8265", "10.0.0.5:8265"]) {
      expect(isOwnHost(host, "10.0.0.5"), host).toBe(true);
    }
    for (const host of [undefined, "", "evil.example", "127.0.0.1.evil.example", "localhost.evil", "10.0.0.6"]) {
      expect(isOwnHost(host, "10.0.0.5"), String(host)).toBe(false);
    }
  });

  it("takes exactly the token (R2)", () => {
    expect(hasToken("Bearer secret", "secret")).toBe(true);
    for (const header of [undefined, "", "secret", "Bearer secre", "Bearer secrets", "Basic secret"]) {
      expect(hasToken(header, "secret"), String(header)).toBe(false);
    }
  });
});
