// Keeps `import.meta.url`, `filename` and `dirname` true after bundling: in dist/ a module still answers with the place
// that mirrors its source (src/serve/start.ts -> dist/serve/start.js), whatever chunk it landed in. So sources find a
// program by `new URL("../head/main.ts", import.meta.url)` and package.json by `../../package.json`.
//   R1  A `.ts` path given to `new URL(..., import.meta.url)` becomes `.js`.
import path from "node:path";
import type { Plugin } from "rolldown";

/** Stands for the URL of dist/ until the chunk that holds the module, and so the way up, is known. */
const distPlaceholder = "import.meta.MANTA_DIST";

/** The code with its own place written out; `file` is relative to src/. */
export function placeModule(code: string, file: string): string {
  const own = `new URL(${JSON.stringify(file.replace(/\.ts$/, ".js"))}, ${distPlaceholder})`;
  const pathOf = (url: string): string => `decodeURIComponent(${url}.pathname)`;
  return code
    .replaceAll(/(new URL\(\s*["'`][^"'`\s]+)\.ts(["'`],\s*import\.meta\.url)/g, "$1.js$2") // R1
    .replaceAll(/\bimport\.meta\.url\b/g, `${own}.href`)
    .replaceAll(/\bimport\.meta\.filename\b/g, pathOf(own))
    .replaceAll(/\bimport\.meta\.dirname\b/g, `${pathOf(`new URL(".", ${own})`)}.slice(0, -1)`);
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
