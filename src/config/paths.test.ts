import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { instancePaths, socketPath } from "./paths.ts";

describe("instancePaths", () => {
  it("keeps everything of a namespace in its own folder (R1)", () => {
    const paths = instancePaths("/home/ada/.manta", "default", "/tmp");
    expect(paths.root).toBe("/home/ada/.manta/default");
    for (const path of Object.values(paths)) expect(path.startsWith(paths.root)).toBe(true);
    expect(paths.logs).toBe("/home/ada/.manta/default/logs/serve");
  });

  it("moves sockets to a short folder when the longest name would not fit into 103 bytes (R2)", () => {
    const longestFitting = "/" + "h".repeat(103 - 1 - "/ns/run/".length - 12);
    expect(instancePaths(longestFitting, "ns", "/tmp").sockets).toBe(join(longestFitting, "ns/run"));
    const moved = instancePaths(`${longestFitting}h`, "ns", "/tmp");
    expect(moved.sockets).toMatch(/^\/tmp\/manta-[0-9a-f]{12}$/);
    expect(moved.token).toBe(join(moved.root, "token"));
  });

  it("counts bytes, not characters (R2)", () => {
    expect(instancePaths("/" + "ä".repeat(45), "ns", "/tmp").sockets).toMatch(/^\/tmp\//);
  });

  it("gives two long folders two socket folders (R2)", () => {
    const [a, b] = ["a", "b"].map((name) => instancePaths("/" + name.repeat(100), "ns", "/tmp").sockets);
    expect(a).not.toBe(b);
    expect(socketPath(a!, "proxy-abcdef").length).toBeLessThanOrEqual(103);
  });
});
