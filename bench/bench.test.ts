// The benchmark in its short form: it works, and a wrong answer fails it. Its figures are not judged here.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../scripts/lib/root.ts";
import { TreeCopy } from "../tests/house/tree-copy.ts";
import { caseTitles, rows } from "./targets.ts";

const quick = ["--quick", "--source"];

interface Results {
  readonly node: string;
  readonly cores: number;
  readonly commit: string;
  readonly rows: readonly { readonly row: string; readonly manta: number }[];
}

describe("bench", () => {
  it("measures every row and keeps the figures with Node version, cores and commit", () => {
    using copy = new TreeCopy();
    const done = copy.run("bench/main.ts", ...quick, "--json", "--cases", Object.keys(caseTitles).join());
    expect(done.exitCode, done.output).toBe(0);
    const results = JSON.parse(done.stdout) as Results;
    expect(results.rows.map(({ row }) => row)).toEqual(Object.keys(rows));
    expect(results.rows.filter(({ manta }) => !Number.isFinite(manta))).toEqual([]);
    expect(results).toMatchObject({ node: process.version, cores: expect.any(Number), commit: expect.any(String) });
    const [, file = ""] = /kept in (\S+)$/m.exec(done.output) ?? [];
    expect(readFileSync(path.join(copy.root, file), "utf8").trim()).toBe(done.stdout.trim());
  });

  it("fails when an application answers with another body", () => {
    using copy = new TreeCopy();
    const app = readFileSync(path.join(root, "bench/apps/hello.ts"), "utf8");
    copy.plant("bench/apps/hello.ts", app.replace("Hello, world!", "Hello, planted!"));
    const done = copy.run("bench/main.ts", ...quick, "--cases", "T2");
    expect(done.output).toContain(`answered 200 "Hello, planted!\\n", expected 200 "Hello, world!\\n"`);
    expect(done.exitCode).toBe(1);
  });

  it("fails when one answer among many is an error", () => {
    using copy = new TreeCopy();
    const app = readFileSync(path.join(root, "bench/apps/hello.ts"), "utf8");
    const planted = `if (++count === 20) return new Response("planted", { status: 503 });\n    return "Hello`;
    copy.plant("bench/apps/hello.ts", `let count = 0;\n${app.replace(`return "Hello`, planted)}`);
    const done = copy.run("bench/main.ts", ...quick, "--cases", "T2");
    expect(done.output).toContain("1 answers with an error status");
    expect(done.exitCode).toBe(1);
  });

  it("refuses words that it does not know, with exit code 2", () => {
    const main = path.join(root, "bench/main.ts");
    const done = spawnSync(process.execPath, [main, "--cases", "T99"], { encoding: "utf8" });
    expect([done.status, done.stderr]).toEqual([
      2,
      "no such case: T99; there are T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, B1, M1\n",
    ]);
  });
});
