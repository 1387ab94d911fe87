import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type Manifest, publishedManifest } from "./published-manifest.ts";

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;

it("publishes no path into src/, no script and no development tool", () => {
  const published = publishedManifest(manifest);
  expect(JSON.stringify(published)).not.toContain("src/");
  expect(Object.keys(published)).not.toEqual(expect.arrayContaining(["private"]));
  for (const field of ["scripts", "devDependencies", "allowScripts"]) expect(published).not.toHaveProperty(field);
});

it("names the source condition first in the repository, so that it wins where it is set", () => {
  for (const target of Object.values(manifest.exports)) {
    if (typeof target !== "string") expect(Object.keys(target)).toEqual(["@manta-serve/source", "types", "default"]);
  }
});
