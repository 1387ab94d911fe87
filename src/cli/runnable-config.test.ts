import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runnableConfig } from "./runnable-config.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "manta config "))));
afterEach(() => rmSync(folder, { recursive: true }));

describe("the modules of a config file", () => {
  it.each<[string, (folder: string) => string | null, (folder: string) => readonly string[]]>([
    ["without a working_dir, from the file's folder", () => null, (at) => [join(at, "app.ts")]],
    ["of a relative working_dir", () => "code", (at) => [join(at, "code/app.ts")]],
    ["of a local:// address, whose spaces are encoded", () => "local:///srv/my%20code", () => ["/srv/my code/app.ts"]],
    ["of a file:// address", () => "file:///srv/my%20code", () => ["/srv/my code/app.ts"]],
    ["of an address that is none", () => "local:///srv/100%", () => []],
    ["of what has to be fetched: none", () => "s3://bucket/code.zip", () => []],
  ])("%s", (_what, workingDir, modules) => {
    const file = join(folder, "manta.json");
    const runtime_env = { working_dir: workingDir(folder) };
    writeFileSync(file, JSON.stringify({ applications: [{ import_path: "./app.ts:app", runtime_env }] }));
    expect(runnableConfig(file, [], {} as never).madeOf()).toEqual({ modules: modules(folder), files: [file] });
  });
});
