import { describe, expect, it } from "vitest";
import { instancePaths, socketPath } from "./paths.ts";

describe("instance paths", () => {
  it("gives each namespace its own folder below home (R1)", () => {
    const paths = instancePaths("/home/u/.manta", "blue");
    expect(paths.root).toBe("/home/u/.manta/blue");
    expect(paths.logs).toBe("/home/u/.manta/blue/logs/serve");
    expect(socketPath(paths.sockets, "k3f9q2zz")).toBe("/home/u/.manta/blue/run/k3f9q2zz");
  });

  it("puts sockets into a short folder where the namespace's is too long, the same one each time (R2)", () => {
    const home = `/${"long/".repeat(30)}`;
    const paths = instancePaths(home, "default", "/tmp");
    expect(paths.headSocket).toMatch(/^\/tmp\/manta-[0-9a-f]{12}\/head$/);
    expect(instancePaths(home, "default", "/tmp")).toEqual(paths);
    expect(instancePaths(home, "other", "/tmp").sockets).not.toBe(paths.sockets);
  });

  it("never gives a path above 103 bytes, whatever the folders are (R2)", () => {
    for (let length = 1; length < 150; length++) {
      const paths = instancePaths(`/${"ä".repeat(length)}`, "default", `/${"t".repeat(length)}`);
      expect(Buffer.byteLength(socketPath(paths.sockets, "123456789012"))).toBeLessThanOrEqual(103);
    }
  });
});
