// Finds the code blocks of a Markdown page and what their info strings ask for. Pure.
//   ```ts file=app.ts        written to app.ts in the page's folder; `same=examples/01-hello/app.ts` also compares it
//   ```ts                    type-checked only
//   ```yaml file=a.yaml      written likewise; without a marker it is prose
//   ```sh run                run line by line; each line must exit 0
//   ```sh start              one `npx manta run ...` line; it stays up until the page ends
//   ```text output           what the `sh run` block before it prints; `...` stands for anything
//   R1  Other blocks are prose. A marker that is not in this table, or stands where it means nothing, is an error.

export type DocBlock =
  | {
      readonly kind: "code";
      readonly code: string;
      readonly line: number;
      readonly file?: string;
      readonly same?: string;
    }
  | { readonly kind: "run"; readonly commands: readonly string[]; readonly line: number; readonly output?: string }
  | { readonly kind: "start"; readonly command: string; readonly line: number };

interface Fence {
  readonly language: string;
  readonly marker: string;
  readonly text: string;
  readonly line: number;
}

function fencesOf(page: string): Fence[] {
  const fences: Fence[] = [];
  const lines = page.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const open = /^(`{3,})(\w*) *(.*)$/.exec(lines[at] ?? "");
    if (open === null) continue;
    const [, ticks = "", language = "", marker = ""] = open;
    const begin = at + 1;
    while (at + 1 < lines.length && lines[at + 1] !== ticks) at++;
    at++;
    fences.push({ language, marker: marker.trim(), text: `${lines.slice(begin, at).join("\n")}\n`, line: begin });
  }
  return fences;
}

function codeBlock({ language, marker, text, line }: Fence): DocBlock {
  const match = /^(?:file=([\w./-]+))?(?: *same=([\w./-]+))?$/.exec(marker);
  if (match === null) throw new Error(`line ${line}: unknown marker "${marker}" of a ${language} block`); // R1
  const [, file, same] = match;
  return {
    kind: "code",
    code: text,
    line,
    ...(file === undefined ? {} : { file }),
    ...(same === undefined ? {} : { same }),
  };
}

function commandsOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.replace(/^\$ /, "").trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#"));
}

function shellBlock({ marker, text, line }: Fence): DocBlock | undefined {
  const commands = commandsOf(text);
  if (marker === "") return undefined;
  if (marker === "run") return { kind: "run", commands, line };
  const [command, ...more] = commands;
  if (marker !== "start") throw new Error(`line ${line}: unknown marker "${marker}" of a sh block`); // R1
  if (command === undefined || more.length > 0 || !command.startsWith("npx manta run ")) {
    throw new Error(`line ${line}: a "sh start" block is one line that begins with npx manta run`);
  }
  return { kind: "start", command, line };
}

/** The blocks that mean something, in the order of the page. Throws on a marker that means nothing (R1). */
export function parseBlocks(page: string): DocBlock[] {
  const blocks: DocBlock[] = [];
  for (const fence of fencesOf(page)) {
    if (fence.language === "ts" || (fence.language === "yaml" && fence.marker !== "")) blocks.push(codeBlock(fence));
    if (fence.language === "sh") blocks.push(...[shellBlock(fence)].filter((block) => block !== undefined));
    if (fence.language !== "text" || fence.marker === "") continue;
    const before = blocks.at(-1);
    if (fence.marker !== "output" || before?.kind !== "run") {
      throw new Error(`line ${fence.line}: "text ${fence.marker}" does not follow a "sh run" block`); // R1
    }
    blocks[blocks.length - 1] = { ...before, output: fence.text };
  }
  return blocks;
}

/** True when `actual` is what `expected` shows; `...` in it stands for anything, trailing white space does not count. */
export function showsOutput(expected: string, actual: string): boolean {
  const tidy = (text: string): string => text.replaceAll(/[ \t]+$/gm, "").trim();
  const parts = tidy(expected).split("...");
  const pattern = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("[^]*?");
  return new RegExp(`^${pattern}$`).test(tidy(actual));
}
