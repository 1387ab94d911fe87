// A copy of the working tree in which a test plants a violation and runs a gate.
//   R1  The copy holds what git tracks or would track, and shares node_modules by a link; the tree itself is never touched.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "../../scripts/lib/root.ts";

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  /** Standard output, then standard error. */
  readonly output: string;
}

export class TreeCopy {
  readonly root = mkdtempSync(path.join(tmpdir(), "manta-house-"));

  constructor() {
    const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" });
    for (const file of listed.split("\n").filter((name) => name !== "" && existsSync(path.join(root, name)))) {
      cpSync(path.join(root, file), path.join(this.root, file));
    }
    symlinkSync(path.join(root, "node_modules"), path.join(this.root, "node_modules"));
  }

  /** Writes a file of the copy, making its folder. */
  plant(file: string, text: string): void {
    const target = path.join(this.root, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  /** Runs a script or tool of the copy under this Node, to its end. */
  run(file: string, ...args: readonly string[]): Finished {
    const done = spawnSync(process.execPath, [file, ...args], { cwd: this.root, encoding: "utf8", maxBuffer: 1 << 28 });
    return { exitCode: done.status, stdout: done.stdout, output: `${done.stdout}${done.stderr}` };
  }

  /** Runs one gate of `npm run verify` in the copy. */
  verify(gate: string): Finished {
    return this.run("scripts/verify.ts", gate);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
