// Packs what is published: node scripts/pack.ts [folder for the tarball]. Prints the tarball's path.
//   R1  The tarball is made from a staging folder with a package.json of its own: no scripts, no development tools, and
//       no `@manta-serve/source` condition, which names files that are not in the tarball (and could not run there:
//       Node strips no types under node_modules). The repository's own package.json is never rewritten.
//   R2  The repository's package.json is private, so that only this tarball can be published.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "./lib/root.ts";
import { publishedManifest, type Manifest } from "./lib/published-manifest.ts";

const staging = path.join(root, ".cache/package");

function stage(): void {
  if (!existsSync(path.join(root, "dist/index.js"))) throw new Error("dist/ is missing; run npm run build first");
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Manifest;
  writeFileSync(path.join(staging, "package.json"), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`); // R1
  for (const name of [...manifest.files, "README.md"]) {
    if (existsSync(path.join(root, name))) cpSync(path.join(root, name), path.join(staging, name), { recursive: true });
  }
}

function pack(target: string): string {
  mkdirSync(target, { recursive: true });
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", target];
  const done = spawnSync("npm", args, { cwd: staging, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`npm pack failed:\n${done.stderr}`);
  const [packed] = JSON.parse(done.stdout) as { filename: string }[];
  if (packed === undefined) throw new Error("npm pack made nothing");
  return path.join(target, packed.filename);
}

stage();
console.log(pack(path.resolve(process.argv[2] ?? path.join(root, ".cache"))));
