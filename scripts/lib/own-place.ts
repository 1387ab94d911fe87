// Keeps `import.meta.url` true after bundling: in dist/ a module still answers with the place that mirrors its source
// (src/serve/start.ts -> dist/serve/start.js), whatever chunk it landed in. So sources find a program by
// `new URL("../head/main.ts", import.meta.url)` and package.json by `new URL("../../package.json", import.meta.url)`.
//   R1  A `.ts` path given to `new URL(..., import.meta.url)` becomes `.js`.
//   R2  `import.meta.dirname` and `import.meta.filename` are refused: they would point at the chunk.
import path from "node:path";
import type { Plugin } from "rolldown";

/** Stands for the URL of dist/ until the chunk that holds the module, and so the way up, is known. */
const distPlaceholder = "import.meta.MANTA_DIST";

/** The code with its own place written out; `file` is relative to src/. Throws on what cannot be kept true (R2). */
export function placeModule(code: string, file: string): string {
  const lost = /\bimport\.meta\.(dirname|filename)\b/.exec(code);
  if (lost !== null) throw new Error(`src/${file}: ${lost[0]} points at a chunk after bundling; use import.meta.url`);
  const own = `new URL(${JSON.stringify(file.replace(/\.ts$/, ".js"))}, ${distPlaceholder}).href`;
  return code
    .replaceAll(/(new URL\(\s*["'`][^"'`\s]+)\.ts(["'`],\s*import\.meta\.url)/g, "$1.js$2") // R1
    .replaceAll(/\bimport\.meta\.url\b/g, own);
}

/** The chunk's code with the URL of dist/ written relative to the chunk; `chunk` is relative to dist/. */
export function placeChunk(code: string, chunk: string): string {
  const up = "../".repeat(chunk.split("/").length - 1);
  return code.replaceAll(distPlaceholder, `new URL(${JSON.stringify(up === "" ? "./" : up)}, import.meta.url)`);
}

/** The rolldown plugin; `source` is the absolute path of src/. */
export function ownPlace(source: string): Plugin {
  return {
    name: "own-place",
    transform(code, id) {
      if (!id.startsWith(source + path.sep) || !code.includes("import.meta.")) return null;
      return { code: placeModule(code, path.relative(source, id)) };
    },
    renderChunk: (code, chunk) => ({ code: placeChunk(code, chunk.fileName) }),
  };
}
