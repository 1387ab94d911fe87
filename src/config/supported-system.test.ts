import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { whyUnsupported } from "./supported-system.ts";

it.each([
  ["linux", "20.20.2", "Node 20.20.2 is too old: Manta needs Node 22.18 or newer"],
  ["linux", "22.17.9", "Node 22.17.9 is too old: Manta needs Node 22.18 or newer"],
  ["darwin", "22.18.0", undefined],
  ["linux", "24.0.0", undefined],
  ["win32", "24.0.0", "Windows is not supported; Manta runs on Linux and macOS"],
])("says of %s with Node %s: %s", (platform, version, said) => expect(whyUnsupported(platform, version)).toBe(said));

it("needs the Node that package.json names", () => {
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as { engines: { node: string } };
  expect(whyUnsupported("linux", "0.0.0")).toContain(manifest.engines.node.replace(">=", ""));
});
