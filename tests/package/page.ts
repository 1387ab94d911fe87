// Runs the blocks of one Markdown page against the installed package. The table of markers is in scripts/lib/doc-blocks.ts.
//   R1  All `ts` blocks of a page are one project: each is a module of its own and may import a `file=` of the same page.
//   R2  Addresses in commands name port 8000, and 8265 for the admin server; they are answered by the application that
//       `sh start` started last.
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { parseBlocks, showsOutput, type DocBlock } from "../../scripts/lib/doc-blocks.ts";
import { root } from "../../scripts/lib/root.ts";
import { type InstalledPackage, RunningApp } from "./installed-package.ts";

const compilerOptions = {
  target: "es2024",
  lib: ["es2024", "esnext.disposable", "dom"],
  module: "nodenext",
  types: ["node"],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  erasableSyntaxOnly: true,
  allowImportingTsExtensions: true,
};

export class Page {
  readonly #installed: InstalledPackage;
  readonly #blocks: readonly DocBlock[];
  readonly #folder: string;

  constructor(name: string, text: string, installed: InstalledPackage) {
    this.#installed = installed;
    this.#blocks = parseBlocks(text);
    this.#folder = path.join(installed.folder, name.replaceAll(/\W/g, "-"));
    mkdirSync(this.#folder, { recursive: true });
    for (const block of this.#blocks) if (block.kind === "code") this.#write(block);
    writeFileSync(path.join(this.#folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  }

  /** Writes a block where its marker says; one without a marker becomes a module named after its line (R1). */
  #write({ file, code, line }: Extract<DocBlock, { kind: "code" }>): void {
    const target = path.join(this.#folder, file ?? `line-${line}.ts`);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, file === undefined ? `${code}export {};\n` : code);
  }

  /** What the compiler says about the page's code; empty when it is right. */
  typeErrors(): string {
    const tsc = path.join(root, "node_modules/ts7/bin/tsc");
    return spawnSync(process.execPath, [tsc, "-p", "."], { cwd: this.#folder, encoding: "utf8" }).stdout;
  }

  /** The files of this repository that a block claims to show and does not. */
  staleCopies(): string[] {
    const shown = this.#blocks.filter((block) => block.kind === "code");
    return shown.flatMap(({ same, code }) =>
      same !== undefined && readFileSync(path.join(root, same), "utf8").trim() !== code.trim() ? [same] : [],
    );
  }

  /** Runs the commands in order under the given Node; throws at the first that fails or prints something else. */
  async run(node: string): Promise<void> {
    const env = this.#installed.environment(node);
    let app: RunningApp | undefined;
    try {
      for (const block of this.#blocks) {
        if (block.kind === "start") {
          await stop(app);
          app = new RunningApp(block.command, this.#folder, env);
        }
        if (block.kind === "run") await this.#runCommands(block, env, await app?.url, app?.admin);
      }
    } catch (error) {
      await app?.interrupt();
      throw error;
    }
    await stop(app);
  }

  async #runCommands(
    block: Extract<DocBlock, { kind: "run" }>,
    env: NodeJS.ProcessEnv,
    url?: URL,
    admin?: URL,
  ): Promise<void> {
    let printed = "";
    for (const command of block.commands) {
      const here = command
        .replaceAll(/(127\.0\.0\.1|localhost):8000/g, url?.host ?? "$&")
        .replaceAll(/(127\.0\.0\.1|localhost):8265/g, admin?.host ?? "$&"); // R2
      const done = promisify(execFile)("sh", ["-c", here], { cwd: this.#folder, env, timeout: 60_000 });
      const { stdout } = await done.catch((cause: unknown) => {
        throw new Error(`line ${block.line}: \`${command}\` failed`, { cause });
      });
      printed += stdout;
    }
    if (block.output !== undefined && !showsOutput(block.output, printed)) {
      throw new Error(`line ${block.line}: the page shows\n${block.output}but the commands print\n${printed}`);
    }
  }
}

/** Ends an application after it is up, and insists on a clean end. */
async function stop(app: RunningApp | undefined): Promise<void> {
  await app?.url;
  const exitCode = await app?.interrupt();
  if (app !== undefined && exitCode !== 0) throw new Error(`manta run ended with ${exitCode}:\n${app.output}`);
}
