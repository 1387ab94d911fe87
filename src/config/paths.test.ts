import { describe, expect, it } from "vitest";
import { instancePaths, socketPath } from "./paths.ts";

describe("instance paths", () => {
  it("gives each namespace its own folder below home", () => {
    const paths = instancePaths("/home/u/.manta", "blue");
    expect(paths.dir).toBe("/home/u/.manta/blue");
    expect(paths.logsDir).toBe("/home/u/.manta/blue/logs/serve");
    expect(socketPath(paths, "k3f9q2zz")).toBe("/home/u/.manta/blue/run/k3f9q2zz");
  });

  it("puts sockets into a short folder where the namespace's is too long, the same one each time (R1)", () => {
    const home = `/${"long/".repeat(30)}`;
    const paths = instancePaths(home, "default", "/tmp");
    expect(paths.headSocket).toMatch(/^\/tmp\/manta-[0-9a-f]{12}\/head$/);
    expect(instancePaths(home, "default", "/tmp")).toEqual(paths);
    expect(instancePaths(home, "other", "/tmp").socketsDir).not.toBe(paths.socketsDir);
  });

  it("never gives a path above 100 bytes, whatever the folders are (R1)", () => {
    for (const length of [1, 60, 75, 80, 85, 90, 120, 300]) {
      const paths = instancePaths(`/${"ä".repeat(length)}`, "default", `/${"t".repeat(length)}`);
      expect(Buffer.byteLength(socketPath(paths, "123456789012"))).toBeLessThanOrEqual(100);
    }
  });

  it("refuses a name above 12 characters", () => {
    expect(() => socketPath(instancePaths("/h", "n"), "1234567890123")).toThrow(/13 characters, expected at most 12/);
  });
});
